;; Characters, strings, an association list of symbols: counts the words of a text that it makes.
(define (word n) (list->string (map (lambda (i) (integer->char (+ 97 (modulo (* n (+ i 3)) 26)))) '(0 1 2 3))))
(define (text n) (if (= n 0) '() (cons (word (modulo (* n 7919) 61)) (text (- n 1)))))
(define (count words counts)
  (if (null? words)
      counts
      (let* ((key (string->symbol (car words))) (known (assq key counts)))
        (if known
            (begin (set-cdr! known (+ 1 (cdr known))) (count (cdr words) counts))
            (count (cdr words) (cons (cons key 1) counts))))))
(define (repeat n) (let ((c (count (text 20000) '()))) (if (> n 1) (repeat (- n 1)) (length c))))
(display (repeat 20))
(newline)
