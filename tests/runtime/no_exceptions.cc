// Job: a program compiled with -fno-exceptions -fno-rtti. With --exhaust it runs out of memory, which must abort with
// one line that says so; the abort is caught, to end with a line of its own. Threads: one.
#include <memgc/memgc.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

struct Node {
  memgc::Member<Node> next;
  char bytes[1000];
  static constexpr auto fields = memgc::fields(&Node::next);
};

}  // namespace

int main(int argc, char** argv) {
  memgc::Options options;
  options.reserve_bytes = 32 << 20;
  memgc::Heap heap(options);
  memgc::Mutator me(heap);
  memgc::Root<Node> head;
  const bool exhaust = argc > 1 && std::string_view(argv[1]) == "--exhaust";
  if (exhaust) {
    std::signal(SIGABRT, [](int) {
      std::fputs("aborted\n", stderr);
      std::_Exit(3);
    });
  }
  int count = 0;
  while (Node* node = exhaust ? me.make<Node>() : me.try_make<Node>()) {
    node->next = head;
    head = node;
    ++count;
  }
  if (exhaust) {
    std::puts("not reached: make answered null");
    return 0;
  }
  int seen = 0;
  for (Node* node = head; node != nullptr; node = node->next) ++seen;
  std::printf("%d objects\n", seen);
  return seen == count && count > 10'000 ? 0 : 1;
}
