// Job: run one workload once, on one or several goroutines, and note what it cost. harness/measure.h's, with the same
// part timed: what a workload's constructor does is not, nor is verify().
//
// Threads: a workload belongs to one goroutine. Alone, that is the calling one; of several, each makes its own before
// the clock starts. What a team shares, it shares by channels.

package main

import (
	"sync"
	"time"
)

type figures map[string]float64

type workload interface {
	run()    // what is timed
	verify() // untimed checks of the end state
}

// A workload may have figures of its own, on one thread.
type reporter interface {
	report(figures)
}

// team makes the workloads of one run: all members' at once, each on its goroutine.
type team func(index int) workload

type benchmark struct {
	name    string // as Google Benchmark has it
	threads int
	team    func(threads int) team
}

type measurement struct {
	wallSeconds, cpuSeconds float64
	figures                 figures
}

type stopwatch struct {
	account *account
	usage   usage
	time    time.Time
	result  measurement
}

func (b *benchmark) measure() measurement {
	watch := stopwatch{account: accountNow()}
	member := b.team(b.threads)
	if b.threads == 1 {
		only := member(0)
		watch.start()
		only.run()
		watch.stop(1)
		only.verify()
		if r, ok := only.(reporter); ok {
			r.report(watch.result.figures)
		}
		return watch.result
	}
	var ready, done, left sync.WaitGroup
	start, leave := make(chan struct{}), make(chan struct{})
	ready.Add(b.threads)
	done.Add(b.threads)
	left.Add(b.threads)
	for i := 0; i < b.threads; i++ {
		go func(index int) {
			defer left.Done()
			own := member(index)
			ready.Done()
			<-start
			own.run()
			done.Done()
			<-leave
			own.verify()
		}(i)
	}
	ready.Wait()
	watch.start()
	close(start)
	done.Wait()
	watch.stop(b.threads)
	close(leave)
	left.Wait()
	return watch.result
}

func (w *stopwatch) start() {
	w.usage = usageNow()
	w.time = time.Now()
}

func (w *stopwatch) stop(threads int) {
	wall := time.Since(w.time).Seconds()
	now := usageNow()
	peak := peakResidentBytes()
	user, system := now.userSeconds-w.usage.userSeconds, now.systemSeconds-w.usage.systemSeconds
	w.result = measurement{wall, user + system, figures{
		"user_s":           user,
		"sys_s":            system,
		"cpu_s":            user + system,
		"minor_faults":     now.minorFaults - w.usage.minorFaults,
		"major_faults":     now.majorFaults - w.usage.majorFaults,
		"preemptions":      now.preemptions - w.usage.preemptions,
		"workload_threads": float64(threads),
		"peak_mb":          peak / 1e6,
	}}
	accountNow().report(w.account, w.result.figures)
}
