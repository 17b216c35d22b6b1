// Job: workloads/producer_consumer.h in Go. The queues are Go's channels: who waits is woken by the next message, not
// by the queue being half full.
//
// Threads: a message is written by its producer before it is sent, and touched by its consumer alone after that.

package main

import (
	"bytes"
	"sync/atomic"
)

type sentMessage struct {
	payload          []byte
	producer, number uint64
}

// producerConsumer is one of a team's members: the first half of them produce.
type producerConsumer struct {
	pairs, rank uint64 // among producers or consumers
	produces    bool
	messages    uint64 // from each producer to each consumer
	queues      []chan *sentMessage
	producing   *int32   // how many still do
	received    []uint64 // by producer
}

func producerConsumerTeam(s sizes, threads int) team {
	pairs := uint64(threads / 2)
	queues := make([]chan *sentMessage, pairs) // by consumer
	for i := range queues {
		queues[i] = make(chan *sentMessage, atLeast(1, s.channelSlots/pairs))
	}
	producing := int32(pairs)
	return func(index int) workload {
		return &producerConsumer{
			pairs:     pairs,
			rank:      uint64(index) % pairs,
			produces:  uint64(index) < pairs,
			messages:  atLeast(1, s.channelMessages/pairs/pairs),
			queues:    queues,
			producing: &producing,
			received:  make([]uint64, pairs),
		}
	}
}

func (p *producerConsumer) run() {
	if p.produces {
		p.produce()
	} else {
		p.consume()
	}
}

func (p *producerConsumer) verify() {
	if p.produces {
		return
	}
	for _, count := range p.received {
		expectEqual("the number of messages from a producer", count, p.messages)
	}
}

func sentIdentity(producer, number uint64) uint64 { return producer<<48 | number }

func sentByte(identity uint64) byte { return byte((identity>>48)*31 + identity*7 + 1) }

func (p *producerConsumer) produce() {
	for number := uint64(0); number < p.messages*p.pairs; number++ {
		identity := sentIdentity(p.rank, number)
		p.queues[number%p.pairs] <- &sentMessage{
			payload:  bytes.Repeat([]byte{sentByte(identity)}, messagePayloadLen(identity)),
			producer: p.rank,
			number:   number,
		}
	}
	if atomic.AddInt32(p.producing, -1) == 0 {
		for _, queue := range p.queues {
			close(queue)
		}
	}
}

func (p *producerConsumer) consume() {
	for message := range p.queues[p.rank] {
		p.check(message)
	}
}

func (p *producerConsumer) check(message *sentMessage) {
	if message.producer >= p.pairs {
		wrongAnswer("a message's producer", message.producer, p.pairs-1)
	}
	expectEqual("a message's number", message.number, p.received[message.producer]*p.pairs+p.rank)
	p.received[message.producer]++
	identity := sentIdentity(message.producer, message.number)
	payload := message.payload
	expectEqual("a message's size", uint64(len(payload)), uint64(messagePayloadLen(identity)))
	expectEqual("a message's first byte", uint64(payload[0]), uint64(sentByte(identity)))
	expectEqual("a message's last byte", uint64(payload[len(payload)-1]), uint64(sentByte(identity)))
}
