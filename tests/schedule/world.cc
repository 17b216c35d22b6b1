// Job: see world.h; here the threads and what they do.
#include "tests/schedule/world.h"

#include <algorithm>
#include <utility>

#include "allocator/base/sync.h"
#include "runtime/heap_impl.h"

namespace memgc::testing {
namespace {

using internal::schedule_point;

// One set for all seeds, made in the same order in every process: how Roots lie is part of what is replayed.
using Roots = std::array<Root<Node>, 5>;
Roots& roots() {
  static Roots& forever = *new Roots;
  return forever;
}

}  // namespace

World::World(std::uint64_t seed) : seed_(seed), dice_(seed ^ 0x776f726c64), mutators_(0), edits_each_(0) {
  mutators_ = dice_.one_in(2) ? 2 : static_cast<unsigned>(3 + dice_.below(2));
  edits_each_ = 40 + dice_.below(160);
  outside_ = dice_.one_in(2);
  constexpr int kGrowth[] = {100, 100, 100, 1, 0};
  options_.growth_percent = kGrowth[dice_.below(std::size(kGrowth))];
  options_.reserve_bytes = std::size_t{16} << 20;
  options_.precise_stacks = dice_.one_in(2);
  options_.debug.safepointms = 0;
  options_.debug.gcperiodms = 0;  // whoever waits for time to pass is never stuck
  options_.debug.profilerate = dice_.one_in(2) ? 1024 : 0;
  options_.debug.profileseed = 1;
  options_.debug.waitrate = 0;  // how long a thread waits is no part of a schedule
  options_.debug.clobberfree = dice_.one_in(2);
  options_.debug.gccheckmark = dice_.one_in(4);
  options_.debug.gcstoptheworld = dice_.one_in(16);
  options_.generational = dice_.one_in(2) ? Generational::on : Generational::off;
}

void World::warm_up() {
  roots();
  World world(0);
  world.objects_.resize(2);
  Heap heap;
  Scheduler::the().run(
      0,
      [&] {
        Mutator me(heap);
        const Root<Node> node(me.make<Node>(Id{1}, nullptr, nullptr));
        node->weak.reset(node);
        me.make<Ending>(world, Id{1}, nullptr, nullptr);
        for (std::size_t i = 1; i <= kMostWords; ++i) me.make_array<std::uint64_t>(i);
      },
      nullptr);
}

std::uint64_t World::run(std::uint64_t seed, Tally& tally) {
  World world(seed);
  Scheduler& scheduler = Scheduler::the();
  const auto see = [&](const char* where) { world.see(where); };
  scheduler.run(
      seed, [&] { world.main(tally); }, see);
  tally.steps += scheduler.steps();
  return scheduler.hash();
}

void World::main(Tally& tally) {
  heap_.emplace(options_);
  std::vector<unsigned> threads;
  mutators_left_ = mutators_;
  for (unsigned i = 0; i < mutators_; ++i) {
    threads.push_back(internal::scheduled::start("mutator", [this] { edit_as_mutator(); }));
  }
  if (outside_) threads.push_back(internal::scheduled::start("outside", [this] { edit_from_outside(); }));
  threads.push_back(internal::scheduled::start("forcer", [this] { force_cycles(); }));
  for (const unsigned thread : threads) internal::scheduled::join(thread);

  check_contents();
  for (std::size_t i = 0; i < kRoots; ++i) assign_root(i, nullptr, 0);
  for (int i = 0; i < 2; ++i) {
    heap_->collect();
    heap_->wait_for_finalizers();
  }
  // The finalizer thread's stack may keep what it destroyed last.
  const bool exact = options_.precise_stacks ||
                     std::none_of(objects_.begin(), objects_.end(), [](const Object& object) { return object.ending; });
  heap_->collect();
  if (exact && heap_->stats().live_bytes != 0) {
    fail("bytes are live after everything was dropped: " + std::to_string(heap_->stats().live_bytes));
  }
  cycles_ = heap_->stats().cycles;
  minor_cycles_ = heap_->stats().minor_cycles;
  heap_.reset();
  for (Id id = 1; id < objects_.size(); ++id) {
    if (objects_[id].ending && !objects_[id].destroyed) fail("object " + std::to_string(id) + " was never destroyed");
  }
  count(tally);
}

void World::count(Tally& tally) {
  tally.cycles += cycles_;
  tally.minor_cycles += minor_cycles_;
  tally.objects += objects_.size() - 1;
  tally.edits += edits_;
  tally.weak_nulls += weak_nulls_;
  for (const Object& object : objects_) tally.destroyed += object.destroyed ? 1 : 0;
}

void World::force_cycles() {
  while (mutators_left_ > 0) {
    for (std::uint64_t i = dice_.below(100); i > 0 && mutators_left_ > 0; --i) schedule_point("between cycles");
    if (dice_.one_in(4)) {
      heap_->collect();
    } else {
      heap_->impl().collector().collect_minor();
    }
  }
}

void World::edit_as_mutator() {
  for (std::uint64_t lives = 1 + dice_.below(2); lives > 0; --lives) {
    Mutator me(*heap_);
    Hand hand;
    hands_.push_back(&hand);
    {
      std::optional<RootRange> range;
      if (options_.precise_stacks) range.emplace(std::begin(hand.nodes), std::end(hand.nodes));
      for (std::uint64_t i = 0; i < edits_each_; ++i) edit(me, hand);
      std::fill(std::begin(hand.nodes), std::end(hand.nodes), nullptr);
      std::fill(std::begin(hand.ids), std::end(hand.ids), 0);
    }
    hands_.erase(std::find(hands_.begin(), hands_.end(), &hand));
  }
  --mutators_left_;
}

void World::edit(Mutator& me, Hand& hand) {
  ++edits_;
  const std::uint64_t dice = dice_.below(100);
  if (dice < 10) {
    make(me, hand, dice_.below(Hand::kPlaces), dice_.below(Hand::kPlaces), dice_.below(Hand::kPlaces));
  } else if (dice < 18) {
    lengthen(me, hand);
  } else if (dice < 32) {
    fight(me, hand);
  } else if (dice < 37) {
    store(hand);
  } else if (dice < 40) {
    exchange(hand);
  } else if (dice < 45) {
    load(hand);
  } else if (dice < 53) {
    move(hand);
  } else if (dice < 60) {
    store_root(hand);
  } else if (dice < 67) {
    load_root(hand);
  } else if (dice < 73) {
    set_weak(hand);
  } else if (dice < 83) {
    read_weak(hand);
  } else if (dice < 88) {
    me.safepoint();
  } else if (dice < 91) {
    block(me);
  } else if (dice < 98) {
    take(hand, nullptr, 0);
  } else if (dice < 99) {
    make_array(me);
  } else if (dice_.one_in(4)) {
    heap_->collect();
  }
}

void World::make(Mutator& me, Hand& hand, std::size_t a, std::size_t b, std::size_t to) {
  const auto id = static_cast<Id>(objects_.size());
  objects_.emplace_back();  // taken by this one; nobody knows it yet
  const std::array<Id, Node::kEdges> edges{hand.ids[a], hand.ids[b]};
  const bool ending = dice_.one_in(6);
  Node* node = ending ? me.make<Ending>(*this, id, hand.nodes[a], hand.nodes[b])
                      : me.make<Node>(id, hand.nodes[a], hand.nodes[b]);
  hand.put(to, node, id);
  Object& object = objects_[id];
  object.address = node;
  object.edges = edges;
  object.ending = ending;
}

// A list hangs from each Root: what is further down has one reference, and marking comes to it late.
void World::lengthen(Mutator& me, Hand& hand) {
  const std::size_t root = dice_.below(kShared - 1);
  constexpr std::size_t kHead = 0, kNothing = 1;
  hand.put(kNothing, nullptr, 0);
  Node* head = roots()[root];
  const Id id = truth(head, roots_[root]);
  expect(head, id, "head of a list");
  hand.put(kHead, head, id);
  make(me, hand, kHead, kNothing, kHead);
  assign_root(root, hand.nodes[kHead], hand.ids[kHead]);
  hand.put(kHead, nullptr, 0);
}

void World::make_array(Mutator& me) {
  const auto* words = me.make_array<std::uint64_t>(1 + dice_.below(kMostWords));
  for (const std::uint64_t word : *words) {
    if (word != 0) fail("a fresh array does not read as zero");
  }
}

void World::store(Hand& hand) {
  const std::size_t from = dice_.below(Hand::kPlaces), to = dice_.below(Hand::kPlaces);
  Node* node = hand.nodes[from];
  if (node == nullptr) return;
  const std::size_t edge = dice_.below(Node::kEdges);
  const bool null = dice_.one_in(4);
  node->edge(edge) = null ? nullptr : hand.nodes[to];
  objects_[hand.ids[from]].edges[edge] = null ? 0 : hand.ids[to];
}

void World::exchange(Hand& hand) {
  const std::size_t from = dice_.below(Hand::kPlaces), to = dice_.below(Hand::kPlaces);
  Node* node = hand.nodes[from];
  if (node == nullptr) return;
  const std::size_t edge = dice_.below(Node::kEdges);
  Id& model = objects_[hand.ids[from]].edges[edge];
  const Id before = model;
  Node* expected = node->edge(edge);
  const bool done = node->edge(edge).compare_exchange(expected, hand.nodes[to]);
  Id& model_now = objects_[hand.ids[from]].edges[edge];
  if (done != (model_now == before)) fail("an exchange went wrong in object " + std::to_string(hand.ids[from]));
  if (done) model_now = hand.ids[to];
}

void World::load(Hand& hand) {
  const std::size_t from = dice_.below(Hand::kPlaces);
  const Node* node = hand.nodes[from];
  if (node == nullptr) return;
  const std::size_t edge = dice_.below(Node::kEdges);
  take(hand, node->edge(edge), objects_[hand.ids[from]].edges[edge]);
}

void World::take(Hand& hand, Node* node, Id expected) {
  expect(node, expected, "read");
  const std::size_t to = dice_.below(Hand::kPlaces);
  hand.put(to, node, expected);
}

// What is hardest on a barrier: the last reference in the heap goes from a field to a thread alone, or to another
// field.
void World::move(Hand& hand) {
  const std::size_t from = dice_.below(Hand::kPlaces), to = dice_.below(Hand::kPlaces);
  Node* node = hand.nodes[from];
  const Id id = hand.ids[from];
  if (node == nullptr || to == from) return;
  const std::size_t edge = dice_.below(Node::kEdges);
  Node* moved = node->edge(edge);
  const Id moved_id = objects_[id].edges[edge];
  expect(moved, moved_id, "moved");
  hand.put(to, moved, moved_id);
  schedule_point("moving");
  node->edge(edge) = nullptr;
  objects_[id].edges[edge] = 0;
  const std::size_t into = dice_.below(Hand::kPlaces);
  if (dice_.one_in(2) || into == to || hand.nodes[into] == nullptr) return;
  hand.nodes[into]->edge(edge) = moved;
  objects_[hand.ids[into]].edges[edge] = moved_id;
  hand.put(to, nullptr, 0);
}

// One field that all fight for: the only reference that a thread has goes into it, or what is there comes out.
void World::fight(Mutator& me, Hand& hand) {
  constexpr std::size_t kRoot = kShared - 1, kHolder = 0, kEdge = 0;
  const std::size_t place = 1 + dice_.below(Hand::kPlaces - 1);
  const bool puts = dice_.one_in(2);
  if (puts && dice_.one_in(2)) make(me, hand, place, place, place);  // known to nobody else
  Node* node = roots()[kRoot];
  const Id id = truth(node, roots_[kRoot]);
  expect(node, id, "holder");
  hand.put(kHolder, node, id);
  if (node == nullptr) {
    make(me, hand, 1, 2, kHolder);
    assign_root(kRoot, hand.nodes[kHolder], hand.ids[kHolder]);
    return;
  }
  if (!puts) {
    const Id found = objects_[id].edges[kEdge];
    expect(node->edge(kEdge), found, "fought for");
    hand.put(place, node->edge(kEdge), found);
  } else {
    node->edge(kEdge) = hand.nodes[place];
    objects_[id].edges[kEdge] = hand.ids[place];
    hand.put(place, nullptr, 0);
  }
}

// One at a time may assign to a Root.
void World::assign_root(std::size_t root, Node* node, Id id) {
  RootModel& model = roots_[root];
  if (model.changes) return;
  model.changes = true;
  model.coming = id;
  roots()[root] = node;
  model.id = id;
  model.changes = false;
}

void World::store_root(Hand& hand) {
  const std::size_t from = dice_.below(Hand::kPlaces), root = dice_.below(kShared);
  const bool null = dice_.one_in(4);
  assign_root(root, null ? nullptr : hand.nodes[from], null ? 0 : hand.ids[from]);
}

void World::load_root(Hand& hand) {
  const std::size_t root = dice_.below(kShared);
  Node* found = roots()[root];
  take(hand, found, truth(found, roots_[root]));
}

void World::set_weak(Hand& hand) {
  const std::size_t from = dice_.below(Hand::kPlaces), to = dice_.below(Hand::kPlaces);
  Node* node = hand.nodes[from];
  const Id id = hand.ids[from];
  if (node == nullptr || objects_[id].weak_changes) return;
  const Id target = hand.ids[to];
  if (target == id) return;  // of no interest
  objects_[id].weak_changes = true;
  ++objects_[id].weak_resets;
  node->weak.reset(hand.nodes[to]);
  objects_[id].weak = target;
  objects_[id].weak_changes = false;
  if (dice_.one_in(2)) hand.put(to, nullptr, 0);  // the last that held it, with luck
}

void World::read_weak(Hand& hand) {
  const std::size_t from = dice_.below(Hand::kPlaces);
  const Node* node = hand.nodes[from];
  if (node == nullptr) return;
  const Id id = hand.ids[from];
  const std::uint64_t resets = objects_[id].weak_resets;
  const bool changed = objects_[id].weak_changes;
  Node* found = node->weak.get();
  if (changed || objects_[id].weak_resets != resets) return;  // either answer would do
  const Id target = objects_[id].weak;
  if (found != nullptr) {
    if (objects_[target].destroyed) fail("a weak reference names a destroyed object: " + std::to_string(target));
    take(hand, found, target);
  } else if (target != 0) {
    ++weak_nulls_;
    if (reachable()[target]) fail("a weak reference answers null for object " + std::to_string(target));
  }
}

void World::block(Mutator& me) {
  const BlockingScope blocked(me);
  for (std::uint64_t i = dice_.below(6); i > 0; --i) schedule_point("blocked");
}

// Attached to nothing: takes what somebody has put into a shared Root, and moves it about in Roots of its own.
void World::edit_from_outside() {
  for (std::uint64_t i = 0; i < edits_each_; ++i) {
    const std::size_t to = kShared + dice_.below(2), from = kRoots - 1 + kShared - to, shared = dice_.below(kShared);
    RootModel& model = roots_[shared];
    if (dice_.one_in(3)) {
      assign_root(to, roots()[from], roots_[from].id);
    } else if (dice_.one_in(3)) {
      assign_root(to, nullptr, 0);
    } else if (dice_.one_in(2)) {
      assign_root(shared, roots()[from], roots_[from].id);
    } else if (!model.changes) {
      model.changes = true;  // nobody else assigns: what it names stays
      model.coming = model.id;
      assign_root(to, roots()[shared], model.id);
      model.changes = false;
      assign_root(shared, nullptr, 0);
    }
    schedule_point("outside");
  }
  for (std::size_t i = kShared; i < kRoots; ++i) assign_root(i, nullptr, 0);
}

void World::note_destroyed(Id id) {
  Object& object = objects_[id];
  if (object.destroyed) fail("object " + std::to_string(id) + " is destroyed twice");
  object.destroyed = true;
  if (reachable()[id]) fail("object " + std::to_string(id) + " is destroyed and reachable");
}

Ending::~Ending() { world->note_destroyed(id); }

}  // namespace memgc::testing
