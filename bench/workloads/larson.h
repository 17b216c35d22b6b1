// Job: objects that are freed by threads that did not make them, as in the server of Larson and Krishnan (ISMM 1998).
//
// Every thread owns a table of byte arrays of random sizes and replaces random ones; after a while the table goes to
// the next thread and that of the thread before comes, with all that is in it. Most of what a thread then replaces was
// made by another. The answers: every object that is replaced, and in the end every object, is one that was made for
// its place in its table and has its own size and bytes; each thread ends with the table that must have come to it.
//
// Threads: a table has one owner at a time, who alone touches it and what it refers to; owners change through a
// Channel, which orders what one did before what the other does: there is no data race. Alone, a thread hands over to
// itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "harness/check.h"
#include "harness/random.h"
#include "policies/policy.h"
#include "workloads/channel.h"
#include "workloads/sizes.h"

namespace memgc_bench {

template <class Policy>
class Larson {
  using Payload = typename Policy::template Array<unsigned char>;
  using Slots = typename Policy::template Array<typename Policy::template Ref<Payload>>;

  struct Table {
    typename Policy::template Ref<Slots> slots;
    std::uint64_t number;  // that of its first owner
    static constexpr auto fields = Policy::fields(&Table::slots);
  };

 public:
  using Options = LarsonOptions;
  static constexpr bool kUsesRegions = false;

  using Thread = typename Policy::Thread;

  struct Shared {
    Shared(const Options&, unsigned threads) : tables_to(threads) {}
    void abandon() {
      for (auto& channel : tables_to) channel.abandon();
    }

    std::vector<Channel<Policy, Table>> tables_to;  // by the index of the thread that takes
  };

  Larson(Thread& thread, const Options& options, unsigned index, unsigned threads, Shared& shared)
      : thread_(thread),
        live_(std::max<std::uint64_t>(options.live / threads, 1)),
        stints_(options.handovers + 1),
        stint_(std::max<std::uint64_t>(options.replacements / threads / stints_, 1)),
        index_(index),
        first_owner_((index + threads - options.handovers % threads) % threads),
        from_(shared.tables_to[index]),
        to_(shared.tables_to[(index + 1) % threads]),
        random_(index + 1),
        table_(nullptr) {
    from_.open(thread, 1, 1);
  }

  ~Larson() {
    if constexpr (Policy::kFreesByHand) {
      if (table_.get() != nullptr) {
        for (std::uint64_t i = 0; i < live_; ++i) thread_.free(static_cast<Payload*>((*table_->slots)[i]));
        thread_.free(static_cast<Slots*>(table_->slots));
        thread_.free(table_.get());
      }
      from_.free_slots(thread_);
    }
  }

  void run() {
    fill();
    replace();
    for (std::uint64_t stint = 1; stint < stints_; ++stint) {
      to_.put(thread_, table_.get());
      table_ = from_.take(thread_);
      replace();
    }
  }

  void verify() {
    expect_equal("the number of a thread's last table", table_->number, first_owner_);
    expect_equal("the number of slots", table_->slots->size(), live_);
    for (std::uint64_t i = 0; i < live_; ++i) check((*table_->slots)[i], place(i));
  }

 private:
  /// Which slot of which table, of all.
  std::uint64_t place(std::uint64_t slot) const { return table_->number * live_ + slot; }

  // An object starts with its stamp: the place that it was made for, and something to tell it from others there.
  static constexpr unsigned kPlaceBits = 32;
  static std::uint64_t payload_size(std::uint64_t stamp) {
    return Options::kMinPayload + mix64(stamp) % (Options::kMaxPayload - Options::kMinPayload + 1) -
           sizeof(std::size_t);
  }
  static unsigned char byte_of(std::uint64_t stamp) { return static_cast<unsigned char>(stamp >> kPlaceBits ^ stamp); }

  typename Policy::template Local<Payload> make_payload(std::uint64_t place) {
    const std::uint64_t stamp = place | ++made_ << kPlaceBits;
    auto payload = thread_.template make_leaves<unsigned char>(payload_size(stamp));
    std::memset(payload->data(), byte_of(stamp), payload->size());
    std::memcpy(payload->data(), &stamp, sizeof(stamp));
    return payload;
  }

  static void check(Payload* payload, std::uint64_t place) {
    if (payload == nullptr) wrong_answer("an object", 0, place);
    std::uint64_t stamp;
    static_assert(Options::kMinPayload >= sizeof(std::size_t) + sizeof(stamp));
    std::memcpy(&stamp, payload->data(), sizeof(stamp));
    expect_equal("the place of an object", stamp & ((std::uint64_t{1} << kPlaceBits) - 1), place);
    expect_equal("an object's size", payload->size(), payload_size(stamp));
    if (payload->size() > sizeof(stamp)) {
      expect_equal("an object's last byte", (*payload)[payload->size() - 1], byte_of(stamp));
    }
  }

  void fill() {
    table_ = thread_.template make<Table>(thread_.template make_refs<Payload>(live_), index_);
    for (std::uint64_t i = 0; i < live_; ++i) (*table_->slots)[i] = make_payload(place(i));
  }

  [[gnu::noinline]] void replace() {
    Slots& slots = *table_->slots;
    for (std::uint64_t i = 0; i < stint_; ++i) {
      const std::uint64_t chosen = random_.below(live_);
      auto payload = make_payload(place(chosen));
      check(slots[chosen], place(chosen));
      thread_.free(static_cast<Payload*>(slots[chosen]));
      slots[chosen] = std::move(payload);
    }
  }

  Thread& thread_;
  const std::uint64_t live_, stints_, stint_;
  const std::uint64_t index_, first_owner_;
  Channel<Policy, Table>& from_;
  Channel<Policy, Table>& to_;
  Random random_;
  std::uint64_t made_ = 0;
  typename Policy::template Root<Table> table_;
};

}  // namespace memgc_bench
