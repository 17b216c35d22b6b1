#!/usr/bin/env bash
# memgc from outside, as an embedder meets it: installed into a fresh prefix, found, compiled, run. Called by ctest
# (see CMakeLists.txt there) with SOURCE (memgc's checkout), WORK (a folder for this test alone), PREFIX (where memgc is
# installed), CMAKE, CXX, GENERATOR and LAUNCHER set.
set -euo pipefail

fail() {
  echo "embed_test: $*" >&2
  exit 1
}

# configure SOURCE BUILD ARGUMENTS...
configure() {
  local source=$1 build=$2
  shift 2
  "$CMAKE" -S "$source" -B "$build" -G "$GENERATOR" -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_COMPILER_LAUNCHER="$LAUNCHER" "$@"
}

# run_program PROGRAM OUTPUT: PROGRAM must succeed and print just OUTPUT.
run_program() {
  local output
  output=$("$1") || fail "$1 failed: $output"
  [[ $output == "$2" ]] || fail "$1 printed '$output' instead of '$2'"
}

# link_is PROGRAM static|shared: whether PROGRAM asks for libmemgc.so at run time, and by the name with the ABI's version.
link_is() {
  local needed
  needed=$(readelf --dynamic --wide "$1" | grep --only-matching 'libmemgc\.so[^]]*' || true)
  case $2 in
    shared) [[ $needed == libmemgc.so.0.1 ]] || fail "$1 needs '$needed' instead of libmemgc.so.0.1" ;;
    *) [[ -z $needed ]] || fail "$1 is not linked statically: it needs $needed" ;;
  esac
}

says() {
  if [[ $1 == checked ]]; then echo "memgc 0.1.0 works, with checks"; else echo "memgc 0.1.0 works"; fi
}

# install KIND: static, shared, or checked (static, with the embedder's checks). Installs and moves the prefix away
# from where it was installed to: what it holds may not know its own address. memgc::observe is in the first alone: it
# takes as long to build as all else.
install_memgc() {
  local options=(-DCMAKE_BUILD_TYPE=Release)
  case $1 in
    shared) options+=(-DBUILD_SHARED_LIBS=ON -DMEMGC_BUILD_OBSERVE=OFF) ;;
    checked) options=(-DCMAKE_BUILD_TYPE=Debug -DMEMGC_CHECKS=ON -DMEMGC_BUILD_OBSERVE=OFF) ;;
  esac
  rm -rf "$PREFIX" "$WORK/staging"
  configure "$SOURCE" "$WORK/build" -DMEMGC_BUILD_TESTS=OFF -DMEMGC_BUILD_BENCH=OFF -DMEMGC_BUILD_TOOLS=OFF "${options[@]}"
  "$CMAKE" --build "$WORK/build" --parallel 2
  "$CMAKE" --install "$WORK/build" --prefix "$WORK/staging"
  mkdir -p "$(dirname "$PREFIX")"
  mv "$WORK/staging" "$PREFIX"
}

# find_package KIND
find_package() {
  rm -rf "$WORK/build"
  configure "$SOURCE/tests/embed/consumer" "$WORK/build" -DCMAKE_PREFIX_PATH="$PREFIX"
  "$CMAKE" --build "$WORK/build"
  run_program "$WORK/build/program" "$(says "$1")"
  link_is "$WORK/build/program" "$1"
}

# compile SOURCE PROGRAM FLAGS...: with what pkg-config answers, and nothing else that is memgc's.
compile() {
  local source=$1 program=$2 flags
  shift 2
  export PKG_CONFIG_LIBDIR
  PKG_CONFIG_LIBDIR=$(dirname "$(find "$PREFIX" -name memgc.pc)")
  mapfile -t flags < <(pkg-config --cflags --libs memgc | xargs printf '%s\n')
  "$CXX" -std=c++20 -O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror "$@" "$source" -o "$program" "${flags[@]}"
}

# pkg_config KIND
pkg_config() {
  mkdir -p "$WORK"
  compile "$SOURCE/tests/embed/consumer/program.cc" "$WORK/program"
  local library
  library=$(find "$PREFIX" \( -name libmemgc.a -o -name libmemgc.so \) -print -quit)
  LD_LIBRARY_PATH=$(dirname "$library") run_program "$WORK/program" "$(says "$1")"
  link_is "$WORK/program" "$1"
  [[ $(pkg-config --modversion memgc) == 0.1.0 ]] || fail "pkg-config tells the version $(pkg-config --modversion memgc)"
}

add_subdirectory() {
  rm -rf "$WORK/build"
  configure "$SOURCE/tests/embed/subproject" "$WORK/build" -DMEMGC_SOURCE_DIR="$SOURCE"
  "$CMAKE" --build "$WORK/build" --parallel 2
  run_program "$WORK/build/program" "$(says static)"
  "$CMAKE" --install "$WORK/build" --prefix "$WORK/prefix"
  [[ ! -e $WORK/prefix/include ]] || fail "memgc installs itself with the project that embeds it"
}

no_exceptions() {
  mkdir -p "$WORK"
  compile "$SOURCE/tests/embed/no_exceptions.cc" "$WORK/program" -fno-exceptions -fno-rtti
  run_program "$WORK/program" "no exceptions, no RTTI: works"
}

# Every installed header compiles on its own; but memgc/benchmark.h after Google Benchmark's, and says so without it.
headers() {
  mkdir -p "$WORK"
  local header count=0
  while IFS= read -r header; do
    echo "#include <$header>" >"$WORK/header.cc"
    if [[ $header == memgc/benchmark.h ]]; then
      local errors
      errors=$(compile "$WORK/header.cc" /dev/null -fsyntax-only 2>&1) && fail "<$header> compiles on its own"
      [[ $(grep --count 'error:' <<<"$errors") == 1 && $errors == *'include <benchmark/benchmark.h> before it'* ]] ||
        fail "<$header> on its own: $errors"
      sed --in-place '1i #include <benchmark/benchmark.h>' "$WORK/header.cc"
    fi
    compile "$WORK/header.cc" /dev/null -fsyntax-only || fail "<$header> does not compile on its own"
    count=$((count + 1))
  done < <(cd "$PREFIX/include" && find memgc -name '*.h')
  ((count > 10)) || fail "only $count headers are installed"
}

# programs BUILD NAME...: what the build under test installs runs from where it lies.
programs() {
  local build=$1 name
  shift
  rm -rf "$WORK"
  "$CMAKE" --install "$build" --prefix "$WORK/prefix" >/dev/null
  for name in "$@"; do
    "$WORK/prefix/bin/$name" --help >"$WORK/help" || fail "the installed $name does not start"
    grep --quiet "$name" "$WORK/help" || fail "$name --help does not name itself: $(cat "$WORK/help")"
  done
}

# What a shared library exports is memgc's interface: not its insides, and nobody else's symbols (but for what the C++
# library's own templates leave behind, which the linker marks weak or unique).
exports() {
  local library symbols
  library=$(find "$PREFIX" -name 'libmemgc.so' -print -quit)
  symbols=$(nm --dynamic --defined-only --demangle "$library" | awk '$2 !~ /[wWvVu]/ { $1 = $2 = ""; print substr($0, 3) }')
  grep --quiet --line-regexp --fixed-strings 'memgc::Heap::collect()' <<<"$symbols" || fail "$library exports no Heap: $symbols"
  if grep --invert-match '^memgc::' <<<"$symbols"; then fail "$library exports these, which are not memgc's"; fi
  if grep '^memgc::internal::[A-Z][A-Za-z]*::' <<<"$symbols"; then fail "$library exports these, which are its insides"; fi
}

# block KIND: the first fenced block of that kind in README.md.
block() {
  awk -v open="\`\`\`$1" '$0 == open { inside = 1; next } inside && $0 == "```" { exit } inside' "$SOURCE/README.md"
}

# README.md's example compiles, prints what README.md says, and traces in the format that README.md explains.
readme_example() {
  mkdir -p "$WORK"
  block cpp >"$WORK/example.cc"
  local lines
  lines=$(wc -l <"$WORK/example.cc")
  ((lines > 0 && lines <= 25)) || fail "README.md's example has $lines lines; it should have at most 25"
  compile "$WORK/example.cc" "$WORK/program"
  run_program "$WORK/program" "$(block text)"

  local figure='(0|0\.0[0-9]{2}|0\.[1-9][0-9]|[1-9]\.[0-9]|[1-9][0-9]+)'
  local line="^gc [0-9]+ @[0-9]+\.[0-9]{3}s [0-9]+%: $figure\+$figure\+$figure ms clock, "
  line+="$figure\+$figure/$figure/$figure\+$figure ms cpu, [0-9]+->[0-9]+->[0-9]+ MB, [0-9]+ MB goal, "
  line+="[0-9]+ MB stacks, [0-9]+ MB globals, [0-9]+ P( \((forced|minor)\))?$"
  MEMDEBUG=gctrace=1 "$WORK/program" 2>"$WORK/trace" >/dev/null
  [[ -s $WORK/trace ]] || fail "MEMDEBUG=gctrace=1 printed nothing"
  if grep --invert-match --extended-regexp "$line" "$WORK/trace"; then fail "that is no trace line as README.md explains it"; fi
}

command=$1
shift
case $command in
  install) install_memgc "$@" ;;
  find_package | pkg_config | add_subdirectory | no_exceptions | headers | exports | programs | readme_example) "$command" "$@" ;;
  *) fail "unknown test '$command'" ;;
esac
