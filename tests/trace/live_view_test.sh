#!/usr/bin/env bash
# memgc-trace follow and top from outside: files that grow and rotate, pipes, programs; top on a pseudo-terminal.
# What is waited for is an event, never a time; the test's own timeout ends a wait that is in vain.
#
#   live_view_test.sh PROGRAM DATA
set -euo pipefail
program=$1 data=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
failures=0
fail() {
  echo "$*"
  failures=$((failures + 1))
}
# until_in PATTERN FILE: waits for it.
until_in() { until grep -qE -- "$1" "$2" 2>/dev/null; do sleep 0.05; done; }

# A pipe: its figures when it ends, with what was lost.
sed 20,22d "$data/memgc_scheme.txt" | "$program" follow - >pipe 2>&1
grep -q '\[3 lost, 0 cut, 0 malformed\]' pipe || fail "follow of a pipe: $(cat pipe)"
"$program" follow --count 1 "$data/go1.26_workers.txt" >file 2>&1
[[ $(wc -l <file) == 2 ]] || fail "follow --count: $(cat file)"

# A file that is not there yet, grows, and is rotated.
"$program" follow --interval 0.05 log >grown 2>grown.err &
follower=$!
until_in 'no trace line yet' grown.err
head -20 "$data/memgc_scheme.txt" >log
until_in ' MiB|KiB|  0 B' grown
mv log log.1
sed -n '24,$p' "$data/memgc_scheme.txt" >log
until_in '\[3 lost' grown
kill -TERM $follower
wait $follower || fail "follow: status $? at SIGTERM"

# A program: its output stays its own, its trace is not shown, its status is ours.
status=0
"$program" follow -- sh -c "echo out; echo err >&2; cat '$data/go1.17.txt' >&2; exit 7" >out 2>err || status=$?
[[ $status == 7 && $(cat out) == out ]] || fail "follow of a program: status $status, $(cat out)"
grep -q '^err$' err || fail 'follow of a program: its other output is gone'
! grep -q '^gc ' err || fail 'follow of a program: its trace is shown'
grep -q 'GC CPU' err || fail 'follow of a program: no figures'

usage() {
  local got=0
  "$program" "$@" >usage 2>&1 </dev/null || got=$?
  [[ $got == 2 && $(wc -l <usage) == 1 ]] || fail "$*: status $got, $(cat usage)"
}
usage follow one two
usage follow --
usage follow --interval 0 log
usage follow --count 1 -- true
usage top --limit much log

# Without a terminal, top is follow, and says so once.
"$program" top - <"$data/go1.17.txt" >plain 2>plain.err
[[ $(grep -c 'needs a terminal' plain.err) == 1 ]] && grep -q 'GC CPU' plain || fail "top without a terminal: $(cat plain plain.err)"

# On a terminal: the alternate screen is entered and left, whatever ends it, and the terminal's settings come back.
if type script &>/dev/null; then
  # on_terminal COMMAND: run by a shell on a terminal of 100 columns and 40 rows; what it shows goes to `screen`, whose
  # first line is the command itself: what it waits for must not be found in that.
  on_terminal() {
    : >screen
    TERM=xterm LC_ALL=C.UTF-8 script --quiet --flush --return --command \
      "stty rows 40 cols 100; stty -g >before; $1; echo status \$?; stty -g >after" screen >/dev/null </dev/null
  }
  restored() {
    grep -qF $'\e[?1049h' screen && grep -qF $'\e[?1049l' screen && grep -qF $'\e[?25h' screen || fail "$1: the screen is not given back"
    cmp -s before after || fail "$1: the terminal's settings are not given back"
  }
  cp "$data/go1.26_workers.txt" live
  on_terminal "$program top --interval 0.05 -- sh -c 'echo words; cat live >&2; until grep -q live.*[0-9].MiB screen; do sleep 0.05; done'"
  restored 'top of a program'
  grep -q 'status 0' screen || fail 'top of a program: status'
  grep -q 'heap before.*█' screen || fail 'top: no bars'
  grep -q '▁.* to ' screen || fail 'top: no sparkline'
  grep -qF $'words\e' screen || fail "top: the program's words are gone"
  for signal in INT TERM HUP; do
    on_terminal "$program top --interval 0.05 live & echo \$! >pid; until grep -q 'live.*[0-9] MiB' screen; do sleep 0.05; done; kill -$signal \$(cat pid); wait \$(cat pid)" || true
    grep -q 'status 0' screen || fail "top: status at SIG$signal"
    restored "top at SIG$signal"
  done
  # A new size is drawn at once, not at the next interval.
  on_terminal "$program top --interval 3600 live & echo \$! >pid; until grep -q '[C]trl-C' screen; do sleep 0.05; done; stty rows 12 cols 61; until grep -qE 'Ctrl-C ends {3,20}.\[0m' screen; do sleep 0.05; done; kill \$(cat pid); wait \$(cat pid)"
  restored 'top at a new size'
else
  echo 'script (util-linux) is not there: top was not tried on a terminal'
fi

((failures == 0))
