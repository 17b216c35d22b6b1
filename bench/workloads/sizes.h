// Job: how large each workload is: its options with their defaults and limits, the same for every allocator.
#pragma once

#include <cstdint>

namespace memgc_bench {

struct BinaryTreesOptions {
  static constexpr unsigned kMinDepth = 4;  // of the smallest trees; the long-lived one is at least two deeper
  static constexpr unsigned kMaxDepth = 26;

  unsigned depth = 20;  // of the long-lived tree
};

struct LruCacheOptions {
  static constexpr std::uint64_t kMinLive = 64;
  static constexpr std::uint64_t kMinPayload = 32, kMaxPayload = 256;  // bytes, with the length word

  std::uint64_t live = 1'000'000;      // entries, in the caches of all threads together
  std::uint64_t inserts = 10'000'000;  // likewise; the first `live` of them fill the caches
};

struct GcBenchOptions {
  static constexpr unsigned kMinDepth = 4;
  static constexpr unsigned kMaxDepth = 24;

  unsigned depth = 18;  // of the long-lived tree and of the largest short-lived ones; the original has 16
};

struct MessageQueueOptions {
  static constexpr std::uint64_t kMinPayload = 16, kMaxPayload = 512;  // bytes, with the length word

  std::uint64_t live = 200'000;         // messages waiting, over all threads together
  std::uint64_t messages = 10'000'000;  // likewise
};

/// Of the workloads whose requests arrive at a rate; what lives is as in the workload that serves them.
struct LatencyOptions {
  static constexpr unsigned kSteps = 16;  // per request: a few microseconds

  std::uint64_t requests = 500'000;
  double rate = 0;  // requests a second; 0: one after the other
};

struct LarsonOptions {
  static constexpr std::uint64_t kMinPayload = 16, kMaxPayload = 512;  // bytes, with the length word
  static constexpr std::uint64_t kMaxLive = std::uint64_t{1} << 32;

  std::uint64_t live = 200'000;             // objects, in the tables of all threads together
  std::uint64_t replacements = 10'000'000;  // over all threads
  std::uint64_t handovers = 40;             // of each table, from a thread to the next
};

struct ProducerConsumerOptions {
  static constexpr std::uint64_t kMinPayload = 16, kMaxPayload = 512;  // bytes, with the length word

  std::uint64_t slots = 65'536;         // of all queues together
  std::uint64_t messages = 10'000'000;  // over all producers
};

struct SchemeOptions {
  unsigned percent = 100;  // of the runs that scheme.h says; at least one of each program
};

struct SymbolsOptions {
  static constexpr std::uint64_t kMinNames = 4096, kMaxNames = std::uint64_t{1} << 32;
  static constexpr std::uint64_t kMinName = 4, kMaxName = 40;  // letters
  static constexpr std::uint64_t kLookupShare = 8;  // scopes are open for names / kLookupShare look-ups together

  std::uint64_t names = std::uint64_t{1} << 24;  // different ones that may come; a power of two, or rounded up to one
  std::uint64_t lookups = 6'000'000;
};

struct RandomGraphOptions {
  static constexpr std::uint64_t kMinEdges = 2, kMaxEdges = 8;  // of a node

  std::uint64_t nodes = 300'000;
  std::uint64_t steps = 2'000'000;
};

struct SplayTreeOptions {
  static constexpr unsigned kPayloadDepth = 4;
  static constexpr std::uint64_t kMinNumbers = 2, kMaxNumbers = 16;  // in each leaf of a payload

  std::uint64_t live = 30'000;  // nodes
  std::uint64_t steps = 400'000;
};

struct JsonDocumentsOptions {
  std::uint64_t live = 2'000;  // documents kept
  std::uint64_t documents = 40'000;
};

struct BigArraysOptions {
  static constexpr std::uint64_t kSmallest = 4096;    // bytes, with the length word
  static constexpr std::uint64_t kRecords = 1 << 16;  // that pointers point to

  std::uint64_t live = 128;  // arrays
  std::uint64_t steps = 3'500;
  std::uint64_t largest = 4 << 20;  // bytes; rounded down to kSmallest times a power of two
};

struct Sizes {
  BinaryTreesOptions trees;
  LruCacheOptions lru;
  GcBenchOptions gcbench;
  MessageQueueOptions queue;
  LatencyOptions latency;
  LarsonOptions larson;
  ProducerConsumerOptions producer_consumer;
  SchemeOptions scheme;
  SymbolsOptions symbols;
  RandomGraphOptions graph;
  SplayTreeOptions splay;
  JsonDocumentsOptions json;
  BigArraysOptions arrays;
};

/// To see that everything works, in no time.
inline Sizes smoke_sizes() {
  Sizes sizes;
  sizes.trees.depth = 12;
  sizes.lru.live = 10'000;
  sizes.lru.inserts = 100'000;
  sizes.gcbench.depth = 10;
  sizes.queue.live = 2'000;
  sizes.queue.messages = 100'000;
  sizes.latency.requests = 5'000;
  sizes.larson = {.live = 2'000, .replacements = 100'000, .handovers = 10};
  sizes.producer_consumer = {.slots = 1'000, .messages = 50'000};
  sizes.scheme.percent = 1;
  sizes.symbols = {.names = 1 << 16, .lookups = 100'000};
  sizes.graph = {.nodes = 10'000, .steps = 100'000};
  sizes.splay = {.live = 1'000, .steps = 10'000};
  sizes.json = {.live = 20, .documents = 200};
  sizes.arrays = {.live = 64, .steps = 500, .largest = 64 << 10};
  return sizes;
}

}  // namespace memgc_bench
