// What a snapshot says of a heap whose graph is known, and that it is one while threads change the heap.
#include "memgc/observe/snapshot.h"

#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "memgc/observe/error.h"
#include "tests/observe/snapshot_file.h"

namespace memgc::testing {
namespace {

struct Pair {
  Member<Pair> key, value;
  static constexpr auto fields = memgc::fields(&Pair::key, &Pair::value);
};
struct Leaf {
  long payload[3] = {};
};
struct Inner {
  Member<Leaf> leaf;
  static constexpr auto fields = memgc::fields(&Inner::leaf);
};
struct Rich {
  Member<Leaf> first;
  std::array<Member<Leaf>, 2> both;
  Inner inner;
  Member<Array<Member<Leaf>>> elements;
  Weak<Leaf> weak;
  long pad[20] = {};
  static constexpr auto fields = memgc::fields(&Rich::first, &Rich::both, &Rich::inner, &Rich::elements, &Rich::weak);
};
struct Traced {
  Member<Leaf> hidden;
  long pad[9] = {};
  void trace(Visitor& visitor) const { visitor(hidden); }
};
struct Twin {
  Member<Leaf> car, cdr;
  static constexpr auto fields = memgc::fields(&Twin::car, &Twin::cdr);
};
struct Third {
  Member<Leaf> one, two;
  static constexpr auto fields = memgc::fields(&Third::one, &Third::two);
};
struct Node {
  Member<Node> left, right;
  std::uint64_t number = 0;
  static constexpr auto fields = memgc::fields(&Node::left, &Node::right);
};

class Snapshot : public ::testing::Test {
 protected:
  Snapshot() { std::filesystem::create_directory(folder_); }
  ~Snapshot() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ / "a.heapsnapshot"; }
  SnapshotFile taken(Heap& heap) const {
    write_snapshot(heap, path());
    return SnapshotFile::read(path());
  }
  std::filesystem::path folder() const { return folder_; }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("memgc_snapshot_" + std::to_string(::getpid()));
};

std::size_t root_kind(const SnapshotFile& file, const std::string& begin) {
  for (std::size_t i = 0; i < file.nodes.size(); ++i) {
    if (file.nodes[i].type == "synthetic" && file.nodes[i].name.starts_with(begin)) return i;
  }
  return SIZE_MAX;
}

bool leads_to(const SnapshotFile& file, std::size_t from, std::size_t to) {
  for (const SnapshotEdge& edge : file.nodes.at(from).edges) {
    if (edge.to == to) return true;
  }
  return false;
}

TEST_F(Snapshot, NamesFieldsElementsAndWeakReferences) {
  Heap heap(Options{});
  Mutator me(heap);
  Root<Rich> rich(me.make<Rich>());
  Root<Leaf> kept(me.make<Leaf>());
  rich->first = me.make<Leaf>();
  rich->both[1] = me.make<Leaf>();
  rich->inner.leaf = me.make<Leaf>();
  rich->elements = me.make_array<Member<Leaf>>(7);
  (*rich->elements)[5] = me.make<Leaf>();
  rich->weak.reset(kept);
  const SnapshotFile file = taken(heap);

  const SnapshotNode& node = file.nodes.at(file.at(rich));
  EXPECT_NE(node.name.find("Rich"), std::string::npos) << node.name;
  EXPECT_GE(node.bytes, sizeof(Rich));
  EXPECT_EQ(node.edges.size(), 5u);
  EXPECT_EQ(node.to("first"), file.at(rich->first));
  EXPECT_EQ(node.to("both[1]"), file.at(rich->both[1]));
  EXPECT_EQ(node.to("inner.leaf"), file.at(rich->inner.leaf));
  EXPECT_EQ(node.to("elements"), file.at(rich->elements));
  const SnapshotNode& array = file.nodes.at(node.to("elements"));
  EXPECT_EQ(array.type, "array");
  ASSERT_EQ(array.edges.size(), 1u);
  EXPECT_EQ(array.edges[0].type, "element");
  EXPECT_EQ(array.to("5"), file.at((*rich->elements)[5]));
  const SnapshotNode& cell = file.nodes.at(node.to("weak.cell_"));
  ASSERT_EQ(cell.edges.size(), 1u);
  EXPECT_EQ(cell.edges[0].type, "weak");
  EXPECT_EQ(cell.to("target"), file.at(kept));
}

TEST_F(Snapshot, NamesWhatATraceFunctionShowsByOffset) {
  Heap heap(Options{});
  Mutator me(heap);
  Root<Traced> traced(me.make<Traced>());
  traced->hidden = me.make<Leaf>();
  const SnapshotFile file = taken(heap);
  EXPECT_EQ(file.nodes.at(file.at(traced)).to("+0"), file.at(traced->hidden));
}

TEST_F(Snapshot, ShowsRootsByKind) {
  Options options;
  options.precise_stacks = true;
  Heap heap(options);
  Mutator me(heap);
  const void* stack[4] = {};
  RootRange range(stack, stack + 4);
  Root<Leaf> by_root(me.make<Leaf>());
  Root<Leaf> other(me.make<Leaf>());
  stack[2] = me.make<Leaf>();
  const SnapshotFile file = taken(heap);
  const std::size_t roots = root_kind(file, "(Roots)"), ranges = root_kind(file, "(root ranges of thread");
  ASSERT_NE(roots, SIZE_MAX);
  ASSERT_NE(ranges, SIZE_MAX);
  EXPECT_EQ(file.nodes[roots].edges.size(), 2u);
  EXPECT_TRUE(leads_to(file, roots, file.at(by_root)));
  EXPECT_FALSE(leads_to(file, roots, file.at(stack[2])));
  EXPECT_TRUE(leads_to(file, ranges, file.at(stack[2])));
  EXPECT_EQ(root_kind(file, "(stack of"), SIZE_MAX);
}

TEST_F(Snapshot, AStackIsARootOfItsOwn) {
  Heap heap(Options{});
  Mutator me(heap);
  Leaf* volatile local = me.make<Leaf>();
  const SnapshotFile file = taken(heap);
  ASSERT_NE(root_kind(file, "(stack of thread"), SIZE_MAX);
  EXPECT_TRUE(leads_to(file, root_kind(file, "(stack of thread"), file.at(local)));
}

TEST_F(Snapshot, TypesOfOneLayoutAreNamedTogetherUnlessTheyAreToBeApart) {
  Options options;
  Heap heap(options);
  Mutator me(heap);
  Root<Pair> pair(me.make<Pair>());
  Root<Twin> twin(me.make<Twin>());
  twin->car = me.make<Leaf>();
  const SnapshotFile file = taken(heap);
  const SnapshotNode& node = file.nodes.at(file.at(twin));
  EXPECT_NE(node.name.find("Pair"), std::string::npos) << node.name;
  EXPECT_NE(node.name.find("Twin"), std::string::npos) << node.name;
  EXPECT_EQ(node.to("car/key"), file.at(twin->car));

  options.debug.types = true;
  Heap apart(options);
  Mutator there(apart);
  Root<Third> third(there.make<Third>());
  third->two = there.make<Leaf>();
  const SnapshotFile separate = taken(apart);
  const SnapshotNode& own = separate.nodes.at(separate.at(third));
  EXPECT_EQ(own.name.find('|'), std::string::npos) << own.name;
  EXPECT_NE(own.name.find("Third"), std::string::npos) << own.name;
  EXPECT_EQ(own.to("two"), separate.at(third->two));
}

TEST_F(Snapshot, IdsStayAndTheDeadAreGone) {
  Options options;
  options.precise_stacks = true;
  Heap heap(options);
  Mutator me(heap);
  Root<Node> keep(me.make<Node>());
  Root<Node> drop(me.make<Node>());
  const SnapshotFile before = taken(heap);
  const std::uint64_t id = before.nodes.at(before.at(keep)).id, gone = before.nodes.at(before.at(drop)).id;
  drop = nullptr;
  const SnapshotFile after = taken(heap);
  EXPECT_EQ(after.nodes.at(after.at(keep)).id, id);
  EXPECT_FALSE(after.by_id.contains(gone));
}

// A graph of random shape, and its shadow in plain C++.
void agree_with_shadow(const SnapshotFile& file, const Array<Member<Node>>& all,
                       const std::vector<std::array<std::size_t, 2>>& shadow) {
  const std::vector<bool> reached = file.reached();
  for (std::size_t i = 0; i < shadow.size(); ++i) {
    const std::size_t at = file.at(all[i]);
    ASSERT_NE(at, SIZE_MAX) << i;
    ASSERT_TRUE(reached[at]) << i;
    const SnapshotNode& node = file.nodes[at];
    std::size_t edges = 0;
    for (const auto& [name, target] : {std::pair{"left", shadow[i][0]}, std::pair{"right", shadow[i][1]}}) {
      if (target == SIZE_MAX) continue;
      ++edges;
      ASSERT_EQ(node.to(name), file.at(all[target])) << i << name;
    }
    ASSERT_EQ(node.edges.size(), edges) << i;
  }
}

TEST_F(Snapshot, HoldsEveryReachableObjectWithItsEdgesInEveryMode) {
  constexpr std::size_t kNodes = 5000;
  constexpr unsigned kSeed = 1;
  for (const bool stop : {false, true}) {
    for (const Generational generational : {Generational::off, Generational::on}) {
      Options options;
      options.debug.gcstoptheworld = stop;
      options.generational = generational;
      options.precise_stacks = true;
      Heap heap(options);
      Mutator me(heap);
      Root<Array<Member<Node>>> all(me.make_array<Member<Node>>(kNodes));
      std::mt19937 random(kSeed);
      std::vector<std::array<std::size_t, 2>> shadow(kNodes, {SIZE_MAX, SIZE_MAX});
      for (std::size_t i = 0; i < kNodes; ++i) {
        (*all)[i] = me.make<Node>();
      }
      heap.collect();
      for (std::size_t i = 0; i < kNodes; ++i) {
        shadow[i] = {random() % kNodes, random() % 3 == 0 ? SIZE_MAX : random() % kNodes};
        (*all)[i]->left = (*all)[shadow[i][0]];
        if (shadow[i][1] != SIZE_MAX) (*all)[i]->right = (*all)[shadow[i][1]];
      }
      const SnapshotFile file = taken(heap);
      SCOPED_TRACE(::testing::Message() << "stop " << stop << " seed " << kSeed);
      agree_with_shadow(file, *all, shadow);
      EXPECT_EQ(file.named("(floating)"), SIZE_MAX);
      // root, (GC roots), (Roots), the array, the nodes, and nothing else
      EXPECT_EQ(file.nodes.size(), kNodes + 4);
    }
  }
}

TEST_F(Snapshot, IsWholeWhileThreadsChangeTheHeap) {
  Heap heap(Options{});
  std::atomic<bool> ended{false};
  Root<Node> steady;
  std::vector<std::thread> threads;
  {
    Mutator me(heap);
    Node* list = nullptr;
    for (int i = 0; i < 2000; ++i) {
      Node* node = me.make<Node>();
      node->left = list;
      list = node;
    }
    steady = list;
  }
  for (unsigned seed = 1; seed <= 2; ++seed) {
    threads.emplace_back([&heap, &ended, seed] {
      Mutator me(heap);
      std::mt19937 random(seed);
      Root<Array<Member<Node>>> mine(me.make_array<Member<Node>>(500));
      while (!ended.load(std::memory_order_relaxed)) {
        Node* node = me.make<Node>();
        node->left = (*mine)[random() % 500];
        if (random() % 4 == 0 && node->left != nullptr) node->left->left = nullptr;
        (*mine)[random() % 500] = node;
        me.safepoint();
      }
    });
  }
  for (int i = 0; i < 5; ++i) {
    const SnapshotFile file = taken(heap);
    const std::vector<bool> reached = file.reached();
    std::size_t length = 0;
    for (std::size_t at = file.at(steady); at != SIZE_MAX; at = file.nodes[at].to("left")) ++length;
    EXPECT_EQ(length, 2000u);
    for (std::size_t node = 0; node < file.nodes.size(); ++node) ASSERT_TRUE(reached[node]) << file.nodes[node].name;
  }
  ended.store(true);
  for (std::thread& thread : threads) thread.join();
}

TEST_F(Snapshot, LeavesWhatStoodThereWhenItCannotBeTaken) {
  Heap heap(Options{});
  Mutator me(heap);
  Root<Node> keep(me.make<Node>());
  std::ofstream(path()) << "before";
  EXPECT_THROW(write_snapshot(heap, path(), {.most_bytes = 64}), std::bad_alloc);
  EXPECT_THROW(write_snapshot(heap, folder() / "none" / "a"), ObserveError);
  std::string text;
  std::ifstream(path()) >> text;
  EXPECT_EQ(text, "before");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder()), {}), 1);
  EXPECT_NO_THROW(write_snapshot(heap, path()));  // and the next one is
}

}  // namespace
}  // namespace memgc::testing
