#!/usr/bin/env bash
# Job: pins that memgc-reports keeps answering under an overload, and that the same overload kills it without shedding.
# Usage: overload_test.sh PROGRAM
set -euo pipefail

program=$1
scratch=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2> /dev/null || true; rm -rf "$scratch"' EXIT

fail() {
  echo "FAILED: $1" >&2
  cat "$scratch"/serve.* >&2
  exit 1
}

# start ARGUMENTS...: sets server and port.
start() {
  "$program" serve "$@" > "$scratch/serve.out" 2> "$scratch/serve.err" &
  server=$!
  for _ in $(seq 600); do
    port=$(sed -n 's/^listening on 127\.0\.0\.1:\([0-9]*\)$/\1/p' "$scratch/serve.out")
    [[ -z $port ]] || return 0
    sleep 0.1
  done
  fail "it does not listen"
}

# count WORD: the number after it in what the load said.
count() { sed -n "s/.*$1 \([0-9]*\).*/\1/p" "$scratch/load"; }

# 64 reports of 4 MB at once on a heap of 64 MiB.
start
"$program" load --port "$port" --requests 5 > "$scratch/load" || fail "requests were lost: $(cat "$scratch/load")"
cat "$scratch/load"
(($(count answered) > 0)) || fail "nobody was answered"
(($(count shed) > 0)) || fail "nobody was told to come back later: was that an overload?"

# When it is over, everybody is served again, though nothing was made meanwhile that would have begun a collection.
for ((i = 0; ; ++i)); do
  "$program" load --port "$port" --clients 1 --requests 1 > "$scratch/load" || fail "it is gone after the overload"
  (($(count answered) == 0)) || break
  ((i < 600)) || fail "a minute after the overload it still says 429"
  sleep 0.1
done
echo "served again after $i more tries"
"$program" load --port "$port" --clients 1 --requests 3 --rows 10 > "$scratch/load" || fail "it does not answer"
kill "$server"
wait "$server" || fail "exit status $? after SIGTERM"
grep -q '^answered [0-9]*, shed before' "$scratch/serve.out" || fail "no summary"

# On a busy machine reports may come one after the other for a while, and are no overload then.
start --no-shedding
for ((i = 0; ; ++i)); do
  "$program" load --port "$port" --requests 5 > "$scratch/load" || break
  ((i < 20)) || fail "the overload kills nobody: $(cat "$scratch/load")"
done
status=0
wait "$server" || status=$?
server=
((status == 3)) || fail "exit status $status without shedding, expected 3"
grep -q 'out of memory' "$scratch/serve.err" || fail "it does not say why it died"
echo "without shedding: dead"

# Bad input: one clear line, exit 2.
for arguments in "" "serve --max-mib 1" "load" "load --port 0" "serve --port x"; do
  status=0
  "$program" $arguments > "$scratch/out" 2>&1 || status=$?
  ((status == 2)) || fail "'$arguments': exit status $status, expected 2"
done
