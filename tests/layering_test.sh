#!/usr/bin/env bash
# Checks the house's rules: nothing includes upward; allocator/ has no word of collection; every folder has a README;
# the top level is as the design fixes it.
#
#   layering_test.sh [ROOT]        reports each violation as file:line: why, or file: why; exit 1 if there is one
#   layering_test.sh --self-test   makes each kind of violation in a tree of its own and expects it to be reported
#
# allocator/base -> allocator -> runtime -> tools, bench; tests may include anything.
set -euo pipefail

# includes FOLDER: every #include below it, as file:line:what, what with its quotes or brackets.
includes() {
  [[ -d $1 ]] || return 0
  grep --recursive --line-number --perl-regexp --only-matching --include='*.h' --include='*.cc' \
    '^\s*#\s*include\s*\K("[^"]*"|<[^>]*>)' "$1" || true
}

violations=0
report() {
  echo "$1: $2"
  violations=$((violations + 1))
}

# forbid FOLDER PATTERN WHY: no include below FOLDER may match PATTERN (an extended regular expression on `"path"` or `<path>`).
forbid() {
  local hit
  while IFS= read -r hit; do
    [[ ${hit##*:} =~ $2 ]] && report "${hit%:*}" "includes ${hit##*:}: $3"
  done < <(includes "$1")
  return 0
}

# allow FOLDER PATTERN WHY: every include below FOLDER must match PATTERN.
allow() {
  local hit
  while IFS= read -r hit; do
    [[ ${hit##*:} =~ $2 ]] || report "${hit%:*}" "includes ${hit##*:}: $3"
  done < <(includes "$1")
  return 0
}

check_public_headers() {
  local folder=$1
  # Standard headers have neither a slash nor a suffix.
  allow "$folder" '^(["<]memgc/[^"]*[">]|<[a-z_]+>)$' 'a public header includes only memgc/ and the standard library'
}

check() {
  cd "$1"
  forbid allocator '^["<](runtime|tools|bench|tests)/' 'allocator/ is the lowest layer'
  allow allocator/base '^("allocator/base/|<)' 'allocator/base is below the rest of allocator/'
  forbid allocator/base '^["<](allocator/include|memgc)/' 'allocator/base is below what allocator/ exports'
  forbid runtime '^["<](tools|bench|tests)/' 'runtime/ is below tools/, bench/ and tests/'
  local folder
  for folder in tools bench; do
    forbid $folder '^["<](runtime|allocator)/|^["<]memgc/internal/' "$folder/ uses the public headers alone"
  done
  forbid tools '^["<](bench|tests)/' 'tools/ knows neither bench/ nor tests/'
  forbid bench '^["<]tests/' 'bench/ does not know tests/'
  check_public_headers runtime/include
  check_public_headers allocator/include

  # What allocator/ may include as memgc/ is only what it exports itself.
  local hit path
  while IFS= read -r hit; do
    path=${hit##*:}
    path=${path:1:-1}
    [[ $path == memgc/* && ! -e allocator/include/$path ]] && report "${hit%:*}" "includes $path: that is a header of runtime/"
  done < <(includes allocator)

  # allocator/ speaks of blocks, runs, cells and kept cells; who decides what is kept is not its business.
  while IFS= read -r hit; do
    report "${hit%%:*}:$(cut -d: -f2 <<<"$hit")" "allocator/ has no word of collection: $(cut -d: -f3- <<<"$hit")"
  done < <(grep --recursive --line-number --ignore-case --extended-regexp --include='*.h' --include='*.cc' \
    'collector|mutator|marker|sweeper' allocator || true)

  # Every folder of the house, and every program.
  local program
  while IFS= read -r program; do
    folder=${program%/CMakeLists.txt}
    [[ -s $folder/README.md ]] || report "$folder" 'has no README.md'
  done < <(printf '%s\n' allocator runtime tools bench tests
           grep --files-with-matches --recursive --include=CMakeLists.txt add_executable tools || true)
  local entry
  while IFS= read -r entry; do
    case $entry in
      .* | allocator | runtime | tools | bench | tests | CMakeLists.txt | CMakePresets.json | README.md | LICENSE) ;;
      *) report "$entry" 'does not belong at the top level' ;;
    esac
  done < <([[ ! -e .git ]] || git ls-files | cut -d/ -f1 | sort -u)
}

# --- The test of the test ---

# expect WHAT FILE LINE: a clean tree with LINE added in FILE must be reported, at FILE:1.
expect() {
  local tree
  tree=$(mktemp -d)
  make_clean_tree "$tree"
  mkdir -p "$tree/$(dirname "$2")"
  echo "$3" >"$tree/$2"
  expect_report "$tree" "$1" "$2:1: "
}

# expect_report TREE WHAT REPORT: checking TREE must fail and print REPORT. Removes TREE.
expect_report() {
  local output
  if output=$("$0" "$1") || [[ $output != *"$3"* ]]; then
    echo "not reported: $2 (as '$3')"
    violations=$((violations + 1))
  fi
  rm -rf "$1"
}

# What every rule allows, so that a check which reports everything does not pass for one that bites.
make_clean_tree() {
  mkdir -p "$1"/{allocator/base,allocator/include/memgc/internal,runtime/include/memgc/internal,tools/x,bench,tests}
  echo '#include <vector>' >"$1/allocator/base/bits.h"
  echo '#include <cstddef>' >"$1/allocator/include/memgc/internal/run.h"
  printf '#include "allocator/base/bits.h"\n#include <sys/mman.h>\n#include "memgc/internal/run.h"\n' >"$1/allocator/block.cc"
  printf '#include "allocator/block.h"\n#include "memgc/heap.h"\n' >"$1/runtime/heap.cc"
  printf '#include <memory>\n#include "memgc/internal/run.h"\n' >"$1/runtime/include/memgc/heap.h"
  printf '#include <memgc/memgc.h>\n#include "tools/x/x.h"\n#include <fmt/core.h>\n' >"$1/tools/x/x.cc"
  printf '#include <memgc/memgc.h>\n#include "bench/harness.h"\n' >"$1/bench/trees.cc"
  printf '#include "runtime/cycle.h"\n#include "allocator/block.h"\n' >"$1/tests/test.cc"
  local folder
  echo 'add_executable(x x.cc)' >"$1/tools/x/CMakeLists.txt"
  for folder in allocator runtime tools tools/x bench tests; do echo 'What is here.' >"$1/$folder/README.md"; done
}

self_test() {
  local clean folder
  clean=$(mktemp -d)
  make_clean_tree "$clean"
  "$0" "$clean" || { echo 'a clean tree was reported'; violations=1; }
  rm -r "$clean"
  expect 'allocator on runtime' allocator/a.h '#include "runtime/heap.h"'
  expect 'allocator on a public header' allocator/a.cc '#include <memgc/heap.h>'
  expect 'allocator on tests' allocator/a.cc '#  include "tests/util.h"'
  expect 'base on allocator' allocator/base/a.h '#include "allocator/block.h"'
  expect 'base on what allocator exports' allocator/base/a.h '#include <memgc/internal/run.h>'
  expect 'runtime on tools' runtime/a.cc '#include "tools/x/x.h"'
  expect 'runtime on bench' runtime/deep/er/a.h ' #include "bench/harness.h"'
  expect 'tools on runtime' tools/x/a.cc '#include "runtime/heap.h"'
  expect 'tools on allocator' tools/x/a.h '#include "allocator/block.h"'
  expect 'tools on internals' tools/x/a.cc '#include <memgc/internal/thread_state.h>'
  expect 'tools on bench' tools/x/a.cc '#include "bench/harness.h"'
  expect 'bench on internals' bench/a.cc '#include "memgc/internal/run.h"'
  expect 'bench on runtime' bench/a.cc '#include "runtime/heap.h"'
  expect 'bench on tests' bench/a.cc '#include "tests/util.h"'
  expect 'public on runtime' runtime/include/memgc/a.h '#include "runtime/heap.h"'
  expect 'public on the system' runtime/include/memgc/a.h '#include <sys/mman.h>'
  expect 'public on a library' runtime/include/memgc/a.h '#include <fmt/core.h>'
  expect 'public allocator on allocator' allocator/include/memgc/internal/a.h '#include "allocator/block.h"'
  expect 'a collector in allocator' allocator/a.h '// Called by the Collector.'
  expect 'mutators in allocator' allocator/a.cc 'int mutators = 0;'
  expect 'a marker in allocator' allocator/base/a.h 'class StackMarker;'
  expect 'a sweeper in allocator' allocator/a.cc 'void sweeper();'

  local tree
  for folder in runtime tools/x; do
    tree=$(mktemp -d)
    make_clean_tree "$tree"
    rm "$tree/$folder/README.md"
    expect_report "$tree" 'a folder without README' "$folder: has no README.md"
  done
  tree=$(mktemp -d)
  make_clean_tree "$tree"
  mkdir "$tree/doc"
  touch "$tree/doc/notes.md"
  git -C "$tree" init --quiet
  git -C "$tree" add .
  expect_report "$tree" 'a stray at the top level' 'doc: does not belong at the top level'
}

if [[ ${1-} == --self-test ]]; then
  self_test
else
  check "${1-$(dirname "$0")/..}"
fi
if ((violations > 0)); then
  echo "$violations violation(s)"
  exit 1
fi
