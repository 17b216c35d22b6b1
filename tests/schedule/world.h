// Job: a small world of objects that some threads edit while cycles run, beside a model of what must be true of it.
//
// Whatever a mutator reads must be what the model says, at once: the store to a field and the note in the model lie
// between the same two steps of the scheduler. Whenever marking has ended, all that the model reaches from Roots and
// from what the threads hold must be marked; whenever a cycle has settled, its contents must be right. A weak reference
// that answers null, and a destructor that runs, must be of an object that nothing reaches. At the end nothing is
// reachable and everything must be freed.
// Threads: coroutines of one thread; see scheduler.h.
#pragma once

#include <memgc/memgc.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/schedule/scheduler.h"

namespace memgc::testing {

using Id = std::uint32_t;  // of an object, from 1 on; 0: none

class World;

struct Node {
  Node(Id its_id, Node* a, Node* b) : id(its_id), check(check_of(its_id)), left(a), right(b) {}

  static constexpr std::size_t kEdges = 2;
  static std::uint32_t check_of(Id id) { return id * 2654435761U ^ 0x5bd1e995U; }

  Id id;
  std::uint32_t check;
  Member<Node> left, right;
  Weak<Node> weak;

  Member<Node>& edge(std::size_t i) { return i == 0 ? left : right; }
  const Member<Node>& edge(std::size_t i) const { return i == 0 ? left : right; }

  static constexpr auto fields = memgc::fields(&Node::left, &Node::right, &Node::weak);
};

/// One with a trace function instead of fields, and a destructor.
struct Ending : Node {
  Ending(World& its_world, Id its_id, Node* a, Node* b) : Node(its_id, a, b), world(&its_world) {}
  ~Ending();
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;

  void trace(Visitor& v) const { v(left, right, weak); }

  World* world;
};

/// What a thread holds: on its stack, and with precise stacks in a RootRange.
struct Hand {
  static constexpr std::size_t kPlaces = 6;
  Node* nodes[kPlaces] = {};
  Id ids[kPlaces] = {};

  void put(std::size_t place, Node* node, Id id) {
    nodes[place] = node;
    ids[place] = id;
  }
};

/// What seeds have done, so that a test can tell a world in which nothing happens.
struct Tally {
  std::uint64_t steps = 0;
  std::uint64_t cycles = 0;
  std::uint64_t minor_cycles = 0;
  std::uint64_t objects = 0;
  std::uint64_t edits = 0;
  std::uint64_t destroyed = 0;
  std::uint64_t weak_nulls = 0;
};

class World {
 public:
  /// What the process learns once (layouts, Roots) and no seed is to depend on. Before the first run().
  static void warm_up();
  /// Runs one seed. A difference is printed, and ends the program by abort.
  static std::uint64_t run(std::uint64_t seed, Tally& tally);

  void note_destroyed(Id id);

 private:
  static constexpr std::size_t kMostWords = 400;         // of an array
  static constexpr std::size_t kShared = 3, kRoots = 5;  // the others are the outside thread's

  struct Object {
    const Node* address = nullptr;
    std::array<Id, Node::kEdges> edges{};
    Id weak = 0;
    bool weak_changes = false;  // somebody is about to reset it
    std::uint64_t weak_resets = 0;
    bool ending = false;
    bool destroyed = false;
  };
  struct RootModel {
    Id id = 0;
    Id coming = 0;  // while somebody assigns to it
    bool changes = false;
  };

  explicit World(std::uint64_t seed);
  void main(Tally& tally);
  void edit_as_mutator();
  void edit(Mutator& me, Hand& hand);
  void edit_from_outside();
  void force_cycles();
  void see(std::string_view where);
  void count(Tally& tally);

  // Edits.
  void make(Mutator& me, Hand& hand, std::size_t a, std::size_t b, std::size_t to);
  void lengthen(Mutator& me, Hand& hand);
  void make_array(Mutator& me);
  void store(Hand& hand);
  void exchange(Hand& hand);
  void load(Hand& hand);
  void move(Hand& hand);
  void fight(Mutator& me, Hand& hand);
  void store_root(Hand& hand);
  void load_root(Hand& hand);
  void set_weak(Hand& hand);
  void read_weak(Hand& hand);
  void block(Mutator& me);
  void assign_root(std::size_t root, Node* node, Id id);
  void take(Hand& hand, Node* node, Id expected);

  // The model.
  Id truth(const Node* found, const RootModel& root) const;
  void expect(const Node* node, Id id, const char* where) const;
  std::vector<bool> reachable() const;
  void check_marked();
  void check_contents() const;
  [[noreturn]] void fail(const std::string& what) const;

  std::uint64_t seed_;
  Dice dice_;
  Options options_;
  unsigned mutators_;
  unsigned mutators_left_ = 0;
  std::uint64_t edits_each_;
  std::optional<Heap> heap_;
  std::vector<Object> objects_{1};  // by id
  std::vector<Hand*> hands_;        // of attached mutators
  std::array<RootModel, kRoots> roots_;
  bool outside_ = false;  // there is a thread that is attached to nothing
  std::uint64_t edits_ = 0;
  std::uint64_t cycles_ = 0, minor_cycles_ = 0;
  std::uint64_t weak_nulls_ = 0;
};

}  // namespace memgc::testing
