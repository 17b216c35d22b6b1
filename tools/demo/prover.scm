;; Job: a prover at work, in three parts that check themselves by other means:
;;   1. a tautology checker (Wang's sequent calculus), against truth tables and on the pigeonhole principle;
;;   2. a rewriting prover in the manner of Boyer and Moore: terms are rewritten by lemmas to a normal form, checked by
;;      evaluating both in a model;
;;   3. symbolic differentiation with an algebraic simplifier, against exact arithmetic on coefficients.
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

;; The same numbers in every run: a linear congruential generator (Knuth's MMIX multiplier would need bignums; this one
;; stays small).
(define seed 20240229)
(define (random-below limit)
  (set! seed (modulo (+ (* seed 1103515245) 12345) 2147483648))
  (modulo (quotient seed 65536) limit))

(define (iota-from from to)
  (if (>= from to) '() (cons from (iota-from (+ from 1) to))))

(define (fold-left-1 combine items)
  (let loop ((value (car items)) (rest (cdr items)))
    (if (null? rest) value (loop (combine value (car rest)) (cdr rest)))))

;; --- 1. Tautologies --------------------------------------------------------------------------------------------------
;; A formula is a symbol, (not f), (and f g), (or f g), (implies f g) or (iff f g).

;; A sequent left |- right holds when every assignment that makes all of `left` true makes one of `right` true. Atoms are
;; kept apart from what is still to be taken to pieces. Answers #f when it holds, else a list of the true atoms of an
;; assignment that refutes it, in a pair: (model . atoms).
(define (refute left right true-atoms false-atoms)
  (cond
    ((pair? left) (refute-left (car left) (cdr left) right true-atoms false-atoms))
    ((pair? right) (refute-right (car right) (cdr right) true-atoms false-atoms))
    (else (cons 'model true-atoms))))

(define (refute-left formula left right true-atoms false-atoms)
  (if (symbol? formula)
      (cond ((memq formula false-atoms) #f)
            ((memq formula true-atoms) (refute left right true-atoms false-atoms))
            (else (refute left right (cons formula true-atoms) false-atoms)))
      (let ((operator (car formula)) (f (cadr formula)))
        (case operator
          ((not) (refute left (cons f right) true-atoms false-atoms))
          ((and) (refute (cons f (cons (caddr formula) left)) right true-atoms false-atoms))
          ((or) (or (refute (cons f left) right true-atoms false-atoms)
                    (refute (cons (caddr formula) left) right true-atoms false-atoms)))
          ((implies) (or (refute (cons (caddr formula) left) right true-atoms false-atoms)
                         (refute left (cons f right) true-atoms false-atoms)))
          (else (let ((g (caddr formula)))
                  (or (refute (cons f (cons g left)) right true-atoms false-atoms)
                      (refute left (cons f (cons g right)) true-atoms false-atoms))))))))

(define (refute-right formula right true-atoms false-atoms)
  (if (symbol? formula)
      (cond ((memq formula true-atoms) #f)
            ((memq formula false-atoms) (refute '() right true-atoms false-atoms))
            (else (refute '() right true-atoms (cons formula false-atoms))))
      (let ((operator (car formula)) (f (cadr formula)))
        (case operator
          ((not) (refute (list f) right true-atoms false-atoms))
          ;; A conjunction that is false already adds nothing; without this pigeonholes take forever.
          ((and) (if (or (memq f false-atoms) (memq (caddr formula) false-atoms))
                     (refute '() right true-atoms false-atoms)
                     (or (refute '() (cons f right) true-atoms false-atoms)
                         (refute '() (cons (caddr formula) right) true-atoms false-atoms))))
          ((or) (refute '() (cons f (cons (caddr formula) right)) true-atoms false-atoms))
          ((implies) (refute (list f) (cons (caddr formula) right) true-atoms false-atoms))
          (else (let ((g (caddr formula)))
                  (or (refute (list f) (cons g right) true-atoms false-atoms)
                      (refute (list g) (cons f right) true-atoms false-atoms))))))))

(define (counterexample formula) (refute '() (list formula) '() '()))

(define (value-of formula true-atoms)
  (if (symbol? formula)
      (and (memq formula true-atoms) #t)
      (let ((f (value-of (cadr formula) true-atoms)))
        (case (car formula)
          ((not) (not f))
          ((and) (and f (value-of (caddr formula) true-atoms)))
          ((or) (or f (value-of (caddr formula) true-atoms)))
          ((implies) (or (not f) (value-of (caddr formula) true-atoms)))
          (else (eq? f (value-of (caddr formula) true-atoms)))))))

;; Whether all assignments to `atoms` make it true.
(define (true-everywhere? formula atoms true-atoms)
  (if (null? atoms)
      (value-of formula true-atoms)
      (and (true-everywhere? formula (cdr atoms) true-atoms)
           (true-everywhere? formula (cdr atoms) (cons (car atoms) true-atoms)))))

(define atoms '(p q r s t u))
(define operators '(and or implies iff not))

(define (random-formula depth)
  (if (or (= depth 0) (= (random-below 6) 0))
      (list-ref atoms (random-below (length atoms)))
      (let ((operator (list-ref operators (random-below (length operators)))))
        (if (eq? operator 'not)
            (list 'not (random-formula (- depth 1)))
            (random-pair operator random-formula (- depth 1))))))

;; (operator made made), the left one made first: Scheme leaves the order of arguments open, and the random numbers shall
;; be used in the same order everywhere.
(define (random-pair operator make depth)
  (let* ((left (make depth)) (right (make depth)))
    (list operator left right)))

(define (check-random-formulas count)
  (let loop ((i 0) (tautologies 0))
    (if (= i count)
        tautologies
        (let* ((f (random-formula 5))
               ;; Half of them are made so that they hold often: f, or something implied by it.
               (g (random-formula 3))
               (formula (if (even? i) f (list 'implies (list 'and f g) (list 'or g f))))
               (refuted (counterexample formula))
               (holds (true-everywhere? formula atoms '())))
          (check (list 'tautology formula) (eq? holds (not refuted)))
          (if refuted (check (list 'model formula) (not (value-of formula (cdr refuted)))))
          (loop (+ i 1) (if holds (+ tautologies 1) tautologies))))))

;; Pigeons 0..pigeons-1 each sit in one of the holes; then two of them share one. True when there are more pigeons.
(define (sits pigeon hole)
  (string->symbol (string-append "p" (number->string pigeon) "h" (number->string hole))))

(define (conjunction formulas) (fold-left-1 (lambda (f g) (list 'and f g)) formulas))
(define (disjunction formulas) (fold-left-1 (lambda (f g) (list 'or f g)) formulas))

(define (append-map-list f items) (apply append (map f items)))

(define (pigeonhole pigeons holes)
  (let* ((all-holes (iota-from 0 holes))
         (all-pigeons (iota-from 0 pigeons))
         (everyone-sits
          (map (lambda (pigeon) (disjunction (map (lambda (hole) (sits pigeon hole)) all-holes))) all-pigeons))
         (two-share
          (append-map-list
           (lambda (hole)
             (append-map-list
              (lambda (pigeon)
                (map (lambda (other) (list 'and (sits pigeon hole) (sits other hole))) (iota-from (+ pigeon 1) pigeons)))
              all-pigeons))
           all-holes)))
    (list 'implies (conjunction everyone-sits) (disjunction two-share))))

(define (tautology-part)
  (let ((tautologies (check-random-formulas 10000)))
    (check 'some-tautologies (< 2500 tautologies 7500))
    (let loop ((holes 2))
      (if (<= holes 3)
          (begin
            (check (list 'pigeonhole holes) (not (counterexample (pigeonhole (+ holes 1) holes))))
            (let* ((false-one (pigeonhole holes holes)) (refuted (counterexample false-one)))
              (check (list 'no-pigeonhole holes) (and refuted (not (value-of false-one (cdr refuted))))))
            (loop (+ holes 1)))))
    (say "  tautologies: 10000 formulas against truth tables (" tautologies " hold), pigeonholes up to 3")))

;; --- 2. Rewriting ----------------------------------------------------------------------------------------------------
;; A term is a variable (?x), a constant (a symbol, a number) or (function term ...).

(define (variable? term)
  (and (symbol? term) (char=? (string-ref (symbol->string term) 0) #\?)))

(define lemmas
  '(((plus 0 ?x) ?x)
    ((plus (s ?x) ?y) (s (plus ?x ?y)))
    ((times 0 ?x) 0)
    ((times (s ?x) ?y) (plus ?y (times ?x ?y)))
    ((append nil ?x) ?x)
    ((append (cons ?x ?y) ?z) (cons ?x (append ?y ?z)))
    ((append (append ?x ?y) ?z) (append ?x (append ?y ?z)))
    ((reverse nil) nil)
    ((reverse (cons ?x ?y)) (append (reverse ?y) (cons ?x nil)))
    ((reverse (append ?x ?y)) (append (reverse ?y) (reverse ?x)))
    ((reverse (reverse ?x)) ?x)
    ((length nil) 0)
    ((length (cons ?x ?y)) (s (length ?y)))
    ((length (append ?x ?y)) (plus (length ?x) (length ?y)))
    ((length (reverse ?x)) (length ?x))
    ((flatten (leaf ?x)) (cons ?x nil))
    ((flatten (node ?x ?y)) (append (flatten ?x) (flatten ?y)))
    ((mirror (leaf ?x)) (leaf ?x))
    ((mirror (node ?x ?y)) (node (mirror ?y) (mirror ?x)))
    ((mirror (mirror ?x)) ?x)
    ((count-leaves (leaf ?x)) (s 0))
    ((count-leaves (node ?x ?y)) (plus (count-leaves ?x) (count-leaves ?y)))))

;; Lemmas by the function at their root.
(define lemma-table (make-hash-table))
(for-each
 (lambda (lemma)
   (hash-table-update!/default lemma-table (caar lemma) (lambda (others) (append others (list lemma))) '()))
 lemmas)

;; Bindings that make `pattern` equal to `term`, added to `bindings`; #f when there are none.
(define (match pattern term bindings)
  (cond
    ((not bindings) #f)
    ((variable? pattern)
     (let ((known (assq pattern bindings)))
       (cond ((not known) (cons (cons pattern term) bindings))
             ((equal? (cdr known) term) bindings)
             (else #f))))
    ((pair? pattern)
     (if (and (pair? term) (eq? (car pattern) (car term)) (= (length pattern) (length term)))
         (let loop ((patterns (cdr pattern)) (terms (cdr term)) (bindings bindings))
           (if (or (not bindings) (null? patterns))
               bindings
               (loop (cdr patterns) (cdr terms) (match (car patterns) (car terms) bindings))))
         #f))
    ((eqv? pattern term) bindings)
    (else #f)))

(define (substitute pattern bindings)
  (cond ((variable? pattern) (cdr (assq pattern bindings)))
        ((pair? pattern) (cons (car pattern) (map (lambda (part) (substitute part bindings)) (cdr pattern))))
        (else pattern)))

(define rewrites 0)

;; `term` with the first lemma that matches at its root applied; #f when none does.
(define (rewrite-root term)
  (let loop ((candidates (hash-table-ref/default lemma-table (car term) '())))
    (if (null? candidates)
        #f
        (let ((bindings (match (caar candidates) term '())))
          (if bindings
              (begin
                (set! rewrites (+ rewrites 1))
                (substitute (cadr (car candidates)) bindings))
              (loop (cdr candidates)))))))

(define (normal-form term)
  (if (pair? term)
      (let* ((inner (cons (car term) (map normal-form (cdr term)))) (outer (rewrite-root inner)))
        (if outer (normal-form outer) inner))
      term))

(define (is-normal? term)
  (or (not (pair? term)) (and (not (rewrite-root term)) (every-one? is-normal? (cdr term)))))

(define (every-one? holds? items)
  (or (null? items) (and (holds? (car items)) (every-one? holds? (cdr items)))))

;; The model: numbers are numbers, lists are lists, trees are lists that begin with leaf or node.
(define (evaluate term)
  (if (not (pair? term))
      (if (eq? term 'nil) '() term)
      (let ((values (map evaluate (cdr term))))
        (case (car term)
          ((s) (+ 1 (car values)))
          ((plus) (+ (car values) (cadr values)))
          ((times) (* (car values) (cadr values)))
          ((cons) (cons (car values) (cadr values)))
          ((append) (append (car values) (cadr values)))
          ((reverse) (reverse (car values)))
          ((length) (length (car values)))
          ((leaf) (list 'leaf (car values)))
          ((node) (list 'node (car values) (cadr values)))
          ((flatten) (leaves-of (car values)))
          ((mirror) (mirrored (car values)))
          (else (length (leaves-of (car values))))))))

(define (leaves-of tree)
  (if (eq? (car tree) 'leaf) (list (cadr tree)) (append (leaves-of (cadr tree)) (leaves-of (caddr tree)))))
(define (mirrored tree)
  (if (eq? (car tree) 'leaf) tree (list 'node (mirrored (caddr tree)) (mirrored (cadr tree)))))

(define (number-term n) (if (= n 0) 0 (list 's (number-term (- n 1)))))
(define (random-list-term depth)
  (case (if (= depth 0) (random-below 2) (random-below 6))
    ((0) 'nil)
    ((1) (let ((first (random-below 10)))
           (list 'cons first (if (= depth 0) 'nil (random-list-term (- depth 1))))))
    ((2) (list 'reverse (random-list-term (- depth 1))))
    ((3) (list 'flatten (random-tree-term (- depth 1))))
    (else (random-pair 'append random-list-term (- depth 1)))))
(define (random-tree-term depth)
  (case (if (= depth 0) 0 (random-below 5))
    ((0) (list 'leaf (random-below 10)))
    ((1) (list 'mirror (random-tree-term (- depth 1))))
    (else (random-pair 'node random-tree-term (- depth 1)))))

(define (full-tree-term depth next)
  (if (= depth 0)
      (list 'leaf next)
      (list 'node (full-tree-term (- depth 1) (* 2 next)) (full-tree-term (- depth 1) (+ 1 (* 2 next))))))

;; Both sides of an equation have the same normal form.
(define (prove left right)
  (check (list 'theorem left right) (equal? (normal-form left) (normal-form right))))

(define (rewriting-part)
  (let loop ((i 0))
    (if (< i 5000)
        (let* ((term (random-list-term 6)) (normal (normal-form term)))
          (check (list 'value term) (equal? (evaluate term) (evaluate normal)))
          (check (list 'normal term) (is-normal? normal))
          (loop (+ i 1)))))
  (prove '(reverse (append (append a b) (reverse c))) '(append c (append (reverse b) (reverse a))))
  (prove '(length (append (reverse a) (cons x b))) '(plus (length a) (s (length b))))
  (prove '(flatten (mirror (node (leaf x) (node (leaf y) (leaf z)))))
         '(reverse (flatten (node (node (leaf x) (leaf y)) (leaf z)))))
  (check 'no-theorem (not (equal? (normal-form '(append a b)) (normal-form '(append b a)))))
  (let ((tree (full-tree-term 7 1)))
    (prove (list 'flatten (list 'mirror tree)) (list 'reverse (list 'flatten tree)))
    (prove (list 'count-leaves tree) (list 'length (list 'flatten tree))))
  (prove (list 'times (number-term 24) (number-term 25)) (list 'times (number-term 20) (number-term 30)))
  (say "  rewriting: 5000 terms against the model, 6 theorems, " rewrites " rewrites"))

;; --- 3. Derivatives --------------------------------------------------------------------------------------------------
;; An expression is x, an exact number, (+ e e), (* e e) or (^ e n) with a whole n > 0.

(define (derivative e)
  (cond
    ((number? e) 0)
    ((symbol? e) 1)
    (else
     (let ((f (cadr e)) (g (caddr e)))
       (case (car e)
         ((+) (list '+ (derivative f) (derivative g)))
         ((*) (list '+ (list '* (derivative f) g) (list '* f (derivative g))))
         (else (list '* (list '* g (list '^ f (- g 1))) (derivative f))))))))

(define (simplify e)
  (if (not (pair? e))
      e
      (simplify-root (car e) (simplify (cadr e)) (simplify (caddr e)))))

(define (simplify-root operator f g)
  (case operator
    ((+)
     (cond ((and (number? f) (number? g)) (+ f g))
           ((eqv? f 0) g)
           ((eqv? g 0) f)
           ((number? g) (simplify-root '+ g f))
           ((and (number? f) (pair? g) (eq? (car g) '+) (number? (cadr g))) (list '+ (+ f (cadr g)) (caddr g)))
           ((equal? f g) (simplify-root '* 2 f))
           (else (list '+ f g))))
    ((*)
     (cond ((and (number? f) (number? g)) (* f g))
           ((or (eqv? f 0) (eqv? g 0)) 0)
           ((eqv? f 1) g)
           ((eqv? g 1) f)
           ((number? g) (simplify-root '* g f))
           ((and (number? f) (pair? g) (eq? (car g) '*) (number? (cadr g)))
            (simplify-root '* (* f (cadr g)) (caddr g)))
           ((and (pair? f) (eq? (car f) '*) (number? (cadr f)))
            (simplify-root '* (cadr f) (simplify-root '* (caddr f) g)))
           ((equal? f g) (simplify-root '^ f 2))
           (else (list '* f g))))
    (else
     (cond ((eqv? g 0) 1)
           ((eqv? g 1) f)
           ((number? f) (expt f g))
           ((and (pair? f) (eq? (car f) '^)) (list '^ (cadr f) (* g (caddr f))))
           (else (list '^ f g))))))

(define (value-at e x)
  (cond ((number? e) e)
        ((symbol? e) x)
        (else
         (case (car e)
           ((+) (+ (value-at (cadr e) x) (value-at (caddr e) x)))
           ((*) (* (value-at (cadr e) x) (value-at (caddr e) x)))
           (else (expt (value-at (cadr e) x) (caddr e)))))))

;; The second method: polynomials as lists of coefficients, the constant first.
(define (coefficients e)
  (cond ((number? e) (list e))
        ((symbol? e) (list 0 1))
        (else
         (case (car e)
           ((+) (add-polynomials (coefficients (cadr e)) (coefficients (caddr e))))
           ((*) (multiply-polynomials (coefficients (cadr e)) (coefficients (caddr e))))
           (else (let loop ((n (caddr e)) (product (list 1)) (base (coefficients (cadr e))))
                   (if (= n 0) product (loop (- n 1) (multiply-polynomials product base) base))))))))

(define (add-polynomials a b)
  (cond ((null? a) b)
        ((null? b) a)
        (else (cons (+ (car a) (car b)) (add-polynomials (cdr a) (cdr b))))))
(define (multiply-polynomials a b)
  (if (null? a)
      '()
      (add-polynomials (map (lambda (c) (* c (car a))) b) (cons 0 (multiply-polynomials (cdr a) b)))))
(define (derive-polynomial a)
  (if (null? (cdr a))
      (list 0)
      (let loop ((n 1) (rest (cdr a)))
        (if (null? rest) '() (cons (* n (car rest)) (loop (+ n 1) (cdr rest)))))))
(define (polynomial-at a x)
  (if (null? a) 0 (+ (car a) (* x (polynomial-at (cdr a) x)))))

(define (size-of e) (if (pair? e) (+ 1 (size-of (cadr e)) (size-of (caddr e))) 1))

(define points '(-3 -1 0 1 2 7 1000))

(define (check-derivatives e times)
  (let loop ((n 0) (e e) (polynomial (coefficients e)) (largest 0))
    (for-each
     (lambda (x) (check (list 'derivative n x) (= (value-at e x) (polynomial-at polynomial x))))
     points)
    (if (= n times)
        (max largest (size-of e))
        (loop (+ n 1) (simplify (derivative e)) (derive-polynomial polynomial) (max largest (size-of e))))))

(define (product-expression factors)
  (fold-left-1 (lambda (f g) (list '* f g)) (map (lambda (i) (list '+ 'x i)) (iota-from 1 (+ factors 1)))))

(define (power-expression)
  '(* (^ (+ (^ x 3) (+ (* 2 x) 5)) 6) (+ (^ (+ x 1) 9) (* (^ (+ x -2) 4) (^ (+ (* 3 x) 1) 5)))))

(define (derivative-part)
  (let* ((a (check-derivatives (product-expression 9) 7)) (b (check-derivatives (power-expression) 6)))
    (say "  derivatives: of two polynomials, up to the seventh, against their coefficients; the largest has "
         (max a b) " parts")))

;; ---------------------------------------------------------------------------------------------------------------------

(tautology-part)
(rewriting-part)
(derivative-part)
(say "prover: " (if (= failures 0) "OK" "FAILED"))
(exit (if (= failures 0) 0 1))
