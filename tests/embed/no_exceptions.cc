// Job: uses every public class under -fno-exceptions -fno-rtti. It is compiled with warnings as errors too: an
// embedder's headers must not be the place where their -Werror build breaks.
#include <memgc/memgc.h>
#include <memgc/testing.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#ifdef __cpp_exceptions
#error "this program is about building without exceptions"
#endif

namespace {

struct Words {  // even words are pointers, odd ones are small integers
  static const void* pointer(std::uintptr_t word) noexcept {
    return (word & 1) == 0 ? reinterpret_cast<const void*>(word) : nullptr;
  }
};

struct Cell {
  memgc::Slot<Words> value;
  std::array<memgc::Member<Cell>, 2> neighbours;
  void trace(memgc::Visitor& v) const { v(value, neighbours); }
};

void want(bool condition, const char* what) {
  if (condition) return;
  std::printf("wrong: %s\n", what);
  std::exit(1);
}

}  // namespace

int main() {
  memgc::Options options = memgc::Options::from_env();
  options.growth_percent = 200;
  memgc::Heap heap(options);
  memgc::Mutator me(heap);

  memgc::Root<Cell> root(me.make<Cell>());
  root->value = 41u << 1 | 1u;
  root->neighbours[0] = memgc::try_make<Cell>();
  root->neighbours[1] = root->neighbours[0];
  auto* array = memgc::make_array<memgc::Member<Cell>>(100);
  (*array)[99] = root.get();
  std::array<const void*, 4> stack{array, nullptr, nullptr, nullptr};
  memgc::RootRange range(stack.data(), stack.data() + stack.size());

  memgc::Weak<Cell> weak(root.get());
  auto* pair = memgc::make<memgc::Ephemeron<Cell, Cell>>(root.get(), root->neighbours[0].get());
  memgc::Cleanup cleanup(root.get(), [] {});

  const memgc::AllocationCounter counter;
  MEMGC_EXPECT_NO_ALLOCS { me.safepoint(); }
  { memgc::BlockingScope scope(me); }
  heap.collect();

  want(root->value.get() == (41u << 1 | 1u), "a tagged word survives");
  want(root->neighbours[0].get() == root->neighbours[1].get(), "two fields still name one object");
  want((*array)[99].get() == root.get(), "an array element survives");
  want(weak.get() == root.get(), "a weak reference names what is kept");
  want(pair->value() == root->neighbours[0].get(), "an ephemeron keeps its value");
  want(cleanup.cancel(), "a cleanup that has not run is cancelled");
  want(me.try_make_array<long>(SIZE_MAX / 16) == nullptr, "an array that no memory holds is refused");
  want(memgc::allocs_per_run(2, [&] { return me.make<Cell>(); }) == 1, "an object is one allocation");
  want(counter.allocated().objects == 3, "three calls made three");
  want(heap.stats().cycles >= 1, "a cycle was counted");
  std::puts("no exceptions, no RTTI: works");
  return 0;
}
