// Job: workloads/larson.h in Go.
//
// Threads: a table has one owner at a time, who alone touches it and what it refers to; owners change through a
// channel.

package main

import (
	"bytes"
	"encoding/binary"
)

type larsonTable struct {
	slots  [][]byte
	number uint64 // that of its first owner
}

type larson struct {
	live, stints, stint uint64
	index, firstOwner   uint64
	from                <-chan *larsonTable
	to                  chan<- *larsonTable
	random              random
	made                uint64
	table               *larsonTable
}

func larsonTeam(s sizes, threads int) team {
	tablesTo := make([]chan *larsonTable, threads) // by the index of the goroutine that takes
	for i := range tablesTo {
		tablesTo[i] = make(chan *larsonTable, 1)
	}
	count, stints := uint64(threads), s.larsonHandovers+1
	return func(index int) workload {
		return &larson{
			live:       atLeast(1, s.larsonLive/count),
			stints:     stints,
			stint:      atLeast(1, s.larsonReplacements/count/stints),
			index:      uint64(index),
			firstOwner: (uint64(index) + count - s.larsonHandovers%count) % count,
			from:       tablesTo[index],
			to:         tablesTo[(index+1)%threads],
			random:     random(index + 1),
		}
	}
}

func (l *larson) run() {
	l.fill()
	l.replace()
	for stint := uint64(1); stint < l.stints; stint++ {
		l.to <- l.table
		l.table = <-l.from
		l.replace()
	}
}

func (l *larson) verify() {
	expectEqual("the number of a thread's last table", l.table.number, l.firstOwner)
	expectEqual("the number of slots", uint64(len(l.table.slots)), l.live)
	for i, payload := range l.table.slots {
		checkLarson(payload, l.place(uint64(i)))
	}
}

// place says which slot of which table, of all.
func (l *larson) place(slot uint64) uint64 { return l.table.number*l.live + slot }

// An object starts with its stamp: the place that it was made for, and something to tell it from others there.
const (
	larsonPlaceBits = 32
	larsonStampLen  = 8
)

func larsonByte(stamp uint64) byte { return byte(stamp>>larsonPlaceBits ^ stamp) }

func (l *larson) makePayload(place uint64) []byte {
	l.made++
	stamp := place | l.made<<larsonPlaceBits
	payload := bytes.Repeat([]byte{larsonByte(stamp)}, messagePayloadLen(stamp))
	binary.LittleEndian.PutUint64(payload, stamp)
	return payload
}

func checkLarson(payload []byte, place uint64) {
	if payload == nil {
		wrongAnswer("an object", 0, place)
	}
	stamp := binary.LittleEndian.Uint64(payload)
	expectEqual("the place of an object", stamp&(1<<larsonPlaceBits-1), place)
	expectEqual("an object's size", uint64(len(payload)), uint64(messagePayloadLen(stamp)))
	if len(payload) > larsonStampLen {
		expectEqual("an object's last byte", uint64(payload[len(payload)-1]), uint64(larsonByte(stamp)))
	}
}

func (l *larson) fill() {
	l.table = &larsonTable{make([][]byte, l.live), l.index}
	for i := range l.table.slots {
		l.table.slots[i] = l.makePayload(l.place(uint64(i)))
	}
}

func (l *larson) replace() {
	slots := l.table.slots
	for i := uint64(0); i < l.stint; i++ {
		chosen := l.random.below(l.live)
		payload := l.makePayload(l.place(chosen))
		checkLarson(slots[chosen], l.place(chosen))
		slots[chosen] = payload
	}
}
