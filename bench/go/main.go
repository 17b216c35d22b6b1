// Job: the command line of the workloads in Go: the flags, the names and the JSON of the C++ programs, which are Google
// Benchmark's. The collector is steered by GOGC.
//
// Exit: 0, or 1 when a workload's answer was wrong, or 2 when it was asked for something that makes no sense.

package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
)

type request struct {
	sizes                  sizes
	filter                 string
	list                   bool
	format, out, outFormat string
}

func parse() request {
	r := request{sizes: usualSizes()}
	flags := flag.NewFlagSet("memgc-bench-go", flag.ExitOnError)
	declareSizes(flags, &r.sizes)
	flags.StringVar(&r.filter, "benchmark_filter", "all", "only the workloads that this regular expression finds; -RE: only the others")
	flags.BoolVar(&r.list, "benchmark_list_tests", false, "say the workloads' names and run none")
	flags.StringVar(&r.format, "benchmark_format", "console", "what goes to standard output: console or json")
	flags.StringVar(&r.out, "benchmark_out", "", "a file to write the figures to")
	flags.StringVar(&r.outFormat, "benchmark_out_format", "json", "that file's format: json")
	flags.Parse(os.Args[1:]) // exits with 2
	switch {
	case flags.NArg() > 0:
		fail(fmt.Errorf("what is '%s'?", flags.Arg(0)))
	case r.format != "console" && r.format != "json":
		fail(fmt.Errorf("--benchmark_format: accepted are console and json"))
	case r.outFormat != "json":
		fail(fmt.Errorf("--benchmark_out_format: accepted is json"))
	}
	return r
}

func (r *request) chosen() []benchmark {
	wanted, negative := r.filter, strings.HasPrefix(r.filter, "-")
	if negative {
		wanted = wanted[1:]
	}
	if wanted == "all" {
		wanted = ""
	}
	pattern, err := regexp.Compile(wanted)
	if err != nil {
		fail(err)
	}
	var result []benchmark
	for _, b := range benchmarks(r.sizes) {
		if pattern.MatchString(b.name) != negative {
			result = append(result, b)
		}
	}
	return result
}

func main() {
	r := parse()
	chosen := r.chosen()
	if len(chosen) == 0 {
		fail(fmt.Errorf("no workload matches %s", r.filter))
	}
	if r.list {
		for _, b := range chosen {
			fmt.Println(b.name)
		}
		return
	}
	report := newReport()
	for _, b := range chosen {
		result := b.measure()
		report.add(b.name, result)
		if r.format == "console" {
			fmt.Printf("%-90s %9.3f s %9.3f s of CPU %8.1f MB\n", b.name, result.wallSeconds, result.cpuSeconds, result.figures["peak_mb"])
		}
	}
	if r.format == "json" {
		os.Stdout.Write(report.text())
	}
	if r.out != "" {
		if err := os.WriteFile(r.out, report.text(), 0o666); err != nil {
			fail(err)
		}
	}
}
