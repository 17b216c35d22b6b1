// A program for a debugger to look at: it makes one object of each kind, says where each is, and comes to stop_here().
// Every object that a command is asked for is named by a global variable: an optimised build keeps no others.
#include <cstdio>
#include <semaphore>
#include <string>
#include <thread>

#include "memgc/memgc.h"

struct Node {
  memgc::Member<Node> next, other;
  long value = 0;
  static constexpr auto fields = memgc::fields(&Node::next, &Node::other);
};
struct Traced {
  memgc::Member<Node> node;
  void trace(memgc::Visitor& visitor) const { visitor(node); }
};
struct Owner {
  std::string text;
};
struct Point {
  int x, y;
};

// What the test asks for. As numbers, so that they keep nothing: the collector does not look here anyway.
extern "C" {
volatile unsigned long at_first, at_second, at_third, at_traced, at_traced_node, at_owner, at_fresh, at_large,
    at_on_stack, at_in_range, at_second_heap, at_dropped;
}

memgc::Root<Node>* keep_first;
memgc::Root<memgc::Array<memgc::Member<Node>>>* keep_members;
memgc::Root<memgc::Array<Point>>* keep_points;
memgc::Root<Node>* keep_weak_holder;
memgc::Weak<Node>* weak;
memgc::Weak<Node>* dead_weak;
memgc::Ephemeron<Node, Point>* ephemeron;

unsigned long number(const void* object) { return reinterpret_cast<unsigned long>(object); }

extern "C" __attribute__((noinline)) void stop_here() { __asm__ volatile("" ::: "memory"); }

// Overwrites what calls have left below this frame, or a stale word might keep what was dropped.
__attribute__((noinline)) void clear_stack() {
  volatile char bytes[16384];
  for (volatile char& byte : bytes) byte = 0;
}

__attribute__((noinline)) void make_kept() {
  Node* first = memgc::make<Node>();
  first->value = 1;
  first->next = memgc::make<Node>();
  first->next->value = 2;
  first->next->other = memgc::make<Node>();
  first->next->other->value = 3;
  keep_first = new memgc::Root<Node>(first);
  at_first = number(first);
  at_second = number(first->next);
  at_third = number(first->next->other);

  auto* members = memgc::make_array<memgc::Member<Node>>(3);
  (*members)[1] = first;
  keep_members = new memgc::Root<memgc::Array<memgc::Member<Node>>>(members);
  auto* points = memgc::make_array<Point>(2);
  (*points)[0] = {1, 2};
  (*points)[1] = {3, 4};
  keep_points = new memgc::Root<memgc::Array<Point>>(points);

  auto* traced = memgc::make<Traced>();
  traced->node = memgc::make<Node>();
  at_traced = number(traced);
  at_traced_node = number(traced->node.get());
  static memgc::Root<Traced> keep_traced;
  keep_traced = traced;

  static memgc::Root<Owner> keep_owner;
  keep_owner = memgc::make<Owner>();
  at_owner = number(keep_owner.get());

  static memgc::Root<memgc::Array<char>> keep_large;
  keep_large = memgc::make_array<char>(300'000);
  at_large = number(keep_large.get());

  using Pair = memgc::Ephemeron<Node, Point>;
  static memgc::Root<Pair> keep_ephemeron;
  keep_ephemeron = memgc::make<Pair>(first, memgc::make<Point>());
  ephemeron = keep_ephemeron;
}

__attribute__((noinline)) void make_dropped() {
  at_dropped = number(memgc::make<Node>());
  at_fresh = number(memgc::make<Node>());
}

int main() {
  memgc::Options options;
  options.growth_percent = memgc::Options::kOff;  // one cycle, the one below
  memgc::Heap heap(options), second(options);
  memgc::Mutator other(second), me(heap);

  std::binary_semaphore made(0), over(0);
  std::thread waiting([&] {
    memgc::Mutator mine(heap);
    Node* volatile on_stack = mine.make<Node>();
    static void* range[2] = {};
    const memgc::RootRange covered(range, range + 2);
    range[1] = mine.make<Node>();
    at_on_stack = number(on_stack);
    at_in_range = number(range[1]);
    const memgc::BlockingScope scope(mine);
    made.release();
    over.acquire();
    on_stack = nullptr;
  });
  {
    const memgc::BlockingScope scope(me);
    made.acquire();
  }
  make_kept();
  memgc::Weak<Node> alive(keep_first->get()), dead;
  weak = &alive;
  dead_weak = &dead;
  clear_stack();
  heap.collect();
  make_dropped();
  memgc::Root<Node> elsewhere(other.make<Node>());
  at_second_heap = number(elsewhere.get());
  clear_stack();
  stop_here();
  over.release();
  const memgc::BlockingScope scope(me);
  waiting.join();
}
