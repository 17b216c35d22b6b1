;; Job: the part of the standard library that is written in Scheme, compiled at every start: what calls procedures (so that
;; continuations work through it), and the syntax that syntax-rules can express. Errors raised in here are reported at the
;; line of the user's code that called.

;; --- Syntax -----------------------------------------------------------------------------------------------------------

(define-syntax let*
  (syntax-rules ()
    ((_ () body ...) (let () body ...))
    ((_ (binding) body ...) (let (binding) body ...))
    ((_ (binding more ...) body ...) (let (binding) (let* (more ...) body ...)))))
(define-syntax when (syntax-rules () ((_ test body ...) (if test (begin body ...)))))
(define-syntax unless (syntax-rules () ((_ test body ...) (if test (begin) (begin body ...)))))
(define-syntax cond
  (syntax-rules (else =>)
    ((_) (begin))
    ((_ (else result ...)) (begin result ...))
    ((_ (test => f) clause ...) (let ((x test)) (if x (f x) (cond clause ...))))
    ((_ (test) clause ...) (or test (cond clause ...)))
    ((_ (test result ...) clause ...) (if test (begin result ...) (cond clause ...)))))
(define-syntax case (syntax-rules () ((_ key clause ...) (let ((k key)) (%case k clause ...)))))
(define-syntax %case
  (syntax-rules (else =>)
    ((_ k) (begin))
    ((_ k (else => f)) (f k))
    ((_ k (else result ...)) (begin result ...))
    ((_ k ((datum ...) => f) clause ...) (if (or (eqv? k 'datum) ...) (f k) (%case k clause ...)))
    ((_ k ((datum ...) result ...) clause ...)
     (if (or (eqv? k 'datum) ...) (begin result ...) (%case k clause ...)))))

(define-syntax do
  (syntax-rules ()
    ((_ ((variable init . step) ...) (test result ...) command ...)
     (let loop ((variable init) ...)
       (if test (begin result ...) (begin command ... (loop (%step variable . step) ...)))))))
(define-syntax %step (syntax-rules () ((_ variable) variable) ((_ variable step) step)))

;; The first variable holds the list of the values until the last has taken its own.
(define-syntax define-values
  (syntax-rules ()
    ((_ () expression) (define none (call-with-values (lambda () expression) list)))
    ((_ (a) expression) (define a (call-with-values (lambda () expression) (lambda (x) x))))
    ((_ (a b ... z) expression)
     (begin
       (define a (call-with-values (lambda () expression) list))
       (define b (let ((x (cadr a))) (set-cdr! a (cddr a)) x)) ...
       (define z (let ((x (cadr a))) (set! a (car a)) x))))
    ((_ (a b ... . z) expression)
     (begin
       (define a (call-with-values (lambda () expression) list))
       (define b (let ((x (cadr a))) (set-cdr! a (cddr a)) x)) ...
       (define z (let ((x (cdr a))) (set! a (car a)) x))))
    ((_ a expression) (define a (call-with-values (lambda () expression) list)))))

(define-syntax define-record-type
  (syntax-rules ()
    ((_ (type . more) . rest) (define-record-type type . rest))
    ((_ type constructor predicate (field . procedures) ...)
     (%define-record type constructor predicate (field ...) (field . procedures) ...))))
(define-syntax %define-record
  (syntax-rules ()
    ((_ type constructor predicate names (field . procedures) ...)
     (begin
       (define type (%make-record-type 'type 'names))
       (%define-constructor type constructor names)
       (define (predicate r) (%record? r type))
       (%define-field type field names . procedures) ...))))
(define-syntax %define-constructor
  (syntax-rules ()
    ((_ type #f names) (begin))
    ((_ type (make parameter ...) (field ...))
     (define (make parameter ...)
       (%field parameter (field ...)) ...
       (%make-record type (%field field (parameter ...) field) ...)))
    ((_ type make (field ...)) (define (make field ...) (%make-record type field ...)))))
(define-syntax %define-field
  (syntax-rules ()
    ((_ type field names) (begin))
    ((_ type field names get) (define (get r) (%record-ref r type (%field field names))))
    ((_ type field names get set)
     (begin
       (define (get r) (%record-ref r type (%field field names)))
       (define (set r v) (%record-set! r type (%field field names) v))))))

;; --- Control ----------------------------------------------------------------------------------------------------------

(define (call-with-values producer consumer) (%apply-values consumer (producer)))

(define (dynamic-wind before thunk after)
  (before)
  (%set-winders! (cons (cons before after) (%winders)))
  (let ((results (thunk)))
    (%set-winders! (cdr (%winders)))
    (after)
    results))

;; From the winders of here to those of there: out of what is not shared, then in.
(define (%rewind there)
  (let* ((here (%winders)) (n (length here)) (m (length there)))
    (let common ((a (if (> n m) (list-tail here (- n m)) here)) (b (if (> m n) (list-tail there (- m n)) there)))
      (if (eq? a b)
          (begin
            (let out ((w here))
              (unless (eq? w a)
                (%set-winders! (cdr w))
                ((cdr (car w)))
                (out (cdr w))))
            (let in ((w there))
              (unless (eq? w a)
                (in (cdr w))
                ((car (car w)))
                (%set-winders! w))))
          (common (cdr a) (cdr b))))))

(define (%rewind-and-throw k . results)
  (%rewind (%continuation-winders k))
  (apply %throw k results))

;; --- Errors -----------------------------------------------------------------------------------------------------------

(define (%with-handlers handlers thunk)
  (let ((outer (%handlers)))
    (%set-handlers! handlers)
    (let ((results (thunk)))
      (%set-handlers! outer)
      results)))

(define (with-exception-handler handler thunk)
  (if (not (procedure? handler)) (error "with-exception-handler: expected a procedure, got" handler))
  (%with-handlers (cons handler (%handlers)) thunk))

(define (raise-continuable obj)
  (let ((handlers (%handlers)))
    (if (null? handlers)
        (%uncaught obj)
        (%with-handlers (cdr handlers) (lambda () ((car handlers) obj))))))

(define (%raise obj)
  (let ((handlers (%handlers)))
    (if (null? handlers)
        (%uncaught obj)
        (begin
          (%with-handlers (cdr handlers) (lambda () ((car handlers) obj)))
          (%set-handlers! (cdr handlers))
          (error "raise: expected the exception handler not to return, for" obj)))))

(define (raise obj) (%raise obj))

(define-syntax guard
  (syntax-rules ()
    ((_ (var clause ...) body1 body2 ...)
     ((call/cc
       (lambda (guard-k)
         (with-exception-handler
          (lambda (condition)
            ((call/cc
              (lambda (handler-k)
                (guard-k
                 (lambda ()
                   (let ((var condition))
                     (%guard-clauses (handler-k (lambda () (raise-continuable condition))) clause ...))))))))
          (lambda ()
            (let ((results (let () body1 body2 ...)))
              (guard-k (lambda () results)))))))))))

(define-syntax %guard-clauses
  (syntax-rules (else)
    ((_ reraise clause ... (else result ...)) (cond clause ... (else result ...)))
    ((_ reraise clause ...) (cond clause ... (else reraise)))))

(define-syntax assert
  (syntax-rules ()
    ((_ expression) (if (not expression) (error "assertion failed:" 'expression)))
    ((_ expression irritant ...) (if (not expression) (error "assertion failed:" 'expression irritant ...)))))

;; --- Multiple values --------------------------------------------------------------------------------------------------

(define-syntax receive
  (syntax-rules ()
    ((_ formals expression body ...) (call-with-values (lambda () expression) (lambda formals body ...)))))

(define-syntax let*-values
  (syntax-rules ()
    ((_ () body ...) (let () body ...))
    ((_ ((formals init) more ...) body ...)
     (call-with-values (lambda () init) (lambda formals (let*-values (more ...) body ...))))))

;; The inits are evaluated outside all bindings: into temporaries, which are bound to the names last.
(define-syntax let-values
  (syntax-rules ()
    ((_ ((formals init)) body ...) (call-with-values (lambda () init) (lambda formals body ...)))
    ((_ (binding ...) body ...) (%let-values (binding ...) () (let () body ...)))))

(define-syntax %let-values
  (syntax-rules ()
    ((_ () ((name temp) ...) body) (let ((name temp) ...) body))
    ((_ ((formals init) more ...) bound body) (%let-values formals () init (more ...) bound body))
    ((_ () temps init more bound body)
     (call-with-values (lambda () init) (lambda temps (%let-values more bound body))))
    ((_ (name . rest) (temp ...) init more (bound ...) body)
     (%let-values rest (temp ... t) init more (bound ... (name t)) body))
    ((_ name (temp ...) init more (bound ...) body)
     (call-with-values (lambda () init) (lambda (temp ... . t) (%let-values more (bound ... (name t)) body))))))

;; --- Parameters, promises ---------------------------------------------------------------------------------------------

(define (make-parameter value . converter)
  (if (null? converter)
      (%make-parameter value #f)
      (%make-parameter ((car converter) value) (car converter))))

(define-syntax parameterize
  (syntax-rules ()
    ((_ ((parameter value) ...) body ...)
     (%parameterize (list (cons parameter value) ...) (lambda () body ...)))))

(define (%parameterize bindings thunk)
  (let* ((parameters (map car bindings))
         (inner (map (lambda (b)
                       (let ((converter (%parameter-converter (car b)))) (if converter (converter (cdr b)) (cdr b))))
                     bindings)))
    (define (swap!)
      (let ((outer (map %parameter-value parameters)))
        (for-each %parameter-set! parameters inner)
        (set! inner outer)))
    (dynamic-wind swap! thunk swap!)))

;; A promise holds a cell (done? . value or thunk), which promises chained by delay-force share.
(define-record-type promise (%promise cell) promise? (cell %cell %set-cell!))
(define-syntax delay-force (syntax-rules () ((_ expression) (%promise (cons #f (lambda () expression))))))
(define-syntax delay (syntax-rules () ((_ expression) (delay-force (make-promise expression)))))
(define (make-promise v) (if (promise? v) v (%promise (cons #t v))))
(define (force promise)
  (cond ((not (promise? promise)) promise)
        ((car (%cell promise)) (cdr (%cell promise)))
        (else
         (let ((next ((cdr (%cell promise)))) (cell (%cell promise)))
           (unless (car cell)
             (set-car! cell (car (%cell next)))
             (set-cdr! cell (cdr (%cell next)))
             (%set-cell! next cell))
           (force promise)))))

;; --- Lists ------------------------------------------------------------------------------------------------------------

(define (%any-null? ls) (and (pair? ls) (or (not (pair? (car ls))) (%any-null? (cdr ls)))))
(define (%cars ls) (if (null? ls) '() (cons (car (car ls)) (%cars (cdr ls)))))
(define (%cdrs ls) (if (null? ls) '() (cons (cdr (car ls)) (%cdrs (cdr ls)))))

(define map
  (case-lambda
    ((f l) (let loop ((l l) (done '())) (if (pair? l) (loop (cdr l) (cons (f (car l)) done)) (reverse done))))
    ((f a b)
     (let loop ((a a) (b b) (done '()))
       (if (and (pair? a) (pair? b)) (loop (cdr a) (cdr b) (cons (f (car a) (car b)) done)) (reverse done))))
    ((f . ls)
     (let loop ((ls ls) (done '()))
       (if (%any-null? ls) (reverse done) (loop (%cdrs ls) (cons (apply f (%cars ls)) done)))))))

(define for-each
  (case-lambda
    ((f l) (let loop ((l l)) (if (pair? l) (begin (f (car l)) (loop (cdr l))))))
    ((f a b) (let loop ((a a) (b b)) (if (and (pair? a) (pair? b)) (begin (f (car a) (car b)) (loop (cdr a) (cdr b))))))
    ((f . ls) (let loop ((ls ls)) (if (not (%any-null? ls)) (begin (apply f (%cars ls)) (loop (%cdrs ls))))))))

(define (vector-map f v . more)
  (if (null? more)
      (let* ((n (vector-length v)) (result (make-vector n)))
        (let loop ((i 0)) (if (< i n) (begin (vector-set! result i (f (vector-ref v i))) (loop (+ i 1))) result)))
      (list->vector (apply map f (map vector->list (cons v more))))))
(define (vector-for-each f v . more) (apply for-each f (map vector->list (cons v more))))
(define (string-map f s . more) (list->string (apply map f (map string->list (cons s more)))))
(define (string-for-each f s . more) (apply for-each f (map string->list (cons s more))))
(define (string->vector . arguments) (list->vector (apply string->list arguments)))
(define (vector->string . arguments) (list->string (apply vector->list arguments)))

(define (list-ref l n) (car (list-tail l n)))
(define (list-set! l n v) (set-car! (list-tail l n) v))
(define (list-copy l) (if (pair? l) (cons (car l) (list-copy (cdr l))) l))
(define (last-pair l) (if (pair? (cdr l)) (last-pair (cdr l)) l))
(define (%all-same? ok? same? l)
  (for-each (lambda (x) (if (not (ok? x)) (error "expected objects of one type, got" x))) l)
  (every (lambda (x) (same? x (car l))) l))
(define (boolean=? . l) (%all-same? boolean? eq? l))
(define (symbol=? . l) (%all-same? symbol? eq? l))

(define (member x l . same)
  (if (null? same)
      (%member x l)
      (let loop ((l l)) (cond ((null? l) #f) (((car same) x (car l)) l) (else (loop (cdr l)))))))
(define (assoc x l . same)
  (if (null? same)
      (%assoc x l)
      (let loop ((l l)) (cond ((null? l) #f) (((car same) x (car (car l))) (car l)) (else (loop (cdr l)))))))

;; SRFI 1, the part that programs use most.
(define (filter pred l)
  (let loop ((l l) (kept '())) (if (null? l) (reverse kept) (loop (cdr l) (if (pred (car l)) (cons (car l) kept) kept)))))
(define (remove pred l) (filter (lambda (x) (not (pred x))) l))
(define (partition pred l) (values (filter pred l) (remove pred l)))
(define (delete x l . same) (remove (lambda (y) ((if (pair? same) (car same) equal?) x y)) l))
(define (delete-duplicates l . same)
  (let loop ((l l) (kept '()))
    (cond ((null? l) (reverse kept))
          ((member (car l) kept (if (pair? same) (car same) equal?)) (loop (cdr l) kept))
          (else (loop (cdr l) (cons (car l) kept))))))
(define (fold f init . ls)
  (if (null? (cdr ls))
      (let loop ((acc init) (l (car ls))) (if (null? l) acc (loop (f (car l) acc) (cdr l))))
      (let loop ((acc init) (ls ls))
        (if (%any-null? ls) acc (loop (apply f (append (%cars ls) (list acc))) (%cdrs ls))))))
(define (fold-left f init . ls)
  (if (%any-null? ls) init (apply fold-left f (apply f init (%cars ls)) (%cdrs ls))))
(define (fold-right f init . ls)
  (if (null? (cdr ls))
      (fold f init (reverse (car ls)))
      (let loop ((ls ls))
        (if (%any-null? ls) init (apply f (append (%cars ls) (list (loop (%cdrs ls)))))))))
(define (reduce f init l) (if (null? l) init (fold f (car l) (cdr l))))
(define (append-map f . ls) (apply append (apply map f ls)))
(define (filter-map f . ls) (filter (lambda (x) x) (apply map f ls)))
(define (find-tail pred l) (let loop ((l l)) (cond ((null? l) #f) ((pred (car l)) l) (else (loop (cdr l))))))
(define (find pred l) (let ((tail (find-tail pred l))) (and tail (car tail))))
(define (list-index pred . ls)
  (let loop ((ls ls) (i 0))
    (cond ((%any-null? ls) #f) ((apply pred (%cars ls)) i) (else (loop (%cdrs ls) (+ i 1))))))
(define (any pred . ls)
  (let loop ((ls ls)) (and (not (%any-null? ls)) (or (apply pred (%cars ls)) (loop (%cdrs ls))))))
(define (every pred . ls)
  (let loop ((ls ls) (last #t))
    (if (%any-null? ls) last (let ((r (apply pred (%cars ls)))) (and r (loop (%cdrs ls) r))))))
(define (count pred l) (length (filter pred l)))
(define (iota n . rest)
  (let ((start (if (pair? rest) (car rest) 0)) (step (if (and (pair? rest) (pair? (cdr rest))) (cadr rest) 1)))
    (list-tabulate n (lambda (i) (+ start (* i step))))))
(define (list-tabulate n f) (let loop ((i (- n 1)) (l '())) (if (< i 0) l (loop (- i 1) (cons (f i) l)))))
(define (list-head l n) (if (= n 0) '() (cons (car l) (list-head (cdr l) (- n 1)))))
(define take list-head)
(define drop list-tail)
(define (take-while pred l) (if (and (pair? l) (pred (car l))) (cons (car l) (take-while pred (cdr l))) '()))
(define (drop-while pred l) (if (and (pair? l) (pred (car l))) (drop-while pred (cdr l)) l))
(define (append-reverse a b) (if (null? a) b (append-reverse (cdr a) (cons (car a) b))))
(define first car)
(define second cadr)
(define third caddr)
(define (last l) (car (last-pair l)))

;; Merge sort, stable; of a list or a vector, with the arguments in either order.
(define (sort a b)
  (let ((seq (if (procedure? a) b a)) (less? (if (procedure? a) a b)))
    (if (vector? seq) (list->vector (%sort-list (vector->list seq) less?)) (%sort-list seq less?))))
(define (%sort-list l less?)
  (define (merge a b)
    (let loop ((a a) (b b) (done '()))
      (cond ((null? a) (append-reverse done b))
            ((null? b) (append-reverse done a))
            ((less? (car b) (car a)) (loop a (cdr b) (cons (car b) done)))
            (else (loop (cdr a) b (cons (car a) done))))))
  (define (step n l)
    (cond ((= n 1) (list (car l)))
          (else (let ((half (quotient n 2))) (merge (step half l) (step (- n half) (list-tail l half)))))))
  (let ((n (length l))) (if (= n 0) '() (step n l))))
(define list-sort sort)

;; --- Strings ----------------------------------------------------------------------------------------------------------

(define (string-null? s) (= (string-length s) 0))
(define (string-index s pred)
  (list-index (if (char? pred) (lambda (c) (char=? c pred)) pred) (string->list s)))
(define (string-join l . separator)
  (let ((between (if (pair? separator) (car separator) " ")))
    (if (null? l)
        ""
        (apply string-append (car l) (append-map (lambda (s) (list between s)) (cdr l))))))
(define (%padding s n fill) (make-string (max 0 (- n (string-length s))) (if (pair? fill) (car fill) #\space)))
(define (string-pad-left s n . fill)
  (string-append (%padding s n fill) (substring s (max 0 (- (string-length s) n)))))
(define (string-pad-right s n . fill)
  (string-append (substring s 0 (min n (string-length s))) (%padding s n fill)))

;; --- Numbers ----------------------------------------------------------------------------------------------------------

(define (1+ x) (+ x 1))
(define (square x) (* x x))
(define (abs x) (if (< x 0) (- x) (if (eqv? x -0.0) 0.0 x)))
(define (log x . base) (if (null? base) (%log x) (/ (%log (inexact x)) (%log (inexact (car base))))))
(define (floor/ a b) (values (floor-quotient a b) (floor-remainder a b)))
(define (truncate/ a b) (values (quotient a b) (remainder a b)))
(define (gcd . l)
  (fold (lambda (a b) (if (and (exact? a) (exact? b)) (%gcd a b) (inexact (%gcd (exact a) (exact b))))) 0 l))
(define (lcm . l)
  (fold (lambda (a b) (if (or (= a 0) (= b 0)) (* a b) (abs (* a (quotient b (gcd a b)))))) 1 l))
(define (bitwise-not x) (- -1 x))
(define (rationalize x y)  ; the simplest ratio within y of x (Stern and Brocot)
  (define (simplest low high)
    (let ((whole (floor low)))
      (cond ((= whole low) whole)
            ((< whole (floor high)) (+ whole 1))
            (else (+ whole (/ 1 (simplest (/ 1 (- high whole)) (/ 1 (- low whole)))))))))
  (let ((low (- x (abs y))) (high (+ x (abs y))))
    (cond ((positive? low) (simplest low high))
          ((negative? high) (- (simplest (- high) (- low))))
          (else (* 0 low)))))

;; --- Hash tables (SRFI 69) --------------------------------------------------------------------------------------------

(define (make-hash-table . options)
  (%make-table (if (and (pair? options) (memq (car options) (list eq? eqv?))) 0 1)))
(define (make-equal-hash-table . options) (%make-table 1))
(define make-string-hash-table make-equal-hash-table)
(define (make-eqv-hash-table . options) (%make-table 0))
(define make-eq-hash-table make-eqv-hash-table)
;; Entries go when nothing but the table keeps their keys.
(define (make-weak-eqv-hash-table . options) (%make-table 2))
(define make-weak-eq-hash-table make-weak-eqv-hash-table)
(define %absent (list 'absent))
(define (hash-table-ref table key . more)
  (let ((v (hash-table-ref/default table key %absent)))
    (cond ((not (eq? v %absent)) (if (and (pair? more) (pair? (cdr more))) ((cadr more) v) v))
          ((and (pair? more) (car more)) ((car more)))
          (else (error "hash-table-ref: expected a key in the table, got" key)))))
(define (hash-table-update! table key f . fail)
  (hash-table-set! table key (f (apply hash-table-ref table key fail))))
(define (hash-table-update!/default table key f default)
  (hash-table-set! table key (f (hash-table-ref/default table key default))))
(define (hash-table-keys table) (map car (hash-table->alist table)))
(define (hash-table-values table) (map cdr (hash-table->alist table)))
(define (hash-table-walk table f) (for-each (lambda (p) (f (car p) (cdr p))) (hash-table->alist table)))
(define (hash-table-fold table f init) (fold (lambda (p acc) (f (car p) (cdr p) acc)) init (hash-table->alist table)))
(define (alist->hash-table l . options)
  (let ((table (apply make-hash-table options)))
    (for-each (lambda (p) (hash-table-set! table (car p) (cdr p))) (reverse l))
    table))
(define hash-table-exists? hash-table-contains?)
(define hash-table-size hash-table-count)

;; --- Input and output -------------------------------------------------------------------------------------------------

(define (call-with-port port f)
  (let ((results (f port))) (close-port port) results))
(define (call-with-input-file path f) (call-with-port (open-input-file path) f))
(define (call-with-output-file path f) (call-with-port (open-output-file path) f))
(define (with-input-from-file path thunk)
  (call-with-port (open-input-file path) (lambda (port) (parameterize ((current-input-port port)) (thunk)))))
(define (with-output-to-file path thunk)
  (call-with-port (open-output-file path) (lambda (port) (parameterize ((current-output-port port)) (thunk)))))
(define (call-with-output-string f) (let ((port (open-output-string))) (f port) (get-output-string port)))
(define (with-output-to-string thunk)
  (call-with-output-string (lambda (port) (parameterize ((current-output-port port)) (thunk)))))

;; --- Evaluation and the process ---------------------------------------------------------------------------------------

(define (eval form . env) ((%compile form (if (pair? env) (car env) #f))))
(define (%run-forms forms env path)
  ;; What the text redefines is to be the text's own in all of it.
  (for-each (lambda (form) (%claim! form env)) forms)
  (let loop ((forms forms)) (if (pair? forms) (begin ((%compile (car forms) env path)) (loop (cdr forms))))))
(define (load path . env) (%run-forms (%read-file path) (if (pair? env) (car env) #f) path))
(define (exit . status) (%rewind '()) (apply %exit status))
(define (features) '(r7rs exact-closed ieee-float full-unicode ratios memgc))

;; --- Libraries --------------------------------------------------------------------------------------------------------

;; All standard names are there without import, so importing a standard library checks its name and is done. A library of
;; the program's is an environment of its own and a list of (name . variable), as an import set is.
(define %libraries '())

(define (%import sets env)
  (for-each (lambda (set) (for-each (lambda (p) (%bind! (car p) env (cdr p))) (%import-set set))) sets))

(define (%import-set set)
  (define (modified names rest)
    (define (known name) (or (assq name names) (error "import: expected a name that the library exports, got" name)))
    (case (car set)
      ((only) (map known rest))
      ((except) (for-each known rest) (remove (lambda (p) (memq (car p) rest)) names))
      ((prefix)
       (let ((prefix (symbol->string (car rest))))
         (map (lambda (p) (cons (string->symbol (string-append prefix (symbol->string (car p)))) (cdr p))) names)))
      ((rename)
       (for-each known (map car rest))
       (map (lambda (p) (let ((to (assq (car p) rest))) (if to (cons (cadr to) (cdr p)) p))) names))))
  (define (standard?) (and (pair? set) (memq (car set) '(scheme srfi memgc))))
  (cond ((assoc set %libraries) => cdr)
        ((and (list? set) (> (length set) 1) (pair? (cadr set)) (memq (car set) '(only except prefix rename)))
         (let ((names (%import-set (cadr set))))
           (modified (if (null? names) (%standard-names) names) (cddr set))))
        ((standard?) '())
        (else (error "import: expected the name of a library, got" set))))

(define (%standard-names) (map (lambda (s) (cons s s)) (filter %standard? (hash-table-values (%symbols)))))

(define (%define-library name+declarations program)
  (let ((env (%make-environment)) (exports '()) (bodies '()))
    (for-each (lambda (d)
                (case (car d)
                  ((import) (%import (cdr d) env))
                  ((export) (set! exports (append (cdr d) exports)))
                  ((begin) (set! bodies (append bodies (cdr d))))
                  (else (set! bodies (append bodies (list d))))))
              (cdr name+declarations))
    (%run-forms bodies env "library")
    (set! %libraries
          (cons (cons (car name+declarations)
                      (map (lambda (e)
                             (if (pair? e) (cons (caddr e) (%variable (cadr e) env)) (cons e (%variable e env))))
                           exports))
                %libraries))))
