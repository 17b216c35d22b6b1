// Job: workloads/sizes.h's sizes, and the flags that change them, with the same limits as in harness/main.cc.

package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
)

const (
	treesMinDepth = 4 // of the smallest trees; the long-lived one is at least two deeper
	treesMaxDepth = 26

	lruMinLive                   = 64
	lruMinPayload, lruMaxPayload = 32, 256 // bytes, with a length word

	gcbenchMinDepth = 4
	gcbenchMaxDepth = 24

	messageMinPayload, messageMaxPayload = 16, 512 // of three workloads; bytes, with a length word

	latencySteps = 16 // per request

	symbolsMinNames, symbolsMaxNames = 4096, 1 << 32
	symbolsMinName, symbolsMaxName   = 4, 40 // letters
	symbolsLookupShare               = 8     // scopes are open for names / symbolsLookupShare look-ups together

	graphMinEdges, graphMaxEdges = 2, 8

	splayPayloadDepth                = 4
	splayMinNumbers, splayMaxNumbers = 2, 16 // in each leaf of a payload

	arraysSmallest = 4096 // bytes, with a length word
	arraysRecords  = 1 << 16

	// The length word that an array has in C++; here the length is in the slice that refers to it.
	lengthWord = 8
)

type sizes struct {
	treesDepth                                      uint64
	lruLive, lruInserts                             uint64
	gcbenchDepth                                    uint64
	queueLive, queueMessages                        uint64
	latencyRequests                                 uint64
	latencyRate                                     float64
	larsonLive, larsonReplacements, larsonHandovers uint64
	channelSlots, channelMessages                   uint64
	schemePercent                                   uint64 // of the interpreter, which only memgc has
	symbolsNames, symbolsLookups                    uint64
	graphNodes, graphSteps                          uint64
	splayLive, splaySteps                           uint64
	jsonLive, jsonDocuments                         uint64
	arraysLive, arraysSteps, arraysLargest          uint64
}

func usualSizes() sizes {
	return sizes{
		treesDepth: 20,
		lruLive:    1_000_000, lruInserts: 10_000_000,
		gcbenchDepth: 18,
		queueLive:    200_000, queueMessages: 10_000_000,
		latencyRequests: 500_000,
		larsonLive:      200_000, larsonReplacements: 10_000_000, larsonHandovers: 40,
		channelSlots: 65_536, channelMessages: 10_000_000,
		schemePercent: 100,
		symbolsNames:  1 << 24, symbolsLookups: 6_000_000,
		graphNodes: 300_000, graphSteps: 2_000_000,
		splayLive: 30_000, splaySteps: 400_000,
		jsonLive: 2_000, jsonDocuments: 40_000,
		arraysLive: 128, arraysSteps: 3_500, arraysLargest: 4 << 20,
	}
}

// smokeSizes are to see that everything works, in no time.
func smokeSizes() sizes {
	return sizes{
		treesDepth: 12,
		lruLive:    10_000, lruInserts: 100_000,
		gcbenchDepth: 10,
		queueLive:    2_000, queueMessages: 100_000,
		latencyRequests: 5_000,
		larsonLive:      2_000, larsonReplacements: 100_000, larsonHandovers: 10,
		channelSlots: 1_000, channelMessages: 50_000,
		schemePercent: 1,
		symbolsNames:  1 << 16, symbolsLookups: 100_000,
		graphNodes: 10_000, graphSteps: 100_000,
		splayLive: 1_000, splaySteps: 10_000,
		jsonLive: 20, jsonDocuments: 200,
		arraysLive: 64, arraysSteps: 500, arraysLargest: 64 << 10,
	}
}

// ranged is a flag's number with its limits.
type ranged struct {
	value       *uint64
	least, most uint64
}

func (r ranged) String() string {
	if r.value == nil {
		return ""
	}
	return strconv.FormatUint(*r.value, 10)
}

func (r ranged) Set(text string) error {
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil || number < r.least || number > r.most {
		return fmt.Errorf("accepted are numbers from %d to %d", r.least, r.most)
	}
	*r.value = number
	return nil
}

// rate is the flag of requests a second.
type rate struct{ value *float64 }

func (r rate) String() string { return "" }

func (r rate) Set(text string) error {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || !(number >= 0 && number <= 1e9) {
		return errors.New("accepted are numbers from 0 to 1e9")
	}
	*r.value = number
	return nil
}

// smoke is the flag that sets all sizes at once: what follows it on the command line still counts.
type smoke struct{ sizes *sizes }

func (s smoke) String() string   { return "" }
func (s smoke) IsBoolFlag() bool { return true }

func (s smoke) Set(text string) error {
	on, err := strconv.ParseBool(text)
	if on {
		*s.sizes = smokeSizes()
	}
	return err
}

func declareSizes(flags *flag.FlagSet, s *sizes) {
	const count, most = 1 << 32, 1 << 40
	flags.Var(smoke{s}, "smoke", "small sizes, to see that it works")
	add := func(name string, value *uint64, least, most uint64, help string) {
		flags.Var(ranged{value, least, most}, name, help)
	}
	add("trees-depth", &s.treesDepth, treesMinDepth+2, treesMaxDepth, "binary trees: depth of the long-lived tree")
	add("lru-live", &s.lruLive, lruMinLive, count, "LRU cache: entries, over all threads")
	add("lru-inserts", &s.lruInserts, 1, most, "LRU cache: inserts over all threads, those that fill it included")
	add("gcbench-depth", &s.gcbenchDepth, gcbenchMinDepth, gcbenchMaxDepth, "GCBench: depth of the long-lived tree")
	add("queue-live", &s.queueLive, 1, count, "message queue: messages waiting")
	add("queue-messages", &s.queueMessages, 1, most, "message queue: messages sent, at least as many as wait")
	add("latency-requests", &s.latencyRequests, 1, count, "workloads named *_latency: requests")
	flags.Var(rate{&s.latencyRate}, "latency-rate", "workloads named *_latency: requests a second; 0: one after the other")
	add("larson-live", &s.larsonLive, 1, count, "Larson: objects in the tables of all threads together")
	add("larson-replacements", &s.larsonReplacements, 1, most, "Larson: objects replaced, over all threads")
	add("larson-handovers", &s.larsonHandovers, 0, 1<<20, "Larson: how often each table changes its thread")
	add("channel-slots", &s.channelSlots, 1, count, "producers and consumers: messages that fit into all queues together")
	add("channel-messages", &s.channelMessages, 1, most, "producers and consumers: messages sent, over all producers")
	add("scheme-percent", &s.schemePercent, 1, 100_000, "means nothing here: the interpreter is memgc's")
	add("symbols-names", &s.symbolsNames, symbolsMinNames, symbolsMaxNames, "symbols: different names; rounded up to a power of two")
	add("symbols-lookups", &s.symbolsLookups, 1, most, "symbols: names looked up")
	add("graph-nodes", &s.graphNodes, 1, count, "random graph: nodes")
	add("graph-steps", &s.graphSteps, 1, most, "random graph: steps, each of which changes a node")
	add("splay-live", &s.splayLive, 1, count, "splay tree: nodes")
	add("splay-steps", &s.splaySteps, 1, most, "splay tree: nodes inserted and removed once it is full")
	add("json-live", &s.jsonLive, 1, count, "JSON documents: how many are kept")
	add("json-documents", &s.jsonDocuments, 1, most, "JSON documents: how many come, at least as many as are kept")
	add("arrays-live", &s.arraysLive, 2, count, "big arrays: arrays, of numbers and of pointers together")
	add("arrays-steps", &s.arraysSteps, 1, most, "big arrays: arrays replaced")
	add("arrays-largest", &s.arraysLargest, 2*arraysSmallest, 1<<36, "big arrays: bytes of the largest")
}
