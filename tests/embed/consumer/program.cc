// Job: what an embedder's first program does, built against an installed memgc: makes a list longer than the heap's
// first goal, lets most of it go, collects, and checks that what it kept is whole.
#include <memgc/memgc.h>

#include <cstdio>

namespace {

struct Node {
  memgc::Member<Node> next;
  long payload = 0;
  static constexpr auto fields = memgc::fields(&Node::next);
};

constexpr long kKept = 1000;
constexpr long kDropped = 500'000;

}  // namespace

int main() {
  memgc::Heap heap;
  memgc::Mutator me(heap);
  memgc::Root<Node> kept;
  for (long i = 0; i < kKept; ++i) {
    Node* node = memgc::make<Node>();
    node->payload = i;
    node->next = kept.get();
    kept = node;
  }
  for (long i = 0; i < kDropped; ++i) memgc::make<Node>()->payload = -1;
  heap.collect();

  long expected = kKept;
  for (Node* node = kept.get(); node != nullptr; node = node->next) {
    if (node->payload != --expected) {
      std::printf("wrong payload %ld where %ld was stored\n", node->payload, expected);
      return 1;
    }
  }
  if (expected != 0) {
    std::printf("%ld nodes of %ld lost\n", expected, kKept);
    return 1;
  }
  const memgc::Stats stats = heap.stats();
  if (stats.forced_cycles != 1 || stats.live_bytes < kKept * sizeof(Node)) {
    std::printf("forced cycles %llu, live bytes %llu\n", static_cast<unsigned long long>(stats.forced_cycles),
                static_cast<unsigned long long>(stats.live_bytes));
    return 1;
  }
#if MEMGC_CHECKS
  std::puts("memgc " MEMGC_VERSION_STRING " works, with checks");
#else
  std::puts("memgc " MEMGC_VERSION_STRING " works");
#endif
  return 0;
}
