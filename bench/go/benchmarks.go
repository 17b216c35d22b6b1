// Job: all workloads, under the names that they have in harness/policy_program.cc.

package main

import "fmt"

func benchmarks(s sizes) []benchmark {
	var all []benchmark
	add := func(name string, team func(threads int) team, threads ...int) {
		for _, count := range threads {
			full := name
			if count > 1 {
				full = fmt.Sprintf("%s/threads:%d", name, count)
			}
			// As Google Benchmark ends the name of a single iteration whose wall time and process time count.
			all = append(all, benchmark{full + "/iterations:1/process_time/real_time", count, team})
		}
	}
	// alone is a team whose members share nothing.
	alone := func(member func(index, threads int) workload) func(threads int) team {
		return func(threads int) team {
			return func(index int) workload { return member(index, threads) }
		}
	}

	add(fmt.Sprintf("binary_trees/depth:%d", s.treesDepth),
		alone(func(_, threads int) workload { return newBinaryTrees(s, threads) }), 1, 2, 8)
	add(fmt.Sprintf("lru_cache/live:%d/inserts:%d", s.lruLive, s.lruInserts),
		alone(func(index, threads int) workload { return newLruCache(s, index, threads) }), 1, 2, 8)
	add(fmt.Sprintf("gcbench/depth:%d", s.gcbenchDepth),
		alone(func(_, _ int) workload { return newGcBench(s) }), 1)
	add(fmt.Sprintf("message_queue/live:%d/messages:%d", s.queueLive, s.queueMessages),
		alone(func(index, threads int) workload { return newMessageQueue(s, index, threads) }), 1)
	add(fmt.Sprintf("lru_cache_latency/live:%d/requests:%d", s.lruLive, s.latencyRequests),
		alone(func(index, threads int) workload { return newLatency(s, newLruCache(s, index, threads)) }), 1)
	add(fmt.Sprintf("message_queue_latency/live:%d/requests:%d", s.queueLive, s.latencyRequests),
		alone(func(index, threads int) workload { return newLatency(s, newMessageQueue(s, index, threads)) }), 1)
	add(fmt.Sprintf("larson/live:%d/replacements:%d", s.larsonLive, s.larsonReplacements),
		func(threads int) team { return larsonTeam(s, threads) }, 1, 2, 8)
	add(fmt.Sprintf("producer_consumer/slots:%d/messages:%d", s.channelSlots, s.channelMessages),
		func(threads int) team { return producerConsumerTeam(s, threads) }, 2, 8)
	add(fmt.Sprintf("symbols/names:%d/lookups:%d", s.symbolsNames, s.symbolsLookups),
		alone(func(index, _ int) workload { return newSymbols(s, index) }), 1)
	add(fmt.Sprintf("random_graph/nodes:%d/steps:%d", s.graphNodes, s.graphSteps),
		alone(func(index, _ int) workload { return newRandomGraph(s, index) }), 1)
	add(fmt.Sprintf("splay_tree/live:%d/steps:%d", s.splayLive, s.splaySteps),
		alone(func(index, _ int) workload { return newSplayTree(s, index) }), 1)
	add(fmt.Sprintf("json_documents/live:%d/documents:%d", s.jsonLive, s.jsonDocuments),
		alone(func(index, _ int) workload { return newJSONDocuments(s, index) }), 1)
	add(fmt.Sprintf("big_arrays/live:%d/steps:%d", s.arraysLive, s.arraysSteps),
		alone(func(index, _ int) workload { return newBigArrays(s, index) }), 1)
	return all
}
