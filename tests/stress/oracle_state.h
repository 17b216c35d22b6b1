// Job: what the oracle's two halves share: the editors with their models, and the class that runs them.
//
// oracle.cc edits, oracle_compare.cc compares. Threads: see oracle.cc.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/stress/oracle.h"
#include "tests/stress/oracle_graph.h"

namespace memgc::testing {

using Id = std::uint64_t;  // 0: none. The high 16 bits tell the owner.

inline Id id_of(unsigned owner, std::uint64_t number) { return (std::uint64_t{owner} + 1) << 48 | number; }
inline Id id_or_none(const Object* object) { return object == nullptr ? 0 : object->id; }
inline unsigned owner_of(Id id) { return static_cast<unsigned>(id >> 48) - 1; }

constexpr std::array<std::uint32_t, 9> kLengths{0, 1, 2, 3, 5, 9, 40, 300, 20'000};
constexpr std::size_t kHand = 12;
constexpr std::size_t kKeep = 200;
constexpr std::size_t kStack = 64;
constexpr std::size_t kMostOwned = 20'000;  // after a checkpoint with more, an editor lets go of everything

struct Shadow {
  Kind kind;
  std::uint32_t length;
  std::vector<Id> edges;
};

// What a thread holds in words that are scanned: stands on its stack.
struct Hand {
  Object* objects[kHand] = {};
  void* scratch = nullptr;
};

struct Editor {
  unsigned number = 0;
  std::mt19937_64 random;
  std::uint64_t made = 0;
  std::uint64_t edits = 0;
  bool let_go_of_all = false;  // asked for at a checkpoint

  std::map<Id, Shadow> owned;  // the model
  std::array<Id, kHand> hand_ids{};
  std::array<Id, kKeep> keep_ids{};
  std::vector<Id> stack_ids;
  std::array<std::optional<Id>, Market::kStalls> written;  // the last write of this thread since the checkpoint

  Hand* hand = nullptr;  // the real thing
  std::vector<Root<Object>> keep = std::vector<Root<Object>>(kKeep);
  std::vector<std::uintptr_t> stack = std::vector<std::uintptr_t>(kStack);
  std::uintptr_t* top = stack.data();

  std::uint64_t below(std::uint64_t bound) { return random() % bound; }
};

class Oracle {
 public:
  explicit Oracle(const OracleConfig& config) : config_(config), heap_(config.options), editors_(config.threads) {}
  OracleReport run();

 private:
  [[noreturn]] void fail(const std::string& what) const;

  // Editing.
  void edit_as(unsigned number);
  void edit(Editor& editor, Mutator& me);
  void make_one(Editor& editor, Mutator& me, Kind kind, std::size_t place, std::size_t parent);
  void make_list(Editor& editor, Mutator& me);
  void set_an_edge(Editor& editor, std::size_t from, std::size_t to);
  void link(Editor& editor);
  void follow(Editor& editor);
  void use_keep(Editor& editor);
  void use_stack(Editor& editor);
  void put_on_market(Editor& editor);
  void take_from_market(Editor& editor);
  void take(Editor& editor, std::size_t place, Object* object);
  void renew(Editor& editor, Mutator& me);
  void let_go(Editor& editor, bool all);
  void wait_blocked(Mutator& me);
  const Shadow& shadow_of(const Editor& editor, Id id) const;

  // Comparing.
  void checkpoint(Mutator& me, bool last);
  void compare();
  void compare_bytes(std::uint64_t expected);
  void adopt_market();
  using Reached = std::vector<std::pair<Id, const Object*>>;
  Reached model_roots() const;
  std::uint64_t walk(const Reached& roots, std::unordered_map<Id, const Object*>& seen) const;
  std::uint64_t reachable_bytes(std::unordered_map<Id, bool>& reachable) const;
  void calibrate();
  const Shadow& shadow(Id id) const;

  OracleConfig config_;
  Heap heap_;
  std::vector<Editor> editors_;
  Root<Market> market_;
  std::array<Id, Market::kStalls> market_ids_{};
  std::map<std::pair<Kind, std::uint32_t>, std::uint64_t> cell_bytes_;
  std::uint64_t market_bytes_ = 0;
  OracleReport report_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> requested_{false};
  unsigned waiting_ = 0;
  std::uint64_t round_ = 0;
  std::atomic<bool> stop_{false};
};

}  // namespace memgc::testing
