;; A continuation captured and called at every call (Gabriel's benchmark).
(define (ctak x y z) (call-with-current-continuation (lambda (k) (ctak-aux k x y z))))
(define (ctak-aux k x y z)
  (if (not (< y x))
      (k z)
      (ctak-aux k
                (call-with-current-continuation (lambda (k) (ctak-aux k (- x 1) y z)))
                (call-with-current-continuation (lambda (k) (ctak-aux k (- y 1) z x)))
                (call-with-current-continuation (lambda (k) (ctak-aux k (- z 1) x y))))))
(define (repeat n) (if (> n 1) (begin (ctak 18 12 6) (repeat (- n 1))) (ctak 18 12 6)))
(display (repeat 5))
(newline)
