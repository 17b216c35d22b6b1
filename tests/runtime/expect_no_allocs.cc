// Job: MEMGC_EXPECT_NO_ALLOCS in a program without GoogleTest, exceptions and RTTI: silent when nothing is allocated;
// with --allocate, one line and an abort, which is caught to end with a line of its own. Threads: one.
#include <memgc/memgc.h>
#include <memgc/testing.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

struct Leaf {
  long id = 0;
};

// The `else` is the outer condition's.
const char* word_for(int number) {
  if (number == 1) {
    MEMGC_EXPECT_NO_ALLOCS { return "one"; }
  } else {
    return "other";
  }
  return "neither";
}

}  // namespace

int main(int argc, char** argv) {
  memgc::Heap heap((memgc::Options()));
  memgc::Mutator me(heap);
  std::signal(SIGABRT, [](int) {
    std::fputs("aborted\n", stderr);
    std::_Exit(3);
  });
  const bool allocate = argc > 1 && std::string_view(argv[1]) == "--allocate";
  me.make<Leaf>();
  MEMGC_EXPECT_NO_ALLOCS {
    me.safepoint();
    if (allocate) me.make<Leaf>();
  }
  if (allocate) {
    std::puts("not reached: the block allocated");
    return 0;
  }
  const bool right = std::string_view(word_for(1)) == "one" && std::string_view(word_for(2)) == "other" &&
                     memgc::allocs_per_run(3, [&] { return me.make<Leaf>(); }) == 1;
  return right ? 0 : 1;
}
