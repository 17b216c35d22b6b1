#!/usr/bin/env bash
# One walk of README's chapter from symptom to fix, as a reader would take it: runs the commands of the walk's console
# block, in order, and expects of each the lines that the block shows below it. Figures may differ; words, their order
# and which line is the first may not; `...` stands for any lines. Then what the walk claims is checked by figures.
# Called by ctest as `symptoms_test.sh FAULT`, with README, WORK (a folder for this test alone), PROGRAMS and TRACE set.
set -euo pipefail

fail() {
  echo "symptoms_test: $*" >&2
  exit 1
}

declare -A walks=(
  [leak]='It uses too much memory' [wait]='It pauses too long' [garbage]='It is slow' [forgotten]='It goes wrong'
)
walk=${walks[$1]}
rm -rf "$WORK"
mkdir -p "$WORK"
cd "$WORK"
PATH=$PROGRAMS:$(dirname "$TRACE"):$PATH

# What differs from run to run: numbers, their units, addresses.
normalised() {
  sed --regexp-extended -e 's/0x[0-9a-f]+/#/g' \
    -e 's/-?[0-9]+(\.[0-9]+)?( ?(ns|us|ms|s|B|kB|MB|GB|[KMG]iB)(\/s)?\b)?( ?%)?/#/g' \
    -e 's/[[:space:]]+/ /g; s/^ //; s/ $//'
}

# shows FILE: the lines on standard input, in stretches between `...`, are in FILE in this order.
shows() {
  normalised <"$1" >actual
  normalised | awk '
    BEGIN { while ((getline line < "actual") > 0) actual[++count] = line }
    function found(from, i, j) {
      for (i = from; i + length_of - 1 <= count; ++i) {
        for (j = 1; j <= length_of && actual[i + j - 1] == wanted[j]; ++j) {}
        if (j > length_of) return i + length_of
      }
      return 0
    }
    function look() {
      if (length_of == 0) return
      next_line = found(next_line)
      if (next_line == 0) exit missing = 1  # END comes next
      length_of = 0
    }
    BEGIN { next_line = 1 }
    $0 == "..." { look(); next }
    { wanted[++length_of] = $0 }
    END {
      if (missing || (length_of > 0 && !found(next_line))) {
        for (j = 1; j <= length_of; ++j) print "  " wanted[j]
        exit 1
      }
    }'
}

# The walk, cut into a command and what it shows, a pair of files each.
awk -v heading="### $walk" '/^##/ { on = $0 == heading } /^```/ { fenced = !fenced && $0 == "```console"; next }
  on && fenced && /^\$ / { ++step; print substr($0, 3) > (step ".command"); next }
  on && fenced { print > (step ".expected") }' "$README"
[[ -s 1.command ]] || fail "README has no walk '$walk'"
for ((step = 1; ; ++step)); do
  [[ -e $step.command ]] || break
  command=$(<"$step.command")
  for program in go gdb; do
    [[ " $command" == *" $program "* ]] && ! command -v "$program" >/dev/null || continue
    echo "skipped, for want of $program: $command"
    continue 2
  done
  echo "\$ $command"
  bash -c "$command" >"$step.output" 2>&1 && status=0 || status=$?
  cat "$step.output"
  ((status < 2)) || fail "'$command' ends with status $status"
  [[ ! -e $step.expected ]] || missing=$(shows "$step.output" <"$step.expected") ||
    fail "'$command' no longer prints, after what README shows above it:"$'\n'"$missing"
done

# figure KEY TRACE: from its summary.
figure() { memgc-trace summary --csv "$2" | awk -F, -v key="$1" '$1 == key { print $2 }'; }
# halved A B WHAT: A is less than half of B.
halved() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 < b / 2) }' || fail "$3: $1 is not less than half of $2"; }
traced() {  # FILE PROGRAM ARGUMENTS...
  local file=$1
  shift
  MEMDEBUG=gctrace=1 "$@" 2>"$file" >/dev/null
}

case $1 in
  leak)
    traced fault.log symptoms_service leak
    traced fixed.log symptoms_service leak fixed
    halved "$(figure live_peak_bytes fixed.log)" "$(figure live_last_bytes fault.log)" 'live heap with the fix'
    ;;
  wait)
    symptoms_service wait fixed 2>fixed.err
    ! grep 'thread reader' fixed.err || fail 'the fix does not help'
    ;;
  garbage)
    halved "$(figure cycles after.log)" "$(figure cycles before.log)" 'cycles with the fix'
    MEMGC=400 traced more.log symptoms_service garbage
    halved "$(figure cycles more.log)" "$(figure cycles before.log)" 'cycles with MEMGC=400'
    [[ $(memgc-trace advise --max-cpu 10 before.log) == *'For least memory, GC CPU at most 10 %'*MEMGC=* ]] || fail 'no advice'
    [[ $(memgc-trace advise --limit 28MiB before.log) == *'leaves no room'* ]] || fail 'advise sees room where there is none'
    ;;
  forgotten)
    ! MEMDEBUG=clobberfree=1,gcstress=100 symptoms_forgotten || fail 'the fault does not show'
    MEMDEBUG=clobberfree=1,gcstress=100,gccheckmark=1 symptoms_remembered || fail 'the fix does not help'
    ;;
esac
