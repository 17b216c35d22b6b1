// Job: the figures in Google Benchmark's JSON, as far as the runner reads it.

package main

import (
	"encoding/json"
	"os"
	"runtime"
	"strings"
	"time"
)

type report struct {
	Context    map[string]any   `json:"context"`
	Benchmarks []map[string]any `json:"benchmarks"`
}

func newReport() *report {
	return &report{
		Context: map[string]any{
			"date":              time.Now().Format(time.RFC3339),
			"executable":        os.Args[0],
			"num_cpus":          runtime.NumCPU(),
			"policy":            "go",
			"allocator_version": "Go " + strings.TrimPrefix(runtime.Version(), "go"),
			"compiler":          runtime.Compiler + " " + runtime.Version(),
			"build_type":        "go build",
		},
		Benchmarks: []map[string]any{},
	}
}

func (r *report) add(name string, m measurement) {
	entry := map[string]any{
		"name":       name,
		"run_name":   name,
		"run_type":   "iteration",
		"iterations": 1,
		"threads":    1, // Google Benchmark's own
		"time_unit":  "s",
		"real_time":  m.wallSeconds,
		"cpu_time":   m.cpuSeconds,
	}
	for figure, value := range m.figures {
		entry[figure] = value
	}
	r.Benchmarks = append(r.Benchmarks, entry)
}

func (r *report) text() []byte {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		fail(err)
	}
	return append(text, '\n')
}
