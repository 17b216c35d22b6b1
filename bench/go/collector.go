// Job: what Go's collector says of itself, from one moment to another. What the Go that built this does not tell is
// left out.
//
// gc_cpu_s is an estimate: Go counts the time that its processors (GOMAXPROCS) spent on marking, which on a busy machine
// is more than CPU time, and does so when a cycle ends: one that has not ended is not in it, nor is sweeping. Pauses,
// which Go counts as work of all processors, are left out of it.

package main

import (
	"math"
	"runtime"
	"runtime/metrics"
)

var markingMetrics = []string{
	"/cpu/classes/gc/mark/assist:cpu-seconds",
	"/cpu/classes/gc/mark/dedicated:cpu-seconds",
	"/cpu/classes/gc/mark/idle:cpu-seconds",
}

// Go 1.22's name is /sched/pauses/total/gc:seconds; the old one still holds.
const pausesMetric = "/gc/pauses:seconds"

type account struct {
	memory  runtime.MemStats
	marking float64
	told    bool // marking
	pauses  metrics.Float64Histogram
}

func accountNow() *account {
	a := &account{told: true}
	runtime.ReadMemStats(&a.memory)
	samples := make([]metrics.Sample, 0, len(markingMetrics)+1)
	for _, name := range markingMetrics {
		samples = append(samples, metrics.Sample{Name: name})
	}
	samples = append(samples, metrics.Sample{Name: pausesMetric})
	metrics.Read(samples)
	for _, sample := range samples {
		switch sample.Value.Kind() {
		case metrics.KindFloat64:
			a.marking += sample.Value.Float64()
		case metrics.KindFloat64Histogram:
			a.pauses = *sample.Value.Float64Histogram()
		default:
			a.told = a.told && sample.Name == pausesMetric
		}
	}
	return a
}

// report adds what happened since `before`.
func (a *account) report(before *account, figures figures) {
	const mb = 1e6
	figures["gc_cycles"] = float64(a.memory.NumGC - before.memory.NumGC)
	figures["gc_allocated_mb"] = float64(a.memory.TotalAlloc-before.memory.TotalAlloc) / mb
	figures["gc_metadata_mb"] = float64(a.memory.MSpanSys+a.memory.MCacheSys+a.memory.GCSys) / mb
	figures["stop_total_ms"] = float64(a.memory.PauseTotalNs-before.memory.PauseTotalNs) / 1e6
	if a.told {
		figures["gc_cpu_s"] = a.marking - before.marking
		figures["gc_cpu_is_estimate"] = 1
	}
	if len(a.pauses.Counts) > 0 {
		reportPauses(&a.pauses, &before.pauses, figures)
	}
}

// A bucket's upper end stands for all that is in it.
func reportPauses(now, before *metrics.Float64Histogram, figures figures) {
	counts := make([]uint64, len(now.Counts))
	var all uint64
	for i, count := range now.Counts {
		counts[i] = count - before.Counts[i]
		all += counts[i]
	}
	const us = 1e6
	var seen uint64
	longest, p999 := 0.0, math.NaN()
	for i, count := range counts {
		if count == 0 {
			continue
		}
		seen += count
		if longest = now.Buckets[i+1] * us; math.IsInf(longest, 1) {
			longest = now.Buckets[i] * us
		}
		if math.IsNaN(p999) && float64(seen) >= 0.999*float64(all) {
			p999 = longest
		}
	}
	if math.IsNaN(p999) {
		p999 = 0
	}
	figures["stops"] = float64(all)
	figures["stop_p999_us"] = p999
	figures["stop_max_us"] = longest
}
