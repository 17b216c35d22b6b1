// Job: the two paths that every program runs all the time, each alone in a function, for listing.sh to disassemble.
//
// With -DSABOTAGE=N each of the test's rules is broken in turn. Compiled, never run.
#include <memgc/memgc.h>

#include <atomic>

namespace {

struct Node {
  memgc::Member<Node> left, right;
  long payload;
  Node() noexcept {}  // the Members' nulls, and nothing else
  static constexpr auto fields = memgc::fields(&Node::left, &Node::right);
};

// Whose constructor writes nothing: what is written is the allocation's.
struct Bare {
  long payload[3];
  Bare() noexcept {}  // NOLINT(modernize-use-equals-default): that one would be zeroed by make
};

}  // namespace

extern "C" {

#if defined(SABOTAGE)
void elsewhere();
extern std::atomic<int> counter;
#endif

void* make_path(memgc::Mutator& me) {
#if SABOTAGE == 1
  elsewhere();
#elif SABOTAGE == 2
  ++counter;
#endif
  auto* made = me.make<Bare>();
#if SABOTAGE == 3
  made->payload[0] = 1;  // as if a header were written
#elif SABOTAGE == 4
  counter.store(counter.load(std::memory_order_relaxed) * 5 / 3 % 7, std::memory_order_relaxed);
#endif
  return made;
}

void store_path(void* node, void* value) {
#if SABOTAGE == 5
  ++counter;
#endif
  static_cast<Node*>(node)->left = static_cast<Node*>(value);
}
}
