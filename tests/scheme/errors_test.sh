#!/usr/bin/env bash
# Job: what the user sees when something is wrong: message, file and line, exit status. Usage: errors_test.sh PROGRAM
set -u
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

fail() {
  echo "FAILED $1"
  failures=$((failures + 1))
}

# wants LINE MESSAGE: the program on stdin fails with exit status 1 and a first line "FILE:LINE: MESSAGE".
wants() {
  cat > "$folder/p.scm"
  local got status
  got=$("$program" "$folder/p.scm" 2>&1 > /dev/null)
  status=$?
  [ "$status" = 1 ] || fail "status $status instead of 1 for: $2"
  [ "${got%%$'\n'*}" = "$folder/p.scm:$1: $2" ] || fail "wanted ...:$1: $2"$'\n'"       got    $got"
}

wants 2 "car: expected a pair, got 5" <<< $'(define x 5)\n(display (car x))'
wants 1 "unbound variable: foo" <<< '(foo 1)'
wants 3 "unbound variable: undefined-name" <<< $'(define (f)\n  (display "")\n  (+ undefined-name 1))\n(f)'
wants 1 "vector-ref: expected an index below 2, got 7" <<< '(vector-ref (vector 1 2) 7)'
wants 1 "f: expected 1 argument, got 2" <<< '(define (f x) x) (f 1 2)'
wants 1 "g: expected at least 1 argument, got 0" <<< '(define (g x . y) x) (display (g))'
wants 1 "cons: expected 2 arguments, got 1" <<< '(cons 1)'
wants 1 "expected a procedure to call, got 5" <<< '((car (list 5)) 1)'
wants 2 "boom: 1 \"two\" three" <<< $'\n(error "boom:" 1 "two" (quote three))'
wants 1 "+: expected a number, got a" <<< "(+ 1 'a)"
wants 1 "/: expected a divisor other than 0" <<< '(/ 5 0)'
wants 2 "if: expected (if test consequent [alternative]) in (if)" <<< $'(define (f)\n  (if))'
wants 1 "let: expected bindings of the form (variable init) in (let ((x)) x)" <<< '(let ((x)) x)'
wants 2 "read: expected the end of the list begun on line 1, got the end of the input" <<< '(display (car x'
wants 1 "read: expected a datum, got a closing parenthesis" <<< ')'
wants 1 "import: expected the name of a library, got (no such)" <<< '(import (no such))'
wants 2 "string-append: expected a string, got 5" <<< $'(define (f s)\n  (string-append s "x"))\n(define (g)\n  (f 5))\n(display (list (g)))'
wants 3 "hash-table-ref: expected a key in the table, got b" <<< $'(define t (make-equal-hash-table))\n\n(display (hash-table-ref t (quote b)))'
wants 2 "car: expected a pair, got ()" <<< $'(define l (list 1 (list)))\n(for-each car (map (lambda (x) x) (list (cadr l))))'
wants 1 "expected an initialised variable, got x before its definition" <<< '(letrec ((y x) (x 1)) y)'
wants 1 "expected an expression, got the keyword if" <<< '(display if)'
wants 1 "m: expected a form that matches one of the macro's patterns in (m 1 2)" <<< '(define-syntax m (syntax-rules () ((_ a) a))) (m 1 2)'

# An uncaught object that is no error object.
got=$("$program" -e '(raise (list 1 2))' 2>&1) && fail "raise must fail"
[[ $got == *"uncaught exception: (1 2)"* ]] || fail "uncaught: $got"

# The callers are named.
printf '(define (inner x) (+ 1 (car x)))\n(define (outer x)\n  (+ 1 (inner x)))\n(display (outer 5))\n' > "$folder/p.scm"
got=$("$program" "$folder/p.scm" 2>&1)
[[ $got == *"p.scm:3: in outer"* ]] || fail "callers: $got"

# Exit statuses.
status_of() { "$program" "$@" > "$folder/out" 2> "$folder/err" < /dev/null; echo $?; }
[ "$(status_of -e '(exit 7)')" = 7 ] || fail "exit 7"
[ "$(status_of -e '(exit)')" = 0 ] || fail "exit"
[ "$(status_of -e '(exit #f)')" = 1 ] || fail "exit #f"
[ "$(status_of -e '(display 1)')" = 0 ] || fail "success"
[ "$(status_of -e '(dynamic-wind (lambda () 1) (lambda () (exit 3)) (lambda () (display "out")))')" = 3 ] || fail "exit in dynamic-wind"
[ "$(cat "$folder/out")" = out ] || fail "exit leaves dynamic-wind"
[ "$(status_of "$folder/none.scm")" = 1 ] || fail "a file that is not there"
grep -q "cannot open .*none.scm" "$folder/err" || fail "a file that is not there: $(cat "$folder/err")"
[ "$(status_of --no-such-option)" = 2 ] || fail "an unknown option"
[ "$(status_of --version)" = 0 ] || fail "--version"
grep -q '^memgc-scheme [0-9]' "$folder/out" || fail "--version: $(cat "$folder/out")"
[ "$(status_of --help)" = 0 ] || fail "--help"
[ "$(MEMGC=nonsense status_of -e 1)" = 2 ] || fail "a bad MEMGC"
grep -q 'MEMGC' "$folder/err" || fail "a bad MEMGC: $(cat "$folder/err")"
[ "$(status_of --stats -e '(gc)')" = 0 ] || fail "--stats"
grep -q '^stats program=memgc-scheme cycles=[1-9]' "$folder/err" || fail "--stats: $(cat "$folder/err")"

# Arguments behind the file belong to the program.
echo '(write (cdr (command-line)))' > "$folder/p.scm"
got=$("$program" -q "$folder/p.scm" -x --stats y)
[ "$got" = '("-x" "--stats" "y")' ] || fail "arguments: $got"

# Recursion without end meets a limit and can be caught; so does an endless list.
got=$(MEMLIMIT=64MiB "$program" -e '(define (f x) (+ 1 (f x))) (display (guard (e (#t (quote caught))) (f 1)))' 2>&1)
[ "$got" = caught ] || fail "endless recursion: $got"

# Nesting too deep for the native stack is an error, not a crash.
got=$("$program" -e '(define (nest n) (let loop ((i 0) (l 1)) (if (= i n) l (loop (+ i 1) (list l)))))
(display (guard (e ((error-object? e) "refused")) (equal? (nest 3000000) (nest 3000000))))
(display (guard (e ((error-object? e) "refused")) (with-output-to-string (lambda () (write (nest 3000000))))))' 2> /dev/null)
[ "$got" = refusedrefused ] || fail "deep nesting: $got"

[ "$failures" = 0 ] && echo "all passed"
exit "$((failures > 0))"
