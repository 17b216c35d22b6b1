// Job: pins Root: copies, moves, and every place outside the heap that one may stand in.
//
// Threads: objects are made on threads that have ended, so that a Root alone keeps them.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

// Puts a fresh leaf with `id` into a root, leaving no other trace of it.
template <class Assign>
void plant(Heap& heap, std::uint64_t id, Assign assign) {
  on_another_thread(heap, [&](Mutator& me) { assign(me.make<Leaf>(id)); });
}

// Whether a root's leaf outlives collections and reuse of all that was freed.
void expect_kept(Heap& heap, const Root<Leaf>& root, std::uint64_t id) {
  for (int i = 0; i < 2; ++i) {
    heap.collect();
    on_another_thread(heap, [&](Mutator& me) {
      for (int j = 0; j < 10'000; ++j) me.make<Leaf>(std::uint64_t{0xbad});
    });
  }
  ASSERT_NE(root.get(), nullptr);
  EXPECT_EQ(root->id, id);
}

TEST(Root, BehavesLikeAPointer) {
  Heap heap(manual_options());
  Mutator me(heap);
  Root<Node> root;
  EXPECT_FALSE(root);
  EXPECT_EQ(root, nullptr);
  Node* node = make<Node>();
  root = node;
  root->payload = 3;
  EXPECT_EQ((*root).payload, 3);
  EXPECT_EQ(root.get(), node);
  EXPECT_TRUE(root == node);
  Node* raw = root;
  EXPECT_EQ(raw, node);
  root = nullptr;
  EXPECT_FALSE(root);
  Root<Node> second(node);
  root = second;
  EXPECT_EQ(root, second);
  root->left = second;  // a Root converts to what a Member takes
  EXPECT_EQ(node->left, node);
  root = root->left;
  EXPECT_EQ(root, node);
  const Root<const Node> constant(node);
  EXPECT_EQ(constant->payload, 3);
}

TEST(Root, CopiesAreIndependent) {
  Heap heap(manual_options());
  Root<Leaf> a;
  plant(heap, 1, [&](Leaf* leaf) { a = leaf; });
  Root<Leaf> b(a);
  a = nullptr;
  expect_kept(heap, b, 1);
  Root<Leaf> c;
  c = b;
  b = nullptr;
  expect_kept(heap, c, 1);
  Root<Leaf>& self = c;
  c = self;
  expect_kept(heap, c, 1);
  c = nullptr;
  EXPECT_EQ(live_after_collect(heap), 0u);
}

TEST(Root, AMovedFromRootIsNull) {
  Heap heap(manual_options());
  Root<Leaf> a;
  plant(heap, 2, [&](Leaf* leaf) { a = leaf; });
  Root<Leaf> b(std::move(a));
  EXPECT_EQ(a.get(), nullptr);  // NOLINT(bugprone-use-after-move): that is the promise
  expect_kept(heap, b, 2);
  std::swap(a, b);
  EXPECT_EQ(b.get(), nullptr);
  expect_kept(heap, a, 2);
}

TEST(Root, DroppingTheLastOneFreesTheObject) {
  Heap heap(manual_options());
  {
    Root<Leaf> root;
    plant(heap, 3, [&](Leaf* leaf) { root = leaf; });
    EXPECT_GE(live_after_collect(heap), sizeof(Leaf));
  }
  EXPECT_EQ(live_after_collect(heap), 0u);
}

TEST(Root, AnInteriorPointerKeepsTheWholeObject) {
  Heap heap(manual_options());
  Root<long> payload;
  on_another_thread(heap, [&](Mutator& me) {
    Node* node = me.make<Node>();
    node->left = me.make<Node>();
    node->left->payload = 5;
    payload = &node->payload;
  });
  heap.collect();
  on_another_thread(heap, [&](Mutator& me) {
    for (int i = 0; i < 10'000; ++i) me.make<Node>();
  });
  auto* node = reinterpret_cast<Node*>(reinterpret_cast<char*>(payload.get()) - offsetof(Node, payload));
  EXPECT_EQ(node->left->payload, 5);
}

Root<Leaf>& function_static() {
  static Root<Leaf> root;
  return root;
}
Root<Leaf> namespace_static;  // made before main, and before any heap

TEST(Root, MayBeStatic) {
  Heap heap(manual_options());
  plant(heap, 10, [&](Leaf* leaf) { namespace_static = leaf; });
  plant(heap, 11, [&](Leaf* leaf) { function_static() = leaf; });
  expect_kept(heap, namespace_static, 10);
  expect_kept(heap, function_static(), 11);
  namespace_static = nullptr;
  function_static() = nullptr;
  EXPECT_EQ(live_after_collect(heap), 0u);
}

thread_local Root<Leaf> in_thread_storage;

TEST(Root, MayBeThreadLocalOnAThreadThatIsNotAttached) {
  Heap heap(manual_options());
  std::thread([&] {
    plant(heap, 12, [](Leaf* leaf) { in_thread_storage = leaf; });  // that other thread's own: gone with it
    heap.collect();
    EXPECT_EQ(heap.stats().live_bytes, 0u);
    Root<Leaf>& mine = in_thread_storage;
    plant(heap, 13, [&](Leaf* leaf) { mine = leaf; });
    expect_kept(heap, mine, 13);
  }).join();
  EXPECT_EQ(live_after_collect(heap), 0u) << "gone with its thread";
}

TEST(Root, MayStandInMemoryFromMalloc) {
  struct Session {
    int number = 0;
    Root<Leaf> leaf;
  };
  Heap heap(manual_options());
  auto session = std::make_unique<Session>();
  plant(heap, 14, [&](Leaf* leaf) { session->leaf = leaf; });
  void* raw = std::malloc(sizeof(Session));  // NOLINT(cppcoreguidelines-no-malloc): malloc is the point
  auto* placed = new (raw) Session;
  plant(heap, 15, [&](Leaf* leaf) { placed->leaf = leaf; });
  expect_kept(heap, session->leaf, 14);
  expect_kept(heap, placed->leaf, 15);
  placed->~Session();
  std::free(raw);  // NOLINT(cppcoreguidelines-no-malloc)
  session.reset();
  EXPECT_EQ(live_after_collect(heap), 0u);
}

TEST(Root, MayStandInContainersAndCaptures) {
  Heap heap(manual_options());
  std::vector<Root<Leaf>> list;
  std::map<int, Root<Leaf>> table;
  for (int i = 0; i < 1000; ++i) {  // grows, so moves
    list.emplace_back();
    table.try_emplace(i);
  }
  on_another_thread(heap, [&](Mutator& me) {
    for (std::size_t i = 0; i < 1000; ++i) {
      list[i] = me.make<Leaf>(i);
      table.at(static_cast<int>(i)) = me.make<Leaf>(1000 + i);
    }
  });
  list.erase(list.begin(), list.begin() + 500);
  std::function<std::uint64_t()> captured = [root = list.back()] { return root->id; };
  std::optional<Root<Leaf>> optional(list.front());
  expect_kept(heap, *optional, 500);
  for (std::size_t i = 0; i < 500; ++i) ASSERT_EQ(list[i]->id, 500 + i);
  for (const auto& [key, root] : table) ASSERT_EQ(root->id, 1000 + static_cast<std::uint64_t>(key));
  list.clear();
  table.clear();
  optional.reset();
  heap.collect();
  EXPECT_EQ(captured(), 999u);
  captured = nullptr;
  EXPECT_EQ(live_after_collect(heap), 0u);
}

TEST(Root, AHundredThousandCountOneByOne) {
  Heap heap(manual_options());
  std::vector<Root<Leaf>> roots(100'000);
  on_another_thread(heap, [&](Mutator& me) {
    for (std::size_t i = 0; i < roots.size(); ++i) roots[i] = me.make<Leaf>(i);
  });
  const std::uint64_t all = live_after_collect(heap);
  const std::uint64_t cell = all / roots.size();
  ASSERT_GE(cell, sizeof(Leaf));
  ASSERT_EQ(all % roots.size(), 0u);
  for (std::size_t i = 0; i < roots.size(); i += 2) roots[i] = nullptr;
  EXPECT_EQ(live_after_collect(heap), all / 2);
  roots.resize(50'000);
  EXPECT_EQ(live_after_collect(heap), all / 4);
  for (std::size_t i = 1; i < roots.size(); i += 2) ASSERT_EQ(roots[i]->id, i);
}

TEST(Root, OneRegistryServesAllHeaps) {
  Heap first(manual_options());
  Heap second(manual_options());
  Root<Leaf> a, b;
  plant(first, 1, [&](Leaf* leaf) { a = leaf; });
  plant(second, 2, [&](Leaf* leaf) { b = leaf; });
  expect_kept(first, a, 1);
  expect_kept(second, b, 2);
  std::swap(a, b);
  expect_kept(first, b, 1);
  expect_kept(second, a, 2);
}

TEST(Root, MayOutliveItsHeap) {
  Root<Leaf> root;
  {
    Heap heap(manual_options());
    plant(heap, 1, [&](Leaf* leaf) { root = leaf; });
    heap.collect();
  }
  Heap another(manual_options());
  another.collect();  // the stale root names nothing here that could confuse it
  root = nullptr;
  plant(another, 2, [&](Leaf* leaf) { root = leaf; });
  expect_kept(another, root, 2);
}

TEST(Root, IsMadeAndDroppedFromManyThreads) {
  Heap heap(manual_options());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&heap, t] {
      Mutator me(heap);
      std::vector<Root<Leaf>> mine;
      for (std::size_t i = 0; i < scaled(50'000); ++i) {
        mine.emplace_back(me.make<Leaf>(i + static_cast<std::size_t>(t)));
        if (mine.size() > 1000) mine.erase(mine.begin(), mine.begin() + 500);
        if (i % 1000 == 0) {
          for (std::size_t k = 0; k < mine.size(); ++k) {
            ASSERT_EQ(mine[k]->id, i + static_cast<std::size_t>(t) + 1 - mine.size() + k);
          }
        }
      }
    });
  }
  for (int i = 0; i < 10; ++i) heap.collect();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(live_after_collect(heap), 0u);
}

}  // namespace
}  // namespace memgc::testing
