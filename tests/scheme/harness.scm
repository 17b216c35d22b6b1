;; Job: what the suites here share: (test expected expression), (section name), (finish), which exits with 1 on a failure.

(define %passed 0)
(define %failed 0)
(define %section "")

(define (section name) (set! %section name))

(define (%same? a b)
  (if (and (number? a) (number? b) (inexact? a) (inexact? b))
      (or (= a b) (and (nan? a) (nan? b)) (< (abs (- a b)) (* 1e-12 (abs b))))
      (equal? a b)))

(define (%check form expected got)
  (if (%same? expected got)
      (set! %passed (+ %passed 1))
      (begin
        (set! %failed (+ %failed 1))
        (display "FAILED ") (display %section) (display ": ")
        (write form) (newline)
        (display "  expected ") (write expected) (newline)
        (display "  got      ") (write got) (newline))))

(define-syntax test
  (syntax-rules ()
    ((_ expected form) (%check 'form expected (guard (e (#t (list 'raised (if (error-object? e) (error-object-message e) e)))) form)))))

;; Passes if the form raises an error object.
(define-syntax test-error
  (syntax-rules ()
    ((_ form) (%check 'form 'an-error (guard (e ((error-object? e) 'an-error) (#t (list 'raised e))) form)))))

(define (finish)
  (display %passed) (display " passed, ") (display %failed) (display " failed") (newline)
  (exit (if (= %failed 0) 0 1)))
