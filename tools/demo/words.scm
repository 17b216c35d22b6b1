;; Job: text processing on real files, named on the command line: words are counted, grouped into anagrams, chained into
;; a Markov text, each checked by a second method.
;;
;;   SCHEME words.scm FILE ...
;;
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

(define seed 1729)
(define (random-below limit)
  (set! seed (modulo (+ (* seed 1103515245) 12345) 2147483648))
  (modulo (quotient seed 65536) limit))

;; --- Reading ---------------------------------------------------------------------------------------------------------

(define (word-character? c) (or (char-alphabetic? c) (char=? c #\')))

;; The words of a port, in lower case, put in front of `words`: the last word comes first.
(define (read-words port words)
  (let loop ((letters '()) (words words))
    (let ((c (read-char port)))
      (cond ((eof-object? c) (if (null? letters) words (cons (word-of letters) words)))
            ((word-character? c) (loop (cons (char-downcase c) letters) words))
            ((null? letters) (loop letters words))
            (else (loop '() (cons (word-of letters) words)))))))

(define (word-of reversed-letters) (list->string (reverse reversed-letters)))

(define (words-of-files files)
  (let loop ((files files) (words '()))
    (if (null? files)
        (reverse words)
        (let* ((port (open-input-file (car files))) (more (read-words port words)))
          (close-port port)
          (loop (cdr files) more)))))

;; The second method: line by line, cutting substrings. Counts words and their letters.
(define (count-by-lines file)
  (let ((port (open-input-file file)))
    (let next-line ((words 0) (letters 0))
      (let ((line (read-line port)))
        (if (eof-object? line)
            (begin
              (close-port port)
              (cons words letters))
            (let ((end (string-length line)))
              (let next-word ((i 0) (words words) (letters letters))
                (cond ((= i end) (next-line words letters))
                      ((word-character? (string-ref line i))
                       (let ((stop (end-of-word line i)))
                         (next-word stop (+ words 1) (+ letters (string-length (substring line i stop))))))
                      (else (next-word (+ i 1) words letters))))))))))

(define (end-of-word line i)
  (if (and (< i (string-length line)) (word-character? (string-ref line i))) (end-of-word line (+ i 1)) i))

(define (sum numbers)
  (let loop ((numbers numbers) (total 0))
    (if (null? numbers) total (loop (cdr numbers) (+ total (car numbers))))))

;; --- Sorting ---------------------------------------------------------------------------------------------------------

;; A merge sort, stable; R7RS-small has none.
(define (sorted items before?)
  (let sort-first ((items items) (count (length items)))
    (cond ((= count 0) '())
          ((= count 1) (list (car items)))
          (else
           (let ((half (quotient count 2)))
             (merge-lists (sort-first items half) (sort-first (list-tail items half) (- count half)) before?))))))

(define (merge-lists a b before?)
  (let loop ((a a) (b b) (out '()))
    (cond ((null? a) (append-reversed out b))
          ((null? b) (append-reversed out a))
          ((before? (car b) (car a)) (loop a (cdr b) (cons (car b) out)))
          (else (loop (cdr a) b (cons (car a) out))))))

(define (append-reversed items tail)
  (if (null? items) tail (append-reversed (cdr items) (cons (car items) tail))))

(define (sorted? items before?)
  (or (null? items)
      (null? (cdr items))
      (and (not (before? (cadr items) (car items))) (sorted? (cdr items) before?))))

(define (take-at-most items count)
  (if (or (= count 0) (null? items)) '() (cons (car items) (take-at-most (cdr items) (- count 1)))))

;; --- Counting --------------------------------------------------------------------------------------------------------

(define (count-words words)
  (let ((counts (make-hash-table)))
    (for-each (lambda (word) (hash-table-update!/default counts word (lambda (n) (+ n 1)) 0)) words)
    counts))

;; The second method: sort all words, count runs of equal ones; each must have the table's count. Returns the runs.
(define (check-runs words counts)
  (let next-run ((rest (sorted words string<?)) (runs 0))
    (if (null? rest)
        runs
        (let in-run ((rest (cdr rest)) (word (car rest)) (n 1))
          (if (and (pair? rest) (string=? (car rest) word))
              (in-run (cdr rest) word (+ n 1))
              (begin
                (check (list 'count word) (= n (hash-table-ref/default counts word 0)))
                (next-run rest (+ runs 1))))))))

(define (more-frequent? a b)
  (or (> (cdr a) (cdr b)) (and (= (cdr a) (cdr b)) (string<? (car a) (car b)))))

(define (counting-part files words)
  (let* ((counts (count-words words))
         (total (length words))
         (by-lines (map count-by-lines files))
         (ranking (sorted (hash-table->alist counts) more-frequent?)))
    (check 'words-by-lines (= total (sum (map car by-lines))))
    (check 'letters-by-lines (= (sum (map string-length words)) (sum (map cdr by-lines))))
    (check 'sum-of-counts (= total (sum (map cdr ranking))))
    (check 'ranking (sorted? ranking more-frequent?))
    (check 'runs (= (check-runs words counts) (hash-table-size counts)))
    (display "  counting: ")
    (display total)
    (display " words, ")
    (display (hash-table-size counts))
    (display " different;")
    (for-each
     (lambda (entry)
       (display " ")
       (display (car entry))
       (display " ")
       (display (cdr entry)))
     (take-at-most ranking 6))
    (newline)
    counts))

;; --- Anagrams --------------------------------------------------------------------------------------------------------

(define (letters-of word) (list->string (sorted (string->list word) char<?)))

;; The second method: how often each letter occurs, for the letters of `word` itself.
(define (same-letters? word other)
  (let ((letters (string->list word)))
    (and (= (string-length word) (string-length other))
         (let loop ((rest letters))
           (or (null? rest)
               (and (= (occurrences (car rest) letters) (occurrences (car rest) (string->list other)))
                    (loop (cdr rest))))))))

(define (occurrences c letters)
  (let loop ((letters letters) (n 0))
    (if (null? letters) n (loop (cdr letters) (if (char=? (car letters) c) (+ n 1) n)))))

(define (anagram-part counts)
  (let ((groups (make-hash-table)))
    (for-each
     (lambda (word)
       (hash-table-update!/default groups (letters-of word) (lambda (others) (cons word others)) '()))
     (hash-table-keys counts))
    (let* ((all (hash-table->alist groups))
           (members (map (lambda (group) (sorted (cdr group) string<?)) all))
           (several (sorted (at-least-two members) longer-first?)))
      (check 'every-word-in-a-group (= (sum (map length members)) (hash-table-size counts)))
      (for-each
       (lambda (group)
         (for-each (lambda (word) (check (list 'anagram (car group) word) (same-letters? (car group) word))) (cdr group)))
       several)
      (display "  anagrams: ")
      (display (length several))
      (display " groups;")
      (for-each
       (lambda (group)
         (display " ")
         (display group))
       (take-at-most several 3))
      (newline))))

(define (at-least-two groups)
  (cond ((null? groups) '())
        ((null? (cdar groups)) (at-least-two (cdr groups)))
        (else (cons (car groups) (at-least-two (cdr groups))))))

;; More members first, then longer words, then by the alphabet.
(define (longer-first? a b)
  (let ((size-a (length a)) (size-b (length b)) (length-a (string-length (car a))) (length-b (string-length (car b))))
    (cond ((not (= size-a size-b)) (> size-a size-b))
          ((not (= length-a length-b)) (> length-a length-b))
          (else (string<? (car a) (car b))))))

;; --- A Markov text ---------------------------------------------------------------------------------------------------

(define (pair-key a b) (string-append a " " b))

;; What follows each pair of words, as a list, the later ones first.
(define (followers-of words)
  (let ((followers (make-hash-table)))
    (let loop ((a (car words)) (b (cadr words)) (rest (cddr words)))
      (if (pair? rest)
          (begin
            (hash-table-update!/default followers (pair-key a b) (lambda (known) (cons (car rest) known)) '())
            (loop b (car rest) (cdr rest)))))
    followers))

(define (markov-text words followers size)
  (let loop ((a (car words)) (b (cadr words)) (out (list (cadr words) (car words))) (left size))
    (let ((choices (hash-table-ref/default followers (pair-key a b) '())))
      (if (or (= left 0) (null? choices))
          (reverse out)
          (let ((next (list-ref choices (random-below (length choices)))))
            (loop b next (cons next out) (- left 1)))))))

;; Every three words in a row that `text` has, `words` have too.
(define (check-text words text)
  (let ((triples (make-hash-table)))
    (for-each-triple words (lambda (triple) (hash-table-set! triples triple #t)))
    (for-each-triple text (lambda (triple) (check (list 'triple triple) (hash-table-ref/default triples triple #f))))
    (hash-table-size triples)))

(define (for-each-triple words visit)
  (let loop ((a (car words)) (b (cadr words)) (rest (cddr words)))
    (if (pair? rest)
        (begin
          (visit (pair-key (pair-key a b) (car rest)))
          (loop b (car rest) (cdr rest))))))

(define (markov-part words)
  (let* ((followers (followers-of words))
         (text (markov-text words followers 2000))
         (triples (check-text words text))
         (followed (sum (map (lambda (entry) (length (cdr entry))) (hash-table->alist followers)))))
    (check 'followers (= followed (- (length words) 2)))
    (display "  chains: ")
    (display (hash-table-size followers))
    (display " pairs, ")
    (display triples)
    (display " triples; \"")
    (for-each
     (lambda (word)
       (display word)
       (display " "))
     (take-at-most (list-tail text (quotient (length text) 2)) 9))
    (say "...\"")))

;; ---------------------------------------------------------------------------------------------------------------------

;; What stands behind the program's own name.
(define (arguments words)
  (let loop ((rest words))
    (cond ((null? rest) (cdr words))
          ((names-this-program? (car rest)) (cdr rest))
          (else (loop (cdr rest))))))

(define (names-this-program? word)
  (let ((size (string-length word)))
    (and (>= size 9) (string=? (substring word (- size 9) size) "words.scm"))))

(define files (arguments (command-line)))

(if (null? files)
    (begin
      (say "words: expected the names of text files to read: words.scm FILE ...")
      (exit 2)))

(let ((words (words-of-files files)))
  (if (< (length words) 100)
      (begin
        (say "words: expected files with at least 100 words, got " (length words))
        (exit 2)))
  (let ((counts (counting-part files words)))
    (anagram-part counts)
    (markov-part words)))
(say "words: " (if (= failures 0) "OK" "FAILED"))
(exit (if (= failures 0) 0 1))
