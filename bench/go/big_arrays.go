// Job: workloads/big_arrays.h in Go.

package main

type arrayRecord struct{ number uint64 }

type bigArrays struct {
	pairs, steps, octaves uint64
	sums                  []uint64 // by place
	random                random
	records               []*arrayRecord
	// Even places are numbers', odd ones pointers'.
	numbers [][]uint64
	views   [][]*arrayRecord
}

func newBigArrays(s sizes, index int) workload {
	pairs := s.arraysLive / 2
	return &bigArrays{
		pairs:   pairs,
		steps:   s.arraysSteps,
		octaves: uint64(log2(s.arraysLargest / arraysSmallest)),
		sums:    make([]uint64, 2*pairs),
		random:  random(index + 1),
	}
}

func (b *bigArrays) run() {
	b.records = make([]*arrayRecord, arraysRecords)
	for i := range b.records {
		b.records[i] = &arrayRecord{mix64(uint64(i))}
	}
	b.numbers = make([][]uint64, b.pairs)
	b.views = make([][]*arrayRecord, b.pairs)
	for place := range b.sums {
		b.replace(place)
	}
	for i := uint64(0); i < b.steps; i++ {
		place := int(b.random.below(2 * b.pairs))
		b.check(place)
		b.replace(place)
	}
}

func (b *bigArrays) verify() {
	for place := range b.sums {
		b.check(place)
	}
}

func (b *bigArrays) nextCount() uint64 {
	size := uint64(arraysSmallest) << b.random.below(b.octaves)
	return (size + b.random.below(size) - lengthWord) / 8
}

// replace: what was there is gone before the new one is made, as in a program that is short of memory.
func (b *bigArrays) replace(place int) {
	count := b.nextCount()
	var sum uint64
	if place%2 == 0 {
		b.numbers[place/2] = nil
		numbers := make([]uint64, count)
		for i := range numbers {
			numbers[i] = b.random.next()
			sum += numbers[i]
		}
		b.numbers[place/2] = numbers
	} else {
		b.views[place/2] = nil
		view := make([]*arrayRecord, count)
		for i := range view {
			record := b.random.below(arraysRecords)
			view[i] = b.records[record]
			sum += mix64(record)
		}
		b.views[place/2] = view
	}
	b.sums[place] = sum
}

func (b *bigArrays) check(place int) {
	var sum uint64
	if place%2 == 0 {
		for _, number := range b.numbers[place/2] {
			sum += number
		}
	} else {
		for _, record := range b.views[place/2] {
			sum += record.number
		}
	}
	expectEqual("the sum of an array", sum, b.sums[place])
}
