#!/usr/bin/env bash
# Job: memgc-pkggraph as its user meets it: where the index may come from and in which compression, options, exit
# statuses, and one clear line for everything that is wrong.
#
#   command_line_test.sh MEMGC_PKGGRAPH
set -u
program=$(readlink -f "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
unset MEMGC MEMLIMIT MEMDEBUG
failures=0

# expect STATUS STDOUT_PATTERN STDERR_PATTERN ARGUMENTS...: patterns are bash's; an empty one wants nothing printed.
expect() {
  local status=0 want_status=$1 want_out=$2 want_err=$3
  shift 3
  "$program" "$@" >out 2>err || status=$?
  local out err
  out=$(<out)
  err=$(<err)
  # shellcheck disable=SC2053 # they are patterns
  if [[ $status != "$want_status" || $out != $want_out || $err != $want_err ]]; then
    failures=$((failures + 1))
    printf 'FAILED: %s\n  status %s, wanted %s\n  stdout: %s\n  wanted: %s\n  stderr: %s\n  wanted: %s\n' \
      "$*" "$status" "$want_status" "$out" "$want_out" "$err" "$want_err"
  fi
}

cat >index <<'TEXT'
Package: a
Version: 1
Installed-Size: 10
Depends: b (>= 1) | c,
 d

Package: b
Version: 2
Depends: c

Package: c
Version: 1
Depends: b

Package: e
Version: 1
Provides: d
TEXT

answer=$'a 1\n  Depends: d (d is provided)\ne 1\n1 link from a to e'

# --- Where the index comes from ---
expect 0 "$answer" "" --index index why a e
for tool in gzip bzip2 xz zstd lz4; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed"; continue; }
  "$tool" -c <index >"index.$tool"
  expect 0 "$answer" "" --index "index.$tool" why a e
  expect 0 "$answer" "*: as in a fresh graph" --index "index.$tool" --churn 50 --check why a e
  expect 0 "$answer" "" --index - why a e <"index.$tool"
done
expect 0 "$answer" "" --index - why a e <index
expect 0 "$answer" "*: as in a fresh graph" --index - --churn 50 --check why a e < <(cat index)
if command -v gzip >/dev/null; then
  gzip -c <index | gzip -c >index.twice
  expect 0 "$answer" "" --index index.twice why a e
  head -c 100 index.gzip >index.cut
  expect 2 "" "memgc-pkggraph: index.cut: *truncated gzip input*" --index index.cut why a e
fi

# --- apt-cache is asked when there is no --index ---
mkdir bin
printf '#!/bin/sh\n[ "$1" = dumpavail ] || exit 9\ncat "%s"\n' "$scratch/index" >bin/apt-cache
chmod +x bin/apt-cache
PATH="$scratch/bin:$PATH" expect 0 "$answer" "" why a e
PATH="$scratch/bin:$PATH" expect 0 "$answer" "*: as in a fresh graph" --churn 20 --check why a e
printf '#!/bin/sh\ncat "%s"\nexit 100\n' "$scratch/index" >bin/apt-cache
PATH="$scratch/bin:$PATH" expect 2 "" "memgc-pkggraph: apt-cache dumpavail: exited with status 100" why a e
printf '#!/bin/sh\nexit 0\n' >bin/apt-cache
PATH="$scratch/bin:$PATH" expect 2 "" "memgc-pkggraph: apt-cache dumpavail: expected a package index, got no package at all (apt-get update *" why a e
PATH=/nonexistent expect 2 "" "memgc-pkggraph: apt-cache dumpavail: No such file or directory (give a package index with --index FILE)" why a e

# --- Answers and their exit statuses ---
expect 1 "no chain of dependencies leads from e to a" "" --index index why e a
expect 0 $'a  Depends: b (>= 1) | c\nb  Depends: c\n2 dependencies on c' "" --index index --check rdeps c
expect 0 $'  1 a\n  1 b\n2 packages depend on c, at most 1 links away' "" --index index rdeps --recursive c --check
expect 0 $'2 packages:\n    b c\n    circle: b -> c -> b\n1 groups *' "" --index index cycles --check
expect 0 $'by Installed-Size:\n*\n*0.0  a 1\nwith all *4  a 1' "" --index index largest 1 --check
expect 0 $'names: 5 (4 packages, 1 virtual, 0 that *' "stats program=memgc-pkggraph cycles=*" --index index stats --stats
expect 0 "*Subcommands:*" "" --help
expect 0 "0.*" "" --version

# --- What is wrong is said in one line ---
expect 2 "" 'memgc-pkggraph: no package is called "aa"; did you mean a?' --index index rdeps aa
expect 2 "" "memgc-pkggraph: d is a virtual package: ask for one that provides it (e)" --index index why d a
expect 2 "" "memgc-pkggraph: nowhere: No such file or directory" --index nowhere stats
expect 2 "" "memgc-pkggraph: bin: expected a file, got a directory" --index bin stats
expect 2 "" "memgc-pkggraph: /dev/null: expected a package index, got no package at all" --index /dev/null stats
printf 'Package: a\nVersion: 1\nDepends: b (\n' >broken
expect 2 "" "memgc-pkggraph: broken:3: expected one of << <= = >= >> after '(', got the end of the field" --index broken stats
expect 2 "" "memgc-pkggraph: expected a question: rdeps, why, cycles, largest or stats (see --help)" --index index
expect 2 "" "memgc-pkggraph: *bogus*" --index index bogus
expect 2 "" "memgc-pkggraph: PACKAGE is required *" --index index rdeps
expect 2 "" "memgc-pkggraph: *--churn*" --index index --churn many stats
expect 2 "" "memgc-pkggraph: *--churn*" --index index --churn -5 stats
expect 2 "" "memgc-pkggraph: *--threads*" --index index --churn 5 --threads 0 stats
MEMGC=fast expect 2 "" "memgc-pkggraph: *MEMGC*fast*" --index index stats
TMPDIR=$scratch/none expect 2 "" "memgc-pkggraph: $scratch/none/*No such file or directory (--churn keeps *" --index - --churn 1 stats < <(cat index)

((failures == 0)) || { echo "$failures failed"; exit 1; }
