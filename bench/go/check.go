// Job: how a workload says that its own answers are wrong. That ends the program: a run that failed has no figures, and
// no goroutine need wait for one that has failed.

package main

import (
	"fmt"
	"os"
)

func wrongAnswer(what string, found, expected uint64) {
	fmt.Fprintf(os.Stderr, "go: wrong answer: %s is %d, expected %d\n", what, found, expected)
	os.Exit(1)
}

func expectEqual(what string, found, expected uint64) {
	if found != expected {
		wrongAnswer(what, found, expected)
	}
}
