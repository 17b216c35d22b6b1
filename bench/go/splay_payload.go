// Job: workloads/splay_payload.h in Go: what a node of the splay tree carries.

package main

type splayPart struct {
	left, right *splayPart
	numbers     []float64 // of leaves
	tag         uint64
}

const splayFirstLeaf = 1 << splayPayloadDepth

func splayTag(key, place uint64) uint64 { return mix64(key + place) }

func splayCount(tag uint64) uint64 {
	return splayMinNumbers + tag%(splayMaxNumbers-splayMinNumbers+1)
}

func splayNumber(tag uint64) float64 { return float64(tag>>11) + 1 }

// makeSplayPart: place 1 is the root, 2n and 2n + 1 are the parts below n.
func makeSplayPart(key, place uint64) *splayPart {
	tag := splayTag(key, place)
	if place >= splayFirstLeaf {
		numbers, number := make([]float64, splayCount(tag)), splayNumber(tag)
		for i := range numbers {
			numbers[i] = number
		}
		return &splayPart{numbers: numbers, tag: tag}
	}
	left := makeSplayPart(key, 2*place)
	right := makeSplayPart(key, 2*place+1)
	return &splayPart{left: left, right: right, tag: tag}
}

// checkPath: from the root to one leaf.
func (p *splayPart) checkPath(key uint64) {
	place := uint64(1)
	for turns := mix64(key); p.check(key, place); turns >>= 1 {
		place = 2*place + turns%2
		if turns%2 == 0 {
			p = p.left
		} else {
			p = p.right
		}
	}
}

func (p *splayPart) checkAll(key, place uint64) {
	if p.check(key, place) {
		p.left.checkAll(key, 2*place)
		p.right.checkAll(key, 2*place+1)
	}
}

// check says whether there are parts below it.
func (p *splayPart) check(key, place uint64) bool {
	expected := splayTag(key, place)
	if p == nil {
		wrongAnswer("a payload's tag", 0, expected)
	}
	expectEqual("a payload's tag", p.tag, expected)
	if place < splayFirstLeaf {
		return true
	}
	expectEqual("how many numbers there are", uint64(len(p.numbers)), splayCount(expected))
	first, last := p.numbers[0], p.numbers[len(p.numbers)-1]
	if number := splayNumber(expected); first != number || last != number {
		wrongAnswer("a number", uint64(first), expected>>11+1)
	}
	return false
}
