// Job: what the kernel knows of this process: CPU time of all its threads, page faults, memory. harness/usage.h's.

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

type usage struct {
	userSeconds, systemSeconds, minorFaults, majorFaults, preemptions float64
}

func seconds(t syscall.Timeval) float64 { return float64(t.Nano()) / 1e9 }

func usageNow() usage {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		fail(err)
	}
	return usage{seconds(u.Utime), seconds(u.Stime), float64(u.Minflt), float64(u.Majflt), float64(u.Nivcsw)}
}

// peakResidentBytes is the most memory that this process has had resident so far (VmHWM).
func peakResidentBytes() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fail(err)
	}
	for _, line := range strings.Split(string(status), "\n") {
		var kib float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kib); err == nil {
			return kib * 1024
		}
	}
	fail(fmt.Errorf("no VmHWM in /proc/self/status"))
	return 0
}

// fail is for what is nobody's wrong answer.
func fail(err error) {
	fmt.Fprintf(os.Stderr, "go: %v\n", err)
	os.Exit(2)
}
