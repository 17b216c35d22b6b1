// Job: workloads/message_queue.h in Go. A popped message keeps its link to the next, as there.

package main

import "bytes"

type queuedMessage struct {
	next    *queuedMessage
	payload []byte
	number  uint64
}

type messageQueue struct {
	live, messages, seed uint64
	sent                 uint64
	first, last          *queuedMessage
}

func newMessageQueue(s sizes, index, threads int) *messageQueue {
	live := atLeast(1, s.queueLive/uint64(threads))
	return &messageQueue{
		live:     live,
		messages: atLeast(live, s.queueMessages/uint64(threads)),
		seed:     uint64(index) << 48,
	}
}

// messagePayloadLen is that of all workloads with messages.
func messagePayloadLen(identity uint64) int {
	return int(messageMinPayload + mix64(identity)%(messageMaxPayload-messageMinPayload+1) - lengthWord)
}

func queuedByte(number uint64) byte { return byte(number*7 + 1) }

func (q *messageQueue) run() {
	for q.sent < q.messages {
		q.step()
	}
}

func (q *messageQueue) prepare() {}

// step: a message leaves once enough are waiting, and one comes.
func (q *messageQueue) step() {
	number := q.sent
	q.sent++
	if number >= q.live {
		q.receive(number - q.live)
	}
	q.send(number)
}

func (q *messageQueue) stepsUntilSteady() uint64 { return 2 * q.live }

func (q *messageQueue) verify() {
	number := q.sent - q.live
	for message := q.first; message != nil; message = message.next {
		q.check(message, number)
		number++
	}
	expectEqual("the number of messages sent", number, q.sent)
}

func (q *messageQueue) send(number uint64) {
	message := &queuedMessage{
		payload: bytes.Repeat([]byte{queuedByte(number)}, messagePayloadLen(q.seed+number)),
		number:  number,
	}
	if q.last != nil {
		q.last.next = message
	} else {
		q.first = message
	}
	q.last = message
}

func (q *messageQueue) receive(number uint64) {
	message := q.first
	if message == nil {
		wrongAnswer("the first message", 0, number)
	}
	q.check(message, number)
	q.first = message.next
	if q.first == nil {
		q.last = nil
	}
}

func (q *messageQueue) check(message *queuedMessage, number uint64) {
	expectEqual("a message's number", message.number, number)
	payload := message.payload
	expectEqual("a message's size", uint64(len(payload)), uint64(messagePayloadLen(q.seed+number)))
	expectEqual("a message's first byte", uint64(payload[0]), uint64(queuedByte(number)))
	expectEqual("a message's last byte", uint64(payload[len(payload)-1]), uint64(queuedByte(number)))
}
