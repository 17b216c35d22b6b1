// Job: harness/histogram.h's: how many of many durations were how long, in buckets as wide as a 32nd of what they hold.

package main

import "math"

const (
	histogramPartBits = 5
	histogramParts    = 1 << histogramPartBits
)

type histogram struct {
	counts [(64 - histogramPartBits + 1) * histogramParts]uint64
	count  uint64
	max    uint64
}

func (h *histogram) add(ns uint64) {
	h.counts[bucketOf(ns)]++
	h.count++
	h.max = atLeast(ns, h.max)
}

// quantile is what a share q of all values does not exceed, at most a 32nd too high; 0 of nothing.
func (h *histogram) quantile(q float64) uint64 {
	rank := uint64(math.Max(1, math.Ceil(q*float64(h.count))))
	var seen uint64
	for bucket, count := range h.counts {
		seen += count
		if seen >= rank {
			return atMost(h.max, lastOf(uint64(bucket)))
		}
	}
	return h.max
}

func bucketOf(value uint64) uint64 {
	if value < histogramParts {
		return value
	}
	shift := uint64(log2(value) - histogramPartBits)
	return shift*histogramParts + value>>shift
}

func lastOf(bucket uint64) uint64 {
	if bucket < histogramParts {
		return bucket
	}
	shift := bucket/histogramParts - 1
	return (bucket%histogramParts+histogramParts+1)<<shift - 1
}
