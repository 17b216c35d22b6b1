#!/usr/bin/env bash
# Counts the instructions of the inline paths in what a compiler makes of paths.cc at -O2, on x86-64.
#
#   listing.sh OBJDUMP README COMPILER FLAG...              checks, and prints what it looked at
#   listing.sh --self-test OBJDUMP README COMPILER FLAG...  breaks each rule in turn and expects it to be reported
#
# Rules: no call, no locked instruction; an allocation writes nothing but the run's cursor, a store nothing but the field; so
# many instructions at most, the stack pointer's and the return not counted. README has the same listing of what GCC 12 makes.
set -euo pipefail

folder=$(dirname "$0")
self_test=
if [[ $1 == --self-test ]]; then
  self_test=1
  shift
fi
objdump=$1 readme=$2 compiler=$3
shift 3

# fast_path OBJECT FUNCTION: the instructions from the function's entry to its first return or jump elsewhere, one a line.
fast_path() {
  "$objdump" --disassemble --no-show-raw-insn --no-addresses "$1" | awk -v start="<$2>:" '
    $1 == start { inside = 1; next }
    inside && NF == 0 { exit }
    inside { sub(/#.*/, ""); sub(/^[ \t]+/, ""); sub(/[ \t]+$/, ""); gsub(/[ \t]+/, " "); print }
    inside && /^(ret|jmp)/ { exit }'
}

# counted LISTING: without what only moves the stack pointer, and the return.
counted() { grep --invert-match --extended-regexp '^(ret|push|pop|(sub|add) \$0x[0-9a-f]+,%rsp)' <<<"$1" || true; }

problems=0
problem() {
  echo "$1"
  problems=$((problems + 1))
}

# check NAME LISTING LIMIT
check() {
  local body stores count
  body=$(counted "$2")
  count=$(wc -l <<<"$body")
  stores=$(grep --count --extended-regexp '^(mov|add|sub|or|and|xor|inc|dec|xchg|cmpxchg|xadd|set)[a-z]* (.*,)?[^,]*\([^()]*\)$' <<<"$body" || true)
  echo "$1: $count instructions, $stores stores"
  sed 's/^/    /' <<<"$body"
  [[ -n $2 ]] || problem "$1: no such function"
  if grep --quiet '^call' <<<"$2"; then problem "$1: a call"; fi
  if grep --quiet --extended-regexp '^(lock|xchg|mfence)' <<<"$2"; then problem "$1: a locked instruction"; fi
  if ((stores != 1)); then problem "$1: $stores stores, not 1"; fi
  if ((count > $3)); then problem "$1: $count instructions, more than $3"; fi
}

# quoted NAME: the listing in README that follows the line "NAME:", without comments.
quoted() {
  awk -v name="\`$1\`:" '
    index($0, name) { found = 1 }
    found && /^```/ { if (inside) exit; inside = 1; next }
    inside { sub(/ *;.*/, ""); gsub(/[ \t]+/, " "); print }' "$readme"
}

check_readme() {
  [[ $(quoted "$1") == "$(counted "$2")" ]] || problem "$1: $readme has another listing: $(quoted "$1")"
}

check_all() {
  local object
  object=$(mktemp)
  trap 'rm -f "$object"' RETURN
  "$compiler" -std=c++20 -O2 "$@" -c "$folder/paths.cc" -o "$object"
  local make store
  make=$(fast_path "$object" make_path)
  store=$(fast_path "$object" store_path)
  check make_path "$make" 10
  check store_path "$store" 4
  if [[ $("$compiler" --version) == *Free\ Software* && $("$compiler" -dumpversion) == 12* ]]; then
    check_readme make_path "$make"
    check_readme store_path "$store"
  fi
}

if [[ -z $self_test ]]; then
  check_all "$@"
  exit $((problems > 0))
fi
missed=0
expect() {
  local report
  report=$(problems=0; check_all -DSABOTAGE="$1" "${@:3}"; true)
  grep --quiet "$2" <<<"$report" || { echo "SABOTAGE=$1: not reported: $2"; missed=1; }
}
expect 1 'make_path: a call' "$@"
expect 2 'make_path: a locked instruction' "$@"
expect 3 'make_path: 2 stores, not 1' "$@"
expect 4 'make_path: .* more than 10' "$@"
expect 5 'store_path: a locked instruction' "$@"
exit $missed
