// Job: main.cc's program in Go: the same nodes, tables, steps, gaps and row. Each goroutine keeps its thread, so that the
// thread's processor time is the goroutine's.
package main

import (
	"flag"
	"fmt"
	"math/bits"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	tableSlots      = 4096
	bytesPerNode    = 64 + 8
	longNs          = 10_000
	reportedNs      = 100_000
	checkpointSteps = 256
	subBuckets      = 16
)

type node struct {
	next    *node
	payload [7]uint64
}

// goalNs is what no gap is to take of processor time.
const goalNs = 500_000

// histogram has memgc::StopHistogram's buckets: 16 to a power of two.
type histogram struct {
	buckets [41 * subBuckets]uint64
	count   uint64
	max     uint64
}

func bucketOf(ns uint64) int {
	if ns < subBuckets {
		return int(ns)
	}
	shift := bits.Len64(ns) - 5
	bucket := (shift+1)*subBuckets + int(ns>>shift) - subBuckets
	return min(bucket, 41*subBuckets-1)
}

func upperBound(bucket int) uint64 {
	if bucket < subBuckets {
		return uint64(bucket)
	}
	shift := bucket/subBuckets - 1
	return (uint64(bucket%subBuckets+subBuckets)+1)<<shift - 1
}

func (h *histogram) add(ns uint64) {
	h.buckets[bucketOf(ns)]++
	h.count++
	h.max = max(h.max, ns)
}

func (h *histogram) addAll(other *histogram) {
	for i, n := range other.buckets {
		h.buckets[i] += n
	}
	h.count += other.count
	h.max = max(h.max, other.max)
}

func (h *histogram) countFrom(ns uint64) uint64 {
	var n uint64
	for _, count := range h.buckets[bucketOf(ns):] {
		n += count
	}
	return n
}

func (h *histogram) quantile(q float64) uint64 {
	wanted := uint64(q * float64(h.count))
	var seen uint64
	for i, n := range h.buckets {
		seen += n
		if seen > wanted {
			return min(upperBound(i), h.max)
		}
	}
	return h.max
}

func (h *histogram) quantiles() string {
	return fmt.Sprintf("%8.2f %8.2f %9.2f %10.1f", us(h.quantile(0.5)), us(h.quantile(0.99)), us(h.quantile(0.999)), us(h.max))
}

func us(ns uint64) float64 { return float64(ns) / 1e3 }

var causeNames = [...]string{"waited", "preempted", "faulted", "ran"}

type figures struct {
	wall, cpu               histogram
	wallByCause, cpuByCause [len(causeNames)]histogram
}

type checkpoint struct {
	wall, cpu uint64
	usage     syscall.Rusage
}

var began = time.Now()

func wallNow() uint64 { return uint64(time.Since(began)) }

// Raw calls: the scheduler is not to take the chance to give the thread away.
func readCheckpoint(c *checkpoint) {
	var ts syscall.Timespec
	const clockThreadCPU, rusageThread = 3, 1
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockThreadCPU, uintptr(unsafe.Pointer(&ts)), 0)
	syscall.RawSyscall(syscall.SYS_GETRUSAGE, rusageThread, uintptr(unsafe.Pointer(&c.usage)), 0)
	c.cpu = uint64(ts.Nano())
	c.wall = wallNow()
}

type recorder struct {
	figures    *figures
	checkpoint checkpoint
	previous   uint64
	steps      int
}

func (r *recorder) setCheckpoint() {
	readCheckpoint(&r.checkpoint)
	r.previous = r.checkpoint.wall
	r.steps = 0
}

func (r *recorder) step() {
	now := wallNow()
	gap := now - r.previous
	r.figures.wall.add(gap)
	if gap >= longNs {
		r.addLong(gap)
		return
	}
	r.figures.cpu.add(gap)
	r.previous = now
	if r.steps++; r.steps == checkpointSteps {
		r.setCheckpoint()
	}
}

func (r *recorder) addLong(gap uint64) {
	last, previous := r.checkpoint, r.previous
	r.setCheckpoint()
	used, before := r.checkpoint.cpu-last.cpu, previous-last.wall
	cpu := min(gap, used-min(used, before))
	r.figures.cpu.add(cpu)
	if gap >= reportedNs {
		cause := causeOf(gap, cpu, &last.usage, &r.checkpoint.usage)
		r.figures.wallByCause[cause].add(gap)
		r.figures.cpuByCause[cause].add(cpu)
	}
}

func causeOf(gap, cpu uint64, last, now *syscall.Rusage) int {
	switch {
	case now.Nvcsw != last.Nvcsw:
		return 0
	case cpu < gap/2:
		return 1
	case now.Minflt+now.Majflt != last.Minflt+last.Majflt:
		return 2
	}
	return 3
}

// SplitMix64, as harness/random.h.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	x := uint64(*r)
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

var ready atomic.Int32
var measuring, over atomic.Bool

func runSteps(parts int, seed uint64, f *figures, done *sync.WaitGroup) {
	defer done.Done()
	runtime.LockOSThread()
	table := make([][]*node, parts)
	for i := range table {
		table[i] = make([]*node, tableSlots)
		for j := range table[i] {
			table[i][j] = new(node)
		}
	}
	r := random(seed)
	step := func() {
		value := r.next()
		n := new(node)
		n.payload[0] = value
		table[(value>>32)*uint64(parts)>>32][value%tableSlots] = n
	}
	ready.Add(1)
	for !measuring.Load() {
		step()
	}
	rec := recorder{figures: f}
	rec.setCheckpoint()
	for !over.Load() {
		step()
		rec.step()
	}
}

func cycles() uint64 {
	sample := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func main() {
	live := flag.Int("live", 64, "live heap in MiB")
	threads := flag.Int("threads", 1, "goroutines that allocate, each on a thread of its own")
	seconds := flag.Float64("seconds", 3, "how long to measure, at least")
	wantedCycles := flag.Uint64("cycles", 3, "so many cycles at least: those that are missing then are asked for")
	flag.Parse()
	if *live < 1 || *threads < 1 || *seconds <= 0 || flag.NArg() != 0 {
		fmt.Fprintln(os.Stderr, "pauses: --live and --threads are at least 1, --seconds above 0, and nothing else is accepted")
		os.Exit(2)
	}
	debug.SetMaxThreads(20000)
	parts := max(1, (*live<<20)/bytesPerNode/tableSlots / *threads)
	all := make([]figures, *threads)
	var done sync.WaitGroup
	done.Add(*threads)
	for i := range all {
		go runSteps(parts, uint64(i+1), &all[i], &done)
	}
	for int(ready.Load()) < *threads {
		time.Sleep(time.Millisecond)
	}
	first, start := cycles(), time.Now()
	measuring.Store(true)
	for time.Since(start).Seconds() < *seconds {
		time.Sleep(5 * time.Millisecond)
	}
	for cycles()-first < *wantedCycles {
		runtime.GC()
	}
	over.Store(true)
	elapsed, ended := time.Since(start).Seconds(), cycles()-first
	done.Wait()
	var sum figures
	for i := range all {
		sum.wall.addAll(&all[i].wall)
		sum.cpu.addAll(&all[i].cpu)
		for c := range causeNames {
			sum.wallByCause[c].addAll(&all[i].wallByCause[c])
			sum.cpuByCause[c].addAll(&all[i].cpuByCause[c])
		}
	}
	printRow(*live, *threads, elapsed, ended, &sum)
}

func printRow(live, threads int, seconds float64, cycles uint64, f *figures) {
	causes := ""
	for c, name := range causeNames {
		if wall := &f.wallByCause[c]; wall.count != 0 {
			causes += fmt.Sprintf(" %s %d (max %.0f, CPU %.0f)", name, wall.count, us(wall.max), us(f.cpuByCause[c].max))
		}
	}
	if causes == "" {
		causes = " none"
	}
	fmt.Printf("%-8s %5d %3d %6.1f %5d %7.1f  %s  %s %6.2f %s\n", "go", live, threads, seconds, cycles,
		float64(f.wall.count)/seconds/1e6, f.wall.quantiles(), f.cpu.quantiles(),
		float64(f.cpu.countFrom(goalNs))/seconds, causes)
}
