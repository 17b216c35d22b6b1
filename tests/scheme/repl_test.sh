#!/usr/bin/env bash
# Job: the dialogue: values printed, forms over several lines, errors survived, Ctrl-C. Usage: repl_test.sh PROGRAM
set -u
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0
fail() {
  echo "FAILED $1"
  failures=$((failures + 1))
}

# Through a pipe: no prompt, values, go on after an error, status 1 then.
got=$(printf '(+ 1 2)\n(define x\n  10)\n(* x\n   x) "two" '"'"'three\n(car 5)\n(display "next")\n' | "$program" 2> "$folder/err")
[ $? = 1 ] || fail "status after an error"
[ "$got" = $'3\n100\n"two"\nthree\nnext' ] || fail "values: $got"
grep -q '^stdin:6: car: expected a pair, got 5$' "$folder/err" || fail "error: $(cat "$folder/err")"
printf '(+ 1 2)' | "$program" > "$folder/out" || fail "status without an error"
[ "$(cat "$folder/out")" = 3 ] || fail "a form without a newline: $(cat "$folder/out")"
printf '(+ 1' | "$program" > /dev/null 2> "$folder/err" && fail "an incomplete form must fail"

# waits FILE TEXT: until TEXT is in FILE, at most 20 s.
waits() {
  for _ in $(seq 200); do
    grep -q "$2" "$1" 2> /dev/null && return 0
    sleep 0.1
  done
  return 1
}

# Ctrl-C ends the evaluation; the next one runs. First a loop that does not allocate, then one of calls, then a read.
mkfifo "$folder/in"
"$program" < "$folder/in" > "$folder/out" 2> "$folder/err" &
pid=$!
exec 3> "$folder/in"
n=0
for endless in '(let loop () (loop))' '(define (f) (g)) (define (g) (f)) (f)' '(let loop ((l (quote ()))) (loop (cons 1 (cdr (list l)))))'; do
  n=$((n + 1))
  echo "(begin (display 'begun$n) (newline) (flush-output-port) $endless)" >&3
  waits "$folder/out" "begun$n" || fail "did not begin: $endless"
  sleep 0.2
  kill -INT "$pid"
  waits "$folder/err" interrupted || fail "not interrupted: $endless"
  : > "$folder/err"
  echo "(display 'alive$n) (newline)" >&3
  waits "$folder/out" "alive$n" || fail "did not go on after: $endless"
done
exec 3>&-
wait "$pid"

# With -e, Ctrl-C ends the program with status 130.
"$program" -e "(display 'begun) (newline) (flush-output-port) (let loop () (loop))" > "$folder/out" 2> /dev/null &
pid=$!
waits "$folder/out" begun || fail "-e did not begin"
kill -INT "$pid"
wait "$pid"
[ $? = 130 ] || fail "-e interrupted: status"

# On a terminal: a prompt, and history kept in the home directory.
if command -v script > /dev/null; then
  printf '(+ 20 3)\n(exit 5)\n' | HOME=$folder script -qec "$program -q" /dev/null > "$folder/out" 2>&1
  grep -q '> ' "$folder/out" || fail "no prompt on a terminal: $(cat "$folder/out")"
  grep -q '23' "$folder/out" || fail "no value on a terminal: $(cat "$folder/out")"
fi

[ "$failures" = 0 ] && echo "all passed"
exit "$((failures > 0))"
