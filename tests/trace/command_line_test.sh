#!/usr/bin/env bash
# memgc-trace from outside: what goes to which stream, and with what exit status.
#
#   command_line_test.sh PROGRAM DATA
set -euo pipefail
program=$1 data=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
failures=0

# expect STATUS PATTERN ARGUMENTS...: run with these, both streams together must match PATTERN.
expect() {
  local status=$1 pattern=$2 got=0 output
  shift 2
  output=$("$program" "$@" 2>&1 </dev/null) || got=$?
  if [[ $got != "$status" || ! $output =~ $pattern ]]; then
    echo "memgc-trace $*: status $got, expected $status and '$pattern'; it said:"
    head -20 <<<"$output"
    failures=$((failures + 1))
  fi
}

expect 0 'memgc-trace 0\.' --version
expect 2 'memgc-trace: ' ''
expect 2 'memgc-trace: ' nonsense
expect 0 'of 39 cycles' summary "$data/go1.26_workers.txt"
expect 0 'all +39' summary "$data/go1.26_workers.txt"
expect 0 'other output +4  of 43 lines' summary "$data/go1.26_workers.txt"
expect 0 'forced +4  of 40' summary "$data/go1.26_leak.txt"
expect 0 'leak suspected +yes' summary "$data/go1.26_leak.txt"
expect 0 'leak suspected +no' summary "$data/memgc_scheme.txt"
expect 0 'minor +[1-9]' summary "$data/memgc_scheme_minor.txt"
expect 0 'all +2' summary "$data/go1.17.txt"
expect 0 'all +1' summary "$data/go1.5.txt"
expect 0 '"cycles": [1-9]' summary --json "$data/memgc_json.txt"
expect 0 'stop_wall_p99_seconds,2\.1e-05,' summary --csv "$data/memgc_scheme.txt"
expect 2 'excludes' summary --csv --json "$data/memgc_scheme.txt"
expect 3 "'p99>1ns' holds: stop_wall_p99 is" summary --fail-if 'p99>1ns' "$data/memgc_scheme.txt"
expect 0 '' summary --fail-if 'p99>1h' --fail-if 'cycles<1' "$data/memgc_scheme.txt"
expect 2 "unknown figure 'p98'" summary --fail-if 'p98>1ns' "$data/memgc_scheme.txt"
expect 1 'does not say' summary --fail-if 'p99>1ns' /dev/null
expect 1 'missing: No such file' summary missing
expect 0 'runs +0' summary

expect 0 '3 objects of 2 types' heap "$data/small.heapsnapshot"
expect 0 '\[1\] +List @5' heap --path List "$data/small.heapsnapshot"
expect 0 '\.next +List @7' heap --path 7 "$data/small.heapsnapshot"
expect 0 '"List",2,64,1064' heap --csv "$data/small.heapsnapshot"
expect 0 'all' heap diff "$data/small.heapsnapshot" "$data/small.heapsnapshot"
expect 1 "no object is a 'lis' or has that name; there is List" heap --path lis "$data/small.heapsnapshot"
expect 1 'no .heapsnapshot' heap "$data/memgc_scheme.txt"
expect 1 'missing: No such file' heap missing
expect 2 'FILE is required' heap
expect 2 'is no regular expression' heap --type '(' "$data/small.heapsnapshot"
expect 2 'excludes' heap --json --csv "$data/small.heapsnapshot"
expect 2 'diff takes two files' heap --path 3 diff "$data/small.heapsnapshot" "$data/small.heapsnapshot"
expect 2 'AFTER is required' heap diff "$data/small.heapsnapshot"

# Lost lines are remarked at every figure that suffers, and at no other.
sed 20,22d "$data/memgc_scheme.txt" >gap
expect 0 'p99 [^]]*\[without 3 of 40 lines\]' summary gap
expect 0 'lost +3  of 40 cycles' summary gap

echo 'gc 1 @broken' >bad
expect 1 'bad:1: malformed: gc 1 @broken' summary --strict bad
expect 0 'malformed +1' summary bad

expect 0 'GOGC=[0-9]+ GOMEMLIMIT=90MiB' advise --limit 100MiB "$data/go1.26_leak.txt"
expect 0 '"env": "GOGC=150"' advise --json --at GOGC=150 "$data/go1.26_leak.txt"
expect 1 'no advice: minor cycles' advise "$data/memgc_scheme_minor.txt"
expect 1 'no advice: allocation asked for 1 cycle' advise "$data/go1.5.txt"
expect 1 'no advice: .* nothing to save' advise "$data/memgc_scheme.txt"
expect 2 '--at=MEMGC=nonsense' advise --at MEMGC=nonsense "$data/go1.26_leak.txt"
expect 2 '--at=50: accepted are' advise --at 50 "$data/go1.26_leak.txt"
expect 2 '--limit=100MB: accepted are' advise --limit 100MB "$data/go1.26_leak.txt"

# Exports: one format, on standard output or in a file that is there whole or not at all.
expect 0 '^run,heap,cycle,' export --csv "$data/go1.17.txt"
expect 0 'gctrace_cycles_total.cause="forced",kind="full". 4' export --prometheus "$data/go1.26_leak.txt"
expect 0 '"traceEvents"' export --perfetto "$data/memgc_json.txt"
expect 0 '3 cycles lost' export --csv -o gap.csv gap
[[ $(wc -l <gap.csv) == 38 && ! -e gap.csv.part ]] || { echo 'export -o'; failures=$((failures + 1)); }
expect 2 'which format' export gap
expect 2 'excludes' export --csv --perfetto gap
expect 1 'nothing to export' export --csv -o none.csv /dev/null
[[ ! -e none.csv && ! -e none.csv.part ]] || { echo 'export of nothing'; failures=$((failures + 1)); }
expect 1 'cannot be written' export --csv -o missing/out.csv gap
gzip --stdout "$data/go1.17.txt" >two.gz
expect 0 '' export --csv -o two.csv "$data/memgc_scheme.txt" two.gz
[[ $(wc -l <two.csv) == 43 && $(tail -1 two.csv) == 1,* ]] || { echo 'export of two files'; failures=$((failures + 1)); }
if type promtool &>/dev/null; then
  for trace in "$data"/*.txt; do
    "$program" export --prometheus "$trace" 2>/dev/null | promtool check metrics || { echo "promtool: $trace"; failures=$((failures + 1)); }
  done
fi

expect 0 'p99.9|99.9 %' explain p99.9
expect 0 'it breaks off' explain whole
expect 0 'CPU time of the same' explain
expect 2 'neither a field nor a figure' explain nonsense

expect 7 'program said.*all +1' run -- sh -c "echo program said >&2; cat '$data/go1.5.txt' >&2; exit 7"
expect 3 "'cycles>0' holds" run --fail-if 'cycles>0' -- sh -c "cat '$data/go1.5.txt' >&2"
expect 1 'cannot run ./missing' run -- ./missing
[[ $("$program" run -o out -- echo its own 2>/dev/null) == 'its own' && -s out ]] || { echo 'run -o'; failures=$((failures + 1)); }

# The completion offers what there is; the page is one that man accepts.
"$program" completion bash >completion
words() { bash -c 'source ./completion; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _memgc_trace; echo "${COMPREPLY[*]}"' _ "$@"; }
[[ $(words memgc-trace summ) == summary ]] || { echo 'completion of a command'; failures=$((failures + 1)); }
[[ $(words memgc-trace summary --fail) == --fail-if ]] || { echo 'completion of an option'; failures=$((failures + 1)); }
"$program" man >page
for command in follow top export; do
  [[ $(words memgc-trace "${command:0:4}") == "$command" ]] || { echo "completion of $command"; failures=$((failures + 1)); }
  grep -q "^\.SS $command" page || { echo "man: $command"; failures=$((failures + 1)); }
done
grep -q '^\.SS summary' page || { echo 'man'; failures=$((failures + 1)); }

((failures == 0))
