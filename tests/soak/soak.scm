;; Job: a program whose live data goes up and down between a tenth and four fifths of a memory limit for as long as it is
;; told to: memgc-scheme soak.scm SECONDS LIMIT-MIB. tests/soak/run watches it from outside.
;;
;; What lives is rooms: lists of vectors and strings that know what they should hold. A phase lets random rooms go or
;; builds new ones, and then rebuilds random rooms, each of which is checked as it goes. Prints a line per phase, OK in
;; the end; exits with 1 as soon as a room holds what it should not.

(define arguments (cdr (command-line)))
(define seconds (string->number (car arguments)))
(define limit (* (string->number (cadr arguments)) 1048576))
(define shares '(10 80 40 70 20 60 80 10 50 30 75 25)) ; of the limit, in percent, one phase after the other
(define cells-of-a-room 300)

(define (now) (/ (current-jiffy) (jiffies-per-second)))
(define began (now))

(define seed 20261125)
(define (random-below n)
  (set! seed (modulo (+ (* seed 1103515245) 12345) 2147483648))
  (modulo (quotient seed 1024) n))

;; --- Rooms -----------------------------------------------------------------------------------------------------------

(define (make-room id)
  (let loop ((i 0) (cells '()))
    (if (= i cells-of-a-room)
        (cons id cells)
        (loop (+ i 1)
              (cons (vector id i (make-string (+ 8 (modulo i 50)) #\m)) cells)))))

(define (good? room)
  (let loop ((cells (cdr room)) (i (- cells-of-a-room 1)))
    (if (null? cells)
        (= i -1)
        (let ((cell (car cells)))
          (and (eqv? (vector-ref cell 0) (car room))
               (eqv? (vector-ref cell 1) i)
               (= (string-length (vector-ref cell 2)) (+ 8 (modulo i 50)))
               (loop (cdr cells) (- i 1)))))))

(define (check room)
  (if (not (good? room))
      (begin
        (display "room ") (write (car room)) (display " is damaged") (newline)
        (exit 1))))

(define (live-bytes) (gc) (cdr (assq 'live-bytes (gc-stats))))

(define bytes-of-a-room
  (let* ((before (live-bytes))
         (rooms (let loop ((i 0) (rooms '())) (if (= i 100) rooms (loop (+ i 1) (cons (make-room i) rooms)))))
         (after (live-bytes)))
    (for-each check rooms)
    (quotient (- after before) 100)))

(define rooms (make-vector (quotient limit bytes-of-a-room) #f)) ; those that are built come first
(define built 0)
(define next-id 0)

(define (build! at)
  (vector-set! rooms at (make-room next-id))
  (set! next-id (+ next-id 1)))

(define (fill-to! wanted)
  (let loop ()
    (cond ((< built wanted)
           (build! built)
           (set! built (+ built 1))
           (loop))
          ((> built wanted)
           ;; Any of them goes, so that holes are everywhere, and the last takes its place.
           (let ((at (random-below built)))
             (set! built (- built 1))
             (check (vector-ref rooms at))
             (vector-set! rooms at (vector-ref rooms built))
             (vector-set! rooms built #f))
           (loop)))))

;; --- Phases ----------------------------------------------------------------------------------------------------------

(define (phase! share until)
  (let ((first next-id))
    (fill-to! (quotient (* share (vector-length rooms)) 100))
    (let loop ()
      (if (< (now) until)
          (begin
            (do ((i 0 (+ i 1))) ((= i 20))
              (let ((at (random-below built)))
                (check (vector-ref rooms at))
                (build! at)))
            (loop))))
    (for-each display
              (list "@" (exact (floor (- (now) began))) " s: " share " % of the limit live, " built " rooms, "
                    (- next-id first) " built" #\newline))))

(define phases (length shares))
(let loop ((i 1) (left shares))
  (if (pair? left)
      (begin
        (phase! (car left) (+ began (/ (* seconds i) phases)))
        (loop (+ i 1) (cdr left)))))
(do ((i 0 (+ i 1))) ((= i built)) (check (vector-ref rooms i)))
(display "OK")
(newline)
