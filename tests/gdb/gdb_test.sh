#!/usr/bin/env bash
# gdb with the library's script, on a program that knows where its objects are, running and as a core: both tell the same,
# and the truth. Called by ctest with PROGRAM (built from program.cc), SCRIPT (memgc-gdb.py), WORK (a folder for this
# test alone) and OBJCOPY set.
set -euo pipefail

fail() {
  echo "gdb_test: $*" >&2
  exit 1
}

command -v gdb >/dev/null || { echo "gdb_test: skipped: there is no gdb"; exit 77; }
rm -rf "$WORK"
mkdir -p "$WORK"
cd "$WORK"

commands=(
  'memgc heap'
  'memgc object at_first' 'memgc object at_second + 9' 'memgc object at_traced' 'memgc object at_owner'
  'memgc object at_large + 200000' 'memgc object at_fresh' 'memgc object at_fresh + 24' 'memgc object at_second_heap'
  'memgc object &at_first'
  'memgc why-live at_third' 'memgc why-live at_traced_node' 'memgc why-live at_on_stack' 'memgc why-live at_in_range'
  'memgc why-live at_dropped'
  'print *keep_first' 'print *(Node*)at_first' 'print *weak' 'print *dead_weak' 'print *ephemeron'
  'print *(memgc::Array<Point>*)*(void**)keep_points->slot_' 'print *(memgc::Array<memgc::Member<Node> >*)*(void**)keep_members->slot_'
  'memgc object' 'memgc heap now'
)

# ask GDB-ARGUMENTS...: what gdb answers to each command, below a line with the command.
ask() {
  local arguments=() command
  for command in "${commands[@]}"; do arguments+=(-ex "echo \\n> $command\\n" -ex "$command"); done
  gdb -q -batch -nx "$@" -ex 'echo \n> begin\n' "${arguments[@]}" 2>&1 | sed '1,/^> begin$/d' || true  # gdb fails if one command does
}

# answer FILE COMMAND: what was answered to it.
answer() { awk -v wanted="> $2" '$0 == wanted { on = 1; next } /^> / { on = 0 } on && NF' "$1"; }

# expect COMMAND REGEX: a line of the answer must match.
expect() {
  answer live "$1" | grep --quiet --extended-regexp -- "$2" ||
    fail "'$1' has no line that matches '$2':"$'\n'"$(answer live "$1")"
}

stopped=(-ex 'break stop_here' -ex run)
ask -iex "add-auto-load-safe-path $PROGRAM" "${stopped[@]}" -ex 'generate-core-file core' "$PROGRAM" >live
[[ -s core ]] || { cat live >&2; fail 'gdb wrote no core'; }
ask -iex "add-auto-load-safe-path $PROGRAM" -ex 'core core' "$PROGRAM" >from_core
diff live from_core || fail 'a running program and its core are told apart, see above'

# at NAME: what the program says of where the object is.
at() { sed -n "s/^$1=//p" truth; }
names=(at_first at_second at_third at_traced at_traced_node at_owner at_large at_fresh at_on_stack at_in_range at_second_heap at_dropped)
numbers=()
for name in "${names[@]}"; do numbers+=(-ex "printf \"$name=0x%lx\\n\", $name"); done
gdb -q -batch -nx -ex 'core core' "${numbers[@]}" "$PROGRAM" 2>/dev/null >truth

# Sizes, layouts, states.
node='type: .*Node'
expect 'memgc heap' '^heap at 0x[0-9a-f]+: 1 cycles, idle$'
expect 'memgc heap' '^heap at 0x[0-9a-f]+: 0 cycles, idle$'
expect 'memgc heap' '^  thread gdb_program \([0-9]+\), blocked$'
expect 'memgc heap' '^ +24 +1 +8 +192  .*Node'     # three in the list, traced's, the thread's two, two not yet collected
expect 'memgc heap' '^ +large +5 +1 +327680  .*char'
expect 'memgc heap' 'goal none$'
expect 'memgc object at_first' "^$(at at_first): 0 bytes into the 24 bytes at $(at at_first)$"
expect 'memgc object at_first' "$node"
expect 'memgc object at_first' '^  pointers: at offsets 0, 8$'
expect 'memgc object at_first' '^  live: kept by the last cycle, or made since$'
expect 'memgc object at_second + 9' ": 9 bytes into the 24 bytes at $(at at_second)$"
expect 'memgc object at_traced' 'pointers: as its trace\(\) says'
expect 'memgc object at_owner' 'bits: occupied 1, kept 0, new 0, owed a destructor 1$'
expect 'memgc object at_large + 200000' ": 200000 bytes into the 327680 bytes at $(at at_large)$"
expect 'memgc object at_fresh' '^  live: made by thread gdb_program \([0-9]+\) since the last cycle$'
expect 'memgc object at_fresh + 24' '^  free: next to be used by thread gdb_program'
expect 'memgc object at_second_heap' "$node"
expect 'memgc object &at_first' '^memgc: 0x[0-9a-f]+ is in no heap$'

# Why an object is alive.
expect 'memgc why-live at_third' '^  a Root, whose slot is at'
expect 'memgc why-live at_third' "^  the field at offset 0 of $(at at_first) \(.*Node"
expect 'memgc why-live at_third' "^  the field at offset 8 of $(at at_second) \(.*Node"
expect 'memgc why-live at_traced_node' "^  the field at offset 0 of $(at at_traced) \(Traced"
expect 'memgc why-live at_on_stack' 'thread gdb_program \([0-9]+\)'
expect 'memgc why-live at_in_range' 'a root range of thread gdb_program'
expect 'memgc why-live at_dropped' 'nothing refers to it; the next cycle frees it'

# Printers.
expect 'print *keep_first' "= \(Node \*\) $(at at_first)$"
expect 'print *(Node*)at_first' "next = \(Node \*\) $(at at_second), other = \(Node \*\) 0x0, value = 1"
expect 'print *weak' "= \(Node \*\) $(at at_first)$"
expect 'print *dead_weak' '= \(Node \*\) 0x0$'
expect 'print *ephemeron' "= \{key = $(at at_first), value = 0x"
expect 'print *(memgc::Array<Point>*)*(void**)keep_points->slot_' '= memgc::Array of 2 = \{\{x = 1, y = 2\}, \{x = 3, y = 4\}\}$'
expect 'print *(memgc::Array<memgc::Member<Node> >*)*(void**)keep_members->slot_' \
  "= memgc::Array of 3 = \{\(Node \*\) 0x0, \(Node \*\) $(at at_first), \(Node \*\) 0x0\}"

# Wrong use, and nothing to go by: a line each.
expect 'memgc object' '^memgc: usage: memgc object ADDRESS$'
expect 'memgc heap now' '^memgc: usage: memgc heap$'

# tell WHAT REGEX GDB-ARGUMENTS...: what gdb says must have this line, once, and no Python traceback.
tell() {
  local what=$1 regex=$2 output
  shift 2
  output=$(gdb -q -batch -nx "$@" 2>&1 || true)
  [[ $(grep --count --extended-regexp -- "$regex" <<<"$output") == 1 && $output != *Traceback* && $output != *'Python Exception'* ]] ||
    fail "$what: no single line '$regex' in:"$'\n'"$output"
}
"$OBJCOPY" --strip-debug "$PROGRAM" stripped
tell 'no debug information' '^memgc: this program has no debug information of the library' \
  "${stopped[@]}" -ex "source $SCRIPT" -ex 'memgc heap' ./stripped
tell 'no program' '^memgc: no program to look at' -ex "source $SCRIPT" -ex 'memgc heap'
tell 'loaded twice' '^heap at .*: 1 cycles' -iex "add-auto-load-safe-path $PROGRAM" -ex "source $SCRIPT" -ex "source $SCRIPT" \
  "${stopped[@]}" -ex 'memgc heap' "$PROGRAM"
tell 'a folder that gdb does not trust' 'auto-loading has been declined' -ex 'memgc heap' "$PROGRAM"
