// Job: workloads/latency.h in Go: another workload as a server of requests that arrive at a fixed rate. Between
// requests the goroutine watches the clock and otherwise gives way.

package main

import (
	"runtime"
	"time"
)

// served is a workload that can be taken step by step.
type served interface {
	workload
	prepare()
	step()
	stepsUntilSteady() uint64
}

type latency struct {
	served
	requests  uint64
	rate      float64
	latencies histogram
	seconds   float64
}

// newLatency: everything is in place, and has been replaced once, before the first request is due.
func newLatency(s sizes, served served) workload {
	served.prepare()
	for steps := served.stepsUntilSteady(); steps > 0; steps-- {
		served.step()
	}
	return &latency{served: served, requests: s.latencyRequests, rate: s.latencyRate}
}

func (l *latency) run() {
	start := time.Now()
	end := time.Duration(0) // since the start, as all times here
	for i := uint64(0); i < l.requests; i++ {
		due := end
		if l.rate > 0 {
			due = time.Duration(float64(i) * (1e9 / l.rate))
		}
		for end < due {
			runtime.Gosched() // whoever waits for input lets others run, the collector too
			end = time.Since(start)
		}
		for step := 0; step < latencySteps; step++ {
			l.step()
		}
		end = time.Since(start)
		l.latencies.add(uint64(end - due))
	}
	l.seconds = end.Seconds()
}

func (l *latency) report(figures figures) {
	us := func(ns uint64) float64 { return float64(ns) / 1e3 }
	figures["latency_p50_us"] = us(l.latencies.quantile(0.5))
	figures["latency_p90_us"] = us(l.latencies.quantile(0.9))
	figures["latency_p99_us"] = us(l.latencies.quantile(0.99))
	figures["latency_p999_us"] = us(l.latencies.quantile(0.999))
	figures["latency_p9999_us"] = us(l.latencies.quantile(0.9999))
	figures["latency_max_us"] = us(l.latencies.max)
	figures["requests_due_per_s"] = l.rate
	figures["requests_per_s"] = float64(l.requests) / l.seconds
}
