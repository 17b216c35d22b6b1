// Job: a full LRU cache under churn: a hash table with chains, a doubly linked list, a payload of bytes per entry.
//
// Every insert evicts the least recently used entry, which has been live for as long as everything else: objects die
// old, one at a time, all over the heap. Every fourth insert is followed by a look-up of a key that must still be
// there, which moves its entry to the front. The answers: every entry found and evicted carries its own payload;
// entries are evicted in the exact order of their last use; in the end the cache holds the newest ones, and a key long
// gone is not found.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "harness/check.h"
#include "harness/random.h"
#include "policies/policy.h"
#include "workloads/sizes.h"

namespace memgc_bench {

template <class Policy>
class LruCache {
 public:
  using Options = LruCacheOptions;

  static constexpr bool kUsesRegions = false;

  using Thread = typename Policy::Thread;

  LruCache(Thread& thread, const Options& options, unsigned index, unsigned threads)
      : thread_(thread),
        live_(std::max(options.live / threads, Options::kMinLive)),
        inserts_(std::max(options.inserts / threads, 2 * live_)),
        first_key_(std::uint64_t{index} << 48),
        random_(index + 1),
        cache_(thread.template make<Cache>()) {}

  ~LruCache() {
    if constexpr (Policy::kUnlinksByHand) {
      for (Local entry = cache_->newest; entry != nullptr;) {
        Local older = std::move(entry->older);
        thread_.free(static_cast<Payload*>(entry->payload));
        thread_.free(entry);
        entry = std::move(older);
      }
    }
    if constexpr (Policy::kFreesByHand) {
      if (cache_->buckets != nullptr) thread_.free(static_cast<Buckets*>(cache_->buckets));
      thread_.free(cache_.get());
    }
  }

  void run() {
    prepare();
    while (inserted_ < inserts_) step();
  }

  void prepare() { cache_->buckets = thread_.template make_refs<Entry>(std::bit_ceil(live_)); }

  /// An insert with its eviction; after every fourth, a look-up.
  void step() {
    const std::uint64_t i = inserted_++;
    if (size_ == live_) evict();
    insert(key(i));
    if (i % 4 == 3) touch(key(i - random_.below(std::min(i, live_ / 2))));
  }
  std::uint64_t steps_until_steady() const { return 2 * live_; }

  void verify() {
    expect_equal("the number of entries", size_, live_);
    verify_list();
    // Keys up to live / 2 inserts old are touched; any entry is gone after `live` inserts without a touch.
    if (find(key(0)) != nullptr) wrong_answer("a key long gone", key(0), 0);
    for (std::uint64_t i = inserted_ - live_ / 2; i < inserted_; ++i) {
      if (find(key(i)) == nullptr) wrong_answer("a key among the newest", 0, key(i));
    }
  }

 private:
  using Payload = typename Policy::template Array<unsigned char>;

  struct Entry {
    typename Policy::template Ref<Entry> next_in_chain;
    typename Policy::template Ref<Entry> older;
    typename Policy::template BackRef<Entry> newer;
    typename Policy::template Ref<Payload> payload;
    std::uint64_t key;
    std::uint64_t last_use;
    static constexpr auto fields = Policy::fields(&Entry::next_in_chain, &Entry::older, &Entry::newer, &Entry::payload);
  };
  using Buckets = typename Policy::template Array<typename Policy::template Ref<Entry>>;
  using Local = typename Policy::template Local<Entry>;

  struct Cache {
    typename Policy::template Ref<Buckets> buckets{nullptr};
    typename Policy::template Ref<Entry> newest{nullptr};
    typename Policy::template BackRef<Entry> oldest{nullptr};
    static constexpr auto fields = Policy::fields(&Cache::buckets, &Cache::newest, &Cache::oldest);
  };

  // The i-th key inserted; no two are equal, and their order in the table is random.
  std::uint64_t key(std::uint64_t i) const { return mix64(first_key_ + i); }
  static unsigned char first_byte(std::uint64_t key) { return static_cast<unsigned char>(key >> 56); }
  static std::uint64_t payload_bytes(std::uint64_t key) {
    return Options::kMinPayload +
           (mix64(key) >> 32) * (Options::kMaxPayload - Options::kMinPayload + 1) / (std::uint64_t{1} << 32);
  }

  auto& chain(std::uint64_t key) {
    Buckets& buckets = *cache_->buckets;
    return buckets[key & (buckets.size() - 1)];
  }

  [[gnu::noinline]] void insert(std::uint64_t key) {
    auto payload = thread_.template make_leaves<unsigned char>(payload_bytes(key) - sizeof(std::size_t));
    std::memset(payload->data(), first_byte(key), payload->size());
    Local entry = thread_.template make<Entry>(std::move(chain(key)), std::move(cache_->newest), nullptr,
                                               std::move(payload), key, ++clock_);
    chain(key) = entry;
    link_newest(std::move(entry));
    ++size_;
  }

  /// `entry->older` is what was the newest so far.
  void link_newest(Local entry) {
    Entry* const older = entry->older;
    if (older != nullptr) {
      older->newer = entry;
    } else {
      cache_->oldest = entry;
    }
    cache_->newest = std::move(entry);
  }

  [[gnu::noinline]] void evict() {
    Entry* const newer = cache_->oldest->newer;
    Local victim = std::move(newer->older);
    check_payload(*victim);
    if (victim->last_use <= last_evicted_use_) [[unlikely]] {
      wrong_answer("the last use of an evicted entry", victim->last_use, last_evicted_use_ + 1);
    }
    last_evicted_use_ = victim->last_use;
    unchain(victim);
    cache_->oldest = newer;
    newer->older = nullptr;
    thread_.free(static_cast<Payload*>(victim->payload));
    thread_.free(victim);
    --size_;
  }

  void unchain(Entry* victim) {
    auto* link = &chain(victim->key);
    while (*link != victim) link = &(*link)->next_in_chain;
    *link = std::move(victim->next_in_chain);
  }

  [[gnu::noinline]] void touch(std::uint64_t key) {
    Entry* const entry = find(key);
    if (entry == nullptr) [[unlikely]]
      wrong_answer("a key in use", 0, key);
    check_payload(*entry);
    entry->last_use = ++clock_;
    if (entry->newer == nullptr) return;
    Entry* const newer = entry->newer;
    Local moved = std::move(newer->older);
    Local older = std::move(entry->older);
    if (older != nullptr) {
      older->newer = newer;
    } else {
      cache_->oldest = newer;
    }
    newer->older = std::move(older);
    entry->newer = nullptr;
    entry->older = std::move(cache_->newest);
    link_newest(std::move(moved));
  }

  Entry* find(std::uint64_t key) {
    Entry* entry = chain(key);
    while (entry != nullptr && entry->key != key) entry = entry->next_in_chain;
    return entry;
  }

  void check_payload(Entry& entry) const {
    Payload& payload = *entry.payload;
    expect_equal("a payload's size", payload.size(), payload_bytes(entry.key) - sizeof(std::size_t));
    expect_equal("a payload's first byte", payload[0], first_byte(entry.key));
    expect_equal("a payload's last byte", payload[payload.size() - 1], first_byte(entry.key));
  }

  // From the newest to the oldest, each used before the one in front of it, and none before the last one evicted.
  void verify_list() {
    std::uint64_t walked = 0, last_use = clock_ + 1;
    for (Entry* entry = cache_->newest; entry != nullptr; entry = entry->older) {
      ++walked;
      check_payload(*entry);
      if (entry->last_use >= last_use) wrong_answer("an entry's last use", entry->last_use, last_use - 1);
      last_use = entry->last_use;
    }
    expect_equal("the number of entries in the list", walked, live_);
    if (last_use <= last_evicted_use_) wrong_answer("the oldest entry's last use", last_use, last_evicted_use_ + 1);
  }

  Thread& thread_;
  const std::uint64_t live_, inserts_, first_key_;
  Random random_;
  std::uint64_t inserted_ = 0, size_ = 0, clock_ = 0, last_evicted_use_ = 0;
  typename Policy::template Root<Cache> cache_;
};

}  // namespace memgc_bench
