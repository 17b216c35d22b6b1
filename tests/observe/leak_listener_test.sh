#!/usr/bin/env bash
# LeakListener, in a program of tests of which some leave things behind (leaky_tests.cc, as PROGRAM).
set -euo pipefail

# run TEST: its output, and its status.
run() {
  status=0
  output=$(MEMDEBUG=types=1,profilerate=1 "$PROGRAM" --gtest_filter="Leaky.$1" 2>&1) || status=$?
}
fail() {
  echo "leak_listener_test: $*"$'\n'"$output" >&2
  exit 1
}
# passes TEST; fails_with TEST REGEX...: it fails, with a line for each.
passes() {
  run "$1"
  [[ $status == 0 && $output != *'left behind'* ]] || fail "$1 has left nothing, and failed or was blamed"
}
fails_with() {
  local test=$1 regex
  shift
  run "$test"
  [[ $status != 0 ]] || fail "$test passes"
  for regex in "$@"; do
    grep --quiet --extended-regexp -- "$regex" <<<"$output" || fail "$test: no line matches '$regex'"
  done
}

passes LeavesNothing
passes LeavesWhatIsKnown
fails_with LeavesSessions 'leaky_tests\.cc:[0-9]+: Failure' 'the test has left behind:' \
  '^  7 objects of type .*Session, 112 bytes, in heap 1$' '^      .*open_sessions'
fails_with LeavesARoot '^  1 Root that refers to null$'
fails_with FailsAndLeavesSessions 'for a reason of its own'
[[ $output != *'left behind'* ]] || fail 'a test that had failed already is blamed for what it left'
