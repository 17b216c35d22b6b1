;; Job: game trees searched with tables of hashed positions, in three parts that check themselves by other means:
;;   1. all positions of connect four on four columns of four rows: their number is known;
;;   2. connect four by alpha-beta with a table of positions: known values, mirrored moves, and plain search of endings;
;;   3. Nim by search, against Bouton's theory.
;; R7RS-small and SRFI 69. Prints a line per part and OK or FAILED; exits with 1 when something is wrong.

(define failures 0)

(define (check what holds)
  (if (not holds)
      (begin
        (set! failures (+ failures 1))
        (display "  wrong: ")
        (write what)
        (newline))))

(define (say . things)
  (for-each display things)
  (newline))

(define seed 4711)
(define (random-below limit)
  (set! seed (modulo (+ (* seed 1103515245) 12345) 2147483648))
  (modulo (quotient seed 65536) limit))

;; --- Positions -------------------------------------------------------------------------------------------------------
;; A position is a vector of columns, each a vector of cells from the bottom up: 0 empty, 1 first player, 2 second. A
;; move makes a new position, which shares the columns that did not change.

(define (empty-position width height)
  (let ((position (make-vector width #f)))
    (let loop ((x 0))
      (if (< x width)
          (begin
            (vector-set! position x (make-vector height 0))
            (loop (+ x 1)))))
    position))

(define (width-of position) (vector-length position))
(define (height-of position) (vector-length (vector-ref position 0)))
(define (cell position x y) (vector-ref (vector-ref position x) y))

(define (copy-vector from)
  (let* ((size (vector-length from)) (to (make-vector size 0)))
    (let loop ((i 0))
      (if (< i size)
          (begin
            (vector-set! to i (vector-ref from i))
            (loop (+ i 1)))))
    to))

;; The row on which a stone dropped into column x comes to lie; #f when the column is full.
(define (landing-row position x)
  (let ((column (vector-ref position x)) (height (height-of position)))
    (let loop ((y 0))
      (cond ((= y height) #f)
            ((eqv? (vector-ref column y) 0) y)
            (else (loop (+ y 1)))))))

(define (drop-stone position x y player)
  (let ((column (copy-vector (vector-ref position x))) (after (copy-vector position)))
    (vector-set! column y player)
    (vector-set! after x column)
    after))

;; How many stones of `player` lie in a row from (x, y), not counting it, in direction (dx, dy).
(define (run-length position x y dx dy player)
  (let ((width (width-of position)) (height (height-of position)))
    (let loop ((x (+ x dx)) (y (+ y dy)) (count 0))
      (if (and (>= x 0) (< x width) (>= y 0) (< y height) (eqv? (cell position x y) player))
          (loop (+ x dx) (+ y dy) (+ count 1))
          count))))

(define (line-through? position x y dx dy player)
  (>= (+ 1 (run-length position x y dx dy player) (run-length position x y (- dx) (- dy) player)) 4))

;; Whether the stone that `player` has just put on (x, y) completes four in a row.
(define (wins? position x y player)
  (or (line-through? position x y 1 0 player)
      (line-through? position x y 0 1 player)
      (line-through? position x y 1 1 player)
      (line-through? position x y 1 -1 player)))

;; A position as one number, base 3: the key under which tables know it.
(define (key-of position)
  (let ((width (width-of position)) (height (height-of position)))
    (let next-column ((x 0) (key 0))
      (if (= x width)
          key
          (let ((column (vector-ref position x)))
            (let next-cell ((y 0) (key key))
              (if (= y height)
                  (next-column (+ x 1) key)
                  (next-cell (+ y 1) (+ (* 3 key) (vector-ref column y))))))))))

(define (mirrored position)
  (let* ((width (width-of position)) (out (make-vector width #f)))
    (let loop ((x 0))
      (if (< x width)
          (begin
            (vector-set! out x (vector-ref position (- width x 1)))
            (loop (+ x 1)))))
    out))

(define (other player) (- 3 player))

;; --- 1. Counting positions -------------------------------------------------------------------------------------------

;; All positions that play can reach, level by level; play ends when somebody has four in a row. Returns how many.
(define (count-positions width height)
  (let next-level ((level (list (empty-position width height))) (player 1) (total 1))
    (let ((seen (make-hash-table)))
      (for-each
       (lambda (position)
         (let next-move ((x 0))
           (if (< x width)
               (let ((y (landing-row position x)))
                 (if y
                     (let* ((after (drop-stone position x y player)) (key (key-of after)))
                       (if (eq? (hash-table-ref/default seen key 'new) 'new)
                           (hash-table-set! seen key (if (wins? after x y player) #f after)))))
                 (next-move (+ x 1))))))
       level)
      (let ((found (hash-table-size seen)))
        (if (= found 0)
            total
            (next-level (going-on (hash-table->alist seen)) (other player) (+ total found)))))))

;; The positions in which play goes on.
(define (going-on entries)
  (let loop ((entries entries) (out '()))
    (cond ((null? entries) out)
          ((cdar entries) (loop (cdr entries) (cons (cdar entries) out)))
          (else (loop (cdr entries) out)))))

(define (counting-part)
  ;; The figures of John Tromp's table of connect four on small boards.
  (let ((four-by-four (count-positions 4 4)))
    (check (list 'positions four-by-four) (= four-by-four 161029))
    (say "  counting: " four-by-four " positions of connect four on 4 x 4")))

;; --- 2. Connect four -------------------------------------------------------------------------------------------------

(define positions-searched 0)

;; Columns from the middle outwards: good moves first.
(define (move-order width)
  (let loop ((distance 0) (out '()))
    (let* ((middle (quotient width 2)) (left (- middle distance)) (right (+ middle distance)))
      (if (and (< left 0) (>= right width))
          (reverse out)
          (loop (+ distance 1)
                (let ((out (if (and (>= left 0) (< left width)) (cons left out) out)))
                  (if (and (> distance 0) (< right width)) (cons right out) out)))))))

;; The value for the player to move: 1 wins, 0 draws, -1 loses. The table holds, per position, a pair of bounds.
(define (value-of position player alpha beta table order)
  (set! positions-searched (+ positions-searched 1))
  (let* ((key (key-of position)) (known (hash-table-ref/default table key #f)))
    (cond ((and known (= (car known) (cdr known))) (car known))
          ((and known (>= (car known) beta)) (car known))
          ((and known (<= (cdr known) alpha)) (cdr known))
          (else
           (let ((value (search-moves position player alpha beta table order)))
             (hash-table-set! table key
                              (cons (if (> value alpha) value (if known (car known) -1))
                                    (if (< value beta) value (if known (cdr known) 1))))
             value)))))

(define (search-moves position player alpha beta table order)
  (let loop ((moves order) (best #f) (alpha alpha))
    (if (null? moves)
        (or best 0)                     ; the board is full
        (let ((y (landing-row position (car moves))))
          (if (not y)
              (loop (cdr moves) best alpha)
              (let ((value (value-of-move position (car moves) y player alpha beta table order)))
                (if (>= value beta)
                    value
                    (loop (cdr moves) (if best (max best value) value) (max alpha value)))))))))

(define (value-of-move position x y player alpha beta table order)
  (let ((after (drop-stone position x y player)))
    (if (wins? after x y player)
        1
        (- (value-of after (other player) (- beta) (- alpha) table order)))))

;; The second method: plain negamax without bounds or table.
(define (plain-value position player)
  (let ((width (width-of position)))
    (let loop ((x 0) (best #f))
      (if (= x width)
          (or best 0)
          (let ((y (landing-row position x)))
            (if (not y)
                (loop (+ x 1) best)
                (let* ((after (drop-stone position x y player))
                       (value (if (wins? after x y player) 1 (- (plain-value after (other player))))))
                  (loop (+ x 1) (if best (max best value) value)))))))))

(define (solve width height table)
  (value-of (empty-position width height) 1 -1 1 table (move-order width)))

;; A position after `stones` random moves in which nobody has won; tries until there is one.
(define (random-position width height stones)
  (let loop ((position (empty-position width height)) (player 1) (left stones))
    (if (= left 0)
        (cons position player)
        (let* ((x (random-below width)) (y (landing-row position x)))
          (if (not y)
              (loop position player left)
              (let ((after (drop-stone position x y player)))
                (if (wins? after x y player)
                    (random-position width height stones)
                    (loop after (other player) (- left 1)))))))))

(define (check-endings width height stones count table)
  (let ((order (move-order width)))
    (let loop ((i 0))
      (if (< i count)
          (let* ((made (random-position width height stones))
                 (position (car made))
                 (player (cdr made))
                 (value (value-of position player -1 1 table order)))
            (check (list 'ending (key-of position)) (= value (plain-value position player)))
            (check (list 'mirror (key-of position)) (= value (value-of (mirrored position) player -1 1 table order)))
            (loop (+ i 1)))))))

(define (connect-four-part)
  (let ((small (make-hash-table)) (larger (make-hash-table)))
    ;; Both are draws, by the same table of Tromp's.
    (check '(value 4 4) (= (solve 4 4 small) 0))
    (check '(value 5 4) (= (solve 5 4 larger) 0))
    (check-endings 4 4 6 12 small)
    (check-endings 5 4 11 25 larger)
    (say "  connect four: 4 x 4 and 5 x 4 are draws; " positions-searched " positions searched, "
         (+ (hash-table-size small) (hash-table-size larger)) " in the tables")))

;; --- 3. Nim ----------------------------------------------------------------------------------------------------------
;; A position is a list of heaps, sorted; who takes the last stone wins.

(define (insert-sorted heap heaps)
  (if (or (null? heaps) (<= heap (car heaps))) (cons heap heaps) (cons (car heaps) (insert-sorted heap (cdr heaps)))))

(define (nim-wins? heaps table)
  (let ((known (hash-table-ref/default table heaps 'unknown)))
    (if (eq? known 'unknown)
        (let ((value (some-move-wins? '() heaps table)))
          (hash-table-set! table heaps value)
          value)
        known)))

;; Tries to take 1, 2, ... from each heap in turn; `before` are the heaps already tried.
(define (some-move-wins? before heaps table)
  (if (null? heaps)
      #f
      (let ((rest (append before (cdr heaps))))
        (or (let loop ((left (- (car heaps) 1)))
              (cond ((< left 0) #f)
                    ((not (nim-wins? (if (= left 0) rest (insert-sorted left rest)) table)) #t)
                    (else (loop (- left 1)))))
            (some-move-wins? (append before (list (car heaps))) (cdr heaps) table)))))

;; Bitwise exclusive or, which R7RS-small does not have.
(define (xor a b)
  (if (and (= a 0) (= b 0))
      0
      (+ (if (= (modulo a 2) (modulo b 2)) 0 1) (* 2 (xor (quotient a 2) (quotient b 2))))))

(define (nim-sum heaps) (if (null? heaps) 0 (xor (car heaps) (nim-sum (cdr heaps)))))

(define (nim-part largest)
  (let ((table (make-hash-table)) (checked 0))
    (let first ((a 0))
      (if (<= a largest)
          (begin
            (let second ((b a))
              (if (<= b largest)
                  (begin
                    (let third ((c b))
                      (if (<= c largest)
                          (begin
                            (let fourth ((d c))
                              (if (<= d largest)
                                  (let ((heaps (without-zeros (list a b c d))))
                                    (set! checked (+ checked 1))
                                    (check (cons 'nim heaps)
                                           (eq? (nim-wins? heaps table) (not (= (nim-sum heaps) 0))))
                                    (fourth (+ d 1)))))
                            (third (+ c 1)))))
                    (second (+ b 1)))))
            (first (+ a 1)))))
    (say "  nim: " checked " positions of four heaps of up to " largest " against Bouton's theory")))

(define (without-zeros heaps)
  (cond ((null? heaps) '())
        ((= (car heaps) 0) (without-zeros (cdr heaps)))
        (else heaps)))

;; ---------------------------------------------------------------------------------------------------------------------

(counting-part)
(connect-four-part)
(nim-part 11)
(say "game: " (if (= failures 0) "OK" "FAILED"))
(exit (if (= failures 0) 0 1))
