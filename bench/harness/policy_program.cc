// Job: all workloads on one policy, which the build chooses: MEMGC_BENCH_POLICY of MEMGC_BENCH_POLICY_HEADER.
#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <type_traits>

#include MEMGC_BENCH_POLICY_HEADER
#include "harness/measure.h"
#include "harness/program.h"
#include "workloads/big_arrays.h"
#include "workloads/binary_trees.h"
#include "workloads/gcbench.h"
#include "workloads/json_documents.h"
#include "workloads/larson.h"
#include "workloads/latency.h"
#include "workloads/lru_cache.h"
#include "workloads/message_queue.h"
#include "workloads/producer_consumer.h"
#include "workloads/random_graph.h"
#include "workloads/splay_tree.h"
#include "workloads/symbols.h"

namespace memgc_bench {

namespace {

using Policy = MEMGC_BENCH_POLICY;

/// A policy that differs from another in its regions alone has nothing to say about a workload without any.
template <template <class> class Workload>
constexpr bool says_something() {
  return Workload<Policy>::kUsesRegions ||
         std::is_same_v<typename Policy::Region, PlainRegion<typename Policy::Thread>>;
}

template <template <class> class Workload>
void add(const std::string& name, const typename Workload<Policy>::Options& options,
         std::initializer_list<unsigned> threads) {
  if constexpr (says_something<Workload>()) {
    for (unsigned count : threads) register_workload<Policy, Workload>(name, options, count);
  }
}

}  // namespace

PolicyInfo policy_info() { return {Policy::kName, Policy::version(), Policy::kMallocIsGlibc}; }

void register_workloads(const Sizes& sizes) {
  add<BinaryTrees>(fmt::format("binary_trees/depth:{}", sizes.trees.depth), sizes.trees, {1, 2, 8});
  add<LruCache>(fmt::format("lru_cache/live:{}/inserts:{}", sizes.lru.live, sizes.lru.inserts), sizes.lru, {1, 2, 8});
  add<GcBench>(fmt::format("gcbench/depth:{}", sizes.gcbench.depth), sizes.gcbench, {1});
  add<MessageQueue>(fmt::format("message_queue/live:{}/messages:{}", sizes.queue.live, sizes.queue.messages),
                    sizes.queue, {1});
  add<Latency<LruCache>::On>(
      fmt::format("lru_cache_latency/live:{}/requests:{}", sizes.lru.live, sizes.latency.requests),
      {sizes.lru, sizes.latency}, {1});
  add<Latency<MessageQueue>::On>(
      fmt::format("message_queue_latency/live:{}/requests:{}", sizes.queue.live, sizes.latency.requests),
      {sizes.queue, sizes.latency}, {1});
  add<Larson>(fmt::format("larson/live:{}/replacements:{}", sizes.larson.live, sizes.larson.replacements), sizes.larson,
              {1, 2, 8});
  add<ProducerConsumer>(fmt::format("producer_consumer/slots:{}/messages:{}", sizes.producer_consumer.slots,
                                    sizes.producer_consumer.messages),
                        sizes.producer_consumer, {2, 8});
  add<Symbols>(fmt::format("symbols/names:{}/lookups:{}", sizes.symbols.names, sizes.symbols.lookups), sizes.symbols,
               {1});
  add<RandomGraph>(fmt::format("random_graph/nodes:{}/steps:{}", sizes.graph.nodes, sizes.graph.steps), sizes.graph,
                   {1});
  add<SplayTree>(fmt::format("splay_tree/live:{}/steps:{}", sizes.splay.live, sizes.splay.steps), sizes.splay, {1});
  add<JsonDocuments>(fmt::format("json_documents/live:{}/documents:{}", sizes.json.live, sizes.json.documents),
                     sizes.json, {1});
  add<BigArrays>(fmt::format("big_arrays/live:{}/steps:{}", sizes.arrays.live, sizes.arrays.steps), sizes.arrays, {1});
}

}  // namespace memgc_bench
