// Job: see oracle.h. Here: the threads' edits, and their meeting point.
//
// Threads: config.threads editors. Between checkpoints each touches its own Editor, the heap, and nothing else; at a
// checkpoint the first alone reads all of them, while the others wait in a BlockingScope (the mutex orders their data).
#include "tests/stress/oracle.h"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include "tests/runtime/support.h"
#include "tests/stress/oracle_state.h"

namespace memgc::testing {

// --- Editing.

const Shadow& Oracle::shadow_of(const Editor& editor, Id id) const {
  const auto found = editor.owned.find(id);
  if (found == editor.owned.end())
    fail(fmt::format("an object claims the identity {:x}, which was never made or is dead", id));
  return found->second;
}

// Puts `object` into the hand. The caller has just loaded it from somewhere reachable; no safepoint lies between.
void Oracle::take(Editor& editor, std::size_t place, Object* object) {
  editor.hand->objects[place] = object;
  editor.hand_ids[place] = id_or_none(object);
}

// Makes an object, puts it into the hand, and links it to from what is at `parent` there.
void Oracle::make_one(Editor& editor, Mutator& me, Kind kind, std::size_t place, std::size_t parent) {
  const Id id = id_of(editor.number, ++editor.made);
  if (kind == Kind::kBigLeaf && editor.below(8) != 0) kind = Kind::kPair;
  std::uint32_t length = 0;
  if (kind == Kind::kMembers || kind == Kind::kArms || kind == Kind::kBytes) {
    length = kLengths[editor.below(editor.below(100) == 0 ? kLengths.size() : kLengths.size() - 1)];
  }
  Object* object = make_object(me, id, kind, length, editor.hand->scratch);
  if (const char* what = damage(*object, id, kind, length)) fail(fmt::format("a new object {}", what));
  Shadow shadow{kind, length, std::vector<Id>(edge_count(*object))};
  for (std::size_t i = 0; i < shadow.edges.size(); ++i) {
    if (edge(*object, i) != nullptr) fail(fmt::format("edge {} of a new object is not null", i));
  }
  editor.owned.emplace(id, std::move(shadow));
  take(editor, place, object);
  if (parent != place) set_an_edge(editor, parent, place);  // or it would soon be dead
}

// A long list, kept by a Root: what makes the graph deep, and large.
void Oracle::make_list(Editor& editor, Mutator& me) {
  const std::uint64_t length = 50 + editor.below(500);
  const std::size_t head = editor.below(kHand);
  for (std::uint64_t i = 0; i < length; ++i) {
    const std::size_t next = (head + 1 + i % 2) % kHand;
    const std::size_t before = (head + 1 + (i + 1) % 2) % kHand;
    make_one(editor, me, i % 16 == 0 ? Kind::kTagged : Kind::kPair, next, next);
    set_an_edge(editor, next, i == 0 ? kHand : before);
    set_an_edge(editor, next, i == 0 ? kHand : before);
  }
  const std::size_t root = editor.below(kKeep);
  const std::size_t last = (head + 1 + (length - 1) % 2) % kHand;
  editor.keep[root] = editor.hand->objects[last];
  editor.keep_ids[root] = editor.hand_ids[last];
}

// Sets a random edge of what is at `from` in the hand, if that is an object of our own; kHand: to nothing.
void Oracle::set_an_edge(Editor& editor, std::size_t from, std::size_t to) {
  const Id id = editor.hand_ids[from];
  if (id == 0 || owner_of(id) != editor.number) return;
  std::vector<Id>& edges = editor.owned.at(id).edges;
  if (edges.empty()) return;
  const std::size_t index = editor.below(edges.size());
  const auto variant = static_cast<unsigned>(editor.below(1000));
  Object* target = to == kHand ? nullptr : editor.hand->objects[to];
  set_edge(*editor.hand->objects[from], index, target, variant, editor.hand->objects[(from + 1) % kHand]);
  edges[index] = to == kHand ? 0 : editor.hand_ids[to];
}

void Oracle::link(Editor& editor) {
  const std::size_t from = editor.below(kHand);
  const Id id = editor.hand_ids[from];
  const bool wide = id != 0 && edge_count(*editor.hand->objects[from]) > 100;
  for (int i = 0; i < (wide ? 50 : 1); ++i) {
    set_an_edge(editor, from, editor.below(12) == 0 ? kHand : editor.below(kHand));
  }
}

// Walks along an edge; of an object of our own, one that the model knows.
void Oracle::follow(Editor& editor) {
  const std::size_t from = editor.below(kHand);
  const Id id = editor.hand_ids[from];
  if (id == 0) return;
  const Object& object = *editor.hand->objects[from];
  if (object.id != id) fail(fmt::format("an object in the hand has another identity: {:x} for {:x}", object.id, id));
  const bool own = owner_of(id) == editor.number;
  if (!own && kUnderTsan) return;  // reading what another has just made wants synchronisation that this walk has not
  const std::size_t count = edge_count(object);
  if (count == 0) return;
  const std::size_t index = editor.below(count);
  Object* target = edge(object, index);
  if (own) {
    const Shadow& shadow = shadow_of(editor, id);
    if (const char* what = damage(object, id, shadow.kind, shadow.length))
      fail(fmt::format("an object in the hand {}", what));
    const Id expected = shadow.edges[index];
    if (id_or_none(target) != expected) {
      fail(fmt::format("edge {} of {:x} leads to {:x}, not {:x}", index, id, id_or_none(target), expected));
    }
  }
  take(editor, editor.below(kHand), target);
}

void Oracle::use_keep(Editor& editor) {
  const std::size_t root = editor.below(kKeep);
  const std::size_t place = editor.below(kHand);
  if (editor.below(8) == 0) {
    editor.keep[root] = editor.hand->objects[place];
    editor.keep_ids[root] = editor.hand_ids[place];
  } else {
    Object* object = editor.keep[root];
    if (id_or_none(object) != editor.keep_ids[root]) fail("a Root leads to another object");
    take(editor, place, object);
  }
}

void Oracle::use_stack(Editor& editor) {
  const std::size_t place = editor.below(kHand);
  if (editor.stack_ids.size() < kStack && (editor.stack_ids.empty() || editor.below(2) == 0)) {
    *editor.top++ = TaggedWords::word(editor.hand->objects[place], editor.below(2) == 0);
    editor.stack_ids.push_back(editor.hand_ids[place]);
  } else {
    Object* object = TaggedWords::object(*--editor.top);
    if (id_or_none(object) != editor.stack_ids.back()) fail("a word of a RootRange leads to another object");
    editor.stack_ids.pop_back();
    take(editor, place, object);
  }
}

// Stalls are written by all at once. A compare_exchange publishes; so does a plain store, on hardware that keeps stores
// in order, though not in the eyes of ThreadSanitizer.
void Oracle::put_on_market(Editor& editor) {
  const std::size_t stall = editor.below(Market::kStalls);
  const std::size_t place = editor.below(kHand);
  Object* object = editor.hand->objects[place];
  if (kUnderTsan || editor.below(2) == 0) {
    Object* expected = market_->stalls[stall];
    if (!market_->stalls[stall].compare_exchange(expected, object)) return;
  } else {
    std::atomic_signal_fence(std::memory_order_release);
    market_->stalls[stall] = object;
  }
  editor.written[stall] = editor.hand_ids[place];
}

void Oracle::take_from_market(Editor& editor) {
  const std::size_t stall = editor.below(Market::kStalls);
  Object* object = nullptr;
  if constexpr (kUnderTsan) {
    market_->stalls[stall].compare_exchange(object, nullptr);  // fails, with acquire, unless it is null already
  } else {
    object = market_->stalls[stall];
    std::atomic_signal_fence(std::memory_order_acquire);
  }
  if (object != nullptr && object->check != Object::check_of(object->id, object->kind, object->length)) {
    fail("an object on the market has a damaged head");
  }
  take(editor, editor.below(kHand), object);
}

void Oracle::renew(Editor& editor, Mutator& me) {
  const std::size_t place = editor.below(kHand);
  const Id id = editor.hand_ids[place];
  if (id != 0 && owner_of(id) == editor.number) renew_array(me, *editor.hand->objects[place]);
}

void Oracle::let_go(Editor& editor, bool all) {
  if (!all) {
    take(editor, editor.below(kHand), nullptr);
    return;
  }
  for (std::size_t i = 0; i < kHand; ++i) take(editor, i, nullptr);
  for (Root<Object>& root : editor.keep) root = nullptr;
  editor.keep_ids.fill(0);
  editor.stack_ids.clear();
  editor.top = editor.stack.data();
}

void Oracle::edit(Editor& editor, Mutator& me) {
  ++editor.edits;
  if (std::exchange(editor.let_go_of_all, false)) let_go(editor, true);
  const std::uint64_t dice = editor.below(10'000);
  if (dice < 2500) {
    make_one(editor, me, static_cast<Kind>(editor.below(kKinds)), editor.below(kHand), editor.below(kHand));
  } else if (dice < 4500) {
    link(editor);
  } else if (dice < 6500) {
    follow(editor);
  } else if (dice < 7500) {
    use_keep(editor);
  } else if (dice < 8000) {
    use_stack(editor);
  } else if (dice < 8500) {
    put_on_market(editor);
  } else if (dice < 9000) {
    take_from_market(editor);
  } else if (dice < 9200) {
    renew(editor, me);
  } else if (dice < 9700) {
    let_go(editor, false);
  } else if (dice < 9976) {
    me.safepoint();
  } else if (dice < 9984) {
    make_list(editor, me);
  } else if (dice < 9998) {
    const BlockingScope blocked(me);
    std::this_thread::yield();
  } else {
    heap_.collect();
  }
}

void Oracle::edit_as(unsigned number) {
  Mutator me(heap_);
  Editor& editor = editors_[number];
  Hand hand;
  editor.hand = &hand;
  std::optional<RootRange> hand_range;
  if (config_.options.precise_stacks) hand_range.emplace(&hand, &hand + 1);
  const RootRange stack_range(editor.stack.data(), &editor.top, &TaggedWords::pointer);

  if (number == 0) {
    std::uint64_t last_checkpoint = 0;
    std::uint64_t last_cycles = heap_.stats().cycles;
    while (editor.edits < config_.steps) {
      edit(editor, me);
      if (editor.edits - last_checkpoint < config_.steps_per_checkpoint || editor.edits % 64 != 0) continue;
      if (heap_.stats().cycles == last_cycles && editor.edits - last_checkpoint < 3 * config_.steps_per_checkpoint)
        continue;
      checkpoint(me, false);
      last_checkpoint = editor.edits;
      last_cycles = heap_.stats().cycles;
    }
    checkpoint(me, true);
  } else {
    while (!stop_) {
      edit(editor, me);
      if (requested_) wait_blocked(me);
    }
  }
  let_go(editor, true);
}

// --- The meeting point.

void Oracle::wait_blocked(Mutator& me) {
  const BlockingScope blocked(me);
  std::unique_lock lock(mutex_);
  if (!requested_) return;
  const std::uint64_t round = round_;
  ++waiting_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return round_ != round; });
}

void Oracle::checkpoint(Mutator& me, bool last) {
  requested_ = true;
  std::unique_lock lock(mutex_, std::defer_lock);
  {
    const BlockingScope blocked(me);
    lock.lock();
    changed_.wait(lock, [&] { return waiting_ == config_.threads - 1; });
  }
  ++report_.checkpoints;
  compare();
  for (Editor& editor : editors_) {
    editor.let_go_of_all = editor.owned.size() > kMostOwned;
  }
  waiting_ = 0;
  ++round_;
  requested_ = false;
  if (last) stop_ = true;
  changed_.notify_all();
}

// --- The run.

void Oracle::fail(const std::string& what) const {
  fmt::print(stderr, "oracle: {} (seed {}, {} threads, checkpoint {}, cycle {})\n", what, config_.seed, config_.threads,
             report_.checkpoints, heap_.stats().cycles);
  std::abort();
}

OracleReport Oracle::run() {
  if (config_.weigh) calibrate();
  on_another_thread(heap_, [&](Mutator& me) { market_ = me.make<Market>(); });
  for (unsigned i = 0; i < editors_.size(); ++i) {
    editors_[i].number = i;
    editors_[i].random.seed(config_.seed * 1000 + i);
  }
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < editors_.size(); ++i) threads.emplace_back([this, i] { edit_as(i); });
  for (std::thread& thread : threads) thread.join();

  for (const Editor& editor : editors_) {
    report_.edits += editor.edits;
    report_.objects += editor.made;
  }
  report_.cycles = heap_.stats().cycles;
  market_ = nullptr;
  editors_.clear();
  if (const std::uint64_t live = live_after_collect(heap_); live != 0) {
    fail(fmt::format("{} bytes live after everything was dropped", live));
  }
  heap_.release_memory();
  const Stats stats = heap_.stats();
  if (const std::uint64_t held = stats.managed_bytes - stats.metadata_bytes; held != 0) {
    fail(fmt::format("{} bytes of blocks are held after everything was dropped: dead cells were not freed", held));
  }
  return report_;
}

OracleReport run_oracle(const OracleConfig& config) { return Oracle(config).run(); }

}  // namespace memgc::testing
