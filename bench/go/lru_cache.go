// Job: workloads/lru_cache.h in Go. The table of chains and the list are the workload's own, as there, not Go's map.

package main

import (
	"bytes"
	"math/bits"
)

type lruEntry struct {
	nextInChain, older, newer *lruEntry
	payload                   []byte
	key, lastUse              uint64
}

type lruCache struct {
	live, inserts, firstKey               uint64
	random                                random
	inserted, size, clock, lastEvictedUse uint64
	buckets                               []*lruEntry
	newest, oldest                        *lruEntry
}

func newLruCache(s sizes, index, threads int) *lruCache {
	live := atLeast(lruMinLive, s.lruLive/uint64(threads))
	return &lruCache{
		live:     live,
		inserts:  atLeast(2*live, s.lruInserts/uint64(threads)),
		firstKey: uint64(index) << 48,
		random:   random(index + 1),
	}
}

func (c *lruCache) run() {
	c.prepare()
	for c.inserted < c.inserts {
		c.step()
	}
}

func (c *lruCache) prepare() { c.buckets = make([]*lruEntry, 1<<bits.Len64(c.live-1)) }

// step is an insert with its eviction; after every fourth, a look-up.
func (c *lruCache) step() {
	i := c.inserted
	c.inserted++
	if c.size == c.live {
		c.evict()
	}
	c.insert(c.key(i))
	if i%4 == 3 {
		c.touch(c.key(i - c.random.below(atMost(c.live/2, i))))
	}
}

func (c *lruCache) stepsUntilSteady() uint64 { return 2 * c.live }

func (c *lruCache) verify() {
	expectEqual("the number of entries", c.size, c.live)
	c.verifyList()
	// Keys up to live / 2 inserts old are touched; any entry is gone after `live` inserts without a touch.
	if c.find(c.key(0)) != nil {
		wrongAnswer("a key long gone", c.key(0), 0)
	}
	for i := c.inserted - c.live/2; i < c.inserted; i++ {
		if c.find(c.key(i)) == nil {
			wrongAnswer("a key among the newest", 0, c.key(i))
		}
	}
}

// key is the i-th inserted; no two are equal, and their order in the table is random.
func (c *lruCache) key(i uint64) uint64 { return mix64(c.firstKey + i) }

func lruFirstByte(key uint64) byte { return byte(key >> 56) }

func lruPayloadLen(key uint64) int {
	return int(lruMinPayload + (mix64(key)>>32)*(lruMaxPayload-lruMinPayload+1)>>32 - lengthWord)
}

func (c *lruCache) chain(key uint64) **lruEntry { return &c.buckets[key&uint64(len(c.buckets)-1)] }

func (c *lruCache) insert(key uint64) {
	chain := c.chain(key)
	c.clock++
	entry := &lruEntry{
		nextInChain: *chain,
		older:       c.newest,
		payload:     bytes.Repeat([]byte{lruFirstByte(key)}, lruPayloadLen(key)),
		key:         key,
		lastUse:     c.clock,
	}
	*chain = entry
	c.linkNewest(entry)
	c.size++
}

// linkNewest: entry.older is what was the newest so far.
func (c *lruCache) linkNewest(entry *lruEntry) {
	if entry.older != nil {
		entry.older.newer = entry
	} else {
		c.oldest = entry
	}
	c.newest = entry
}

func (c *lruCache) evict() {
	victim := c.oldest
	victim.checkPayload()
	if victim.lastUse <= c.lastEvictedUse {
		wrongAnswer("the last use of an evicted entry", victim.lastUse, c.lastEvictedUse+1)
	}
	c.lastEvictedUse = victim.lastUse
	c.unchain(victim)
	c.oldest = victim.newer
	c.oldest.older = nil
	c.size--
}

func (c *lruCache) unchain(victim *lruEntry) {
	link := c.chain(victim.key)
	for *link != victim {
		link = &(*link).nextInChain
	}
	*link = victim.nextInChain
}

func (c *lruCache) touch(key uint64) {
	entry := c.find(key)
	if entry == nil {
		wrongAnswer("a key in use", 0, key)
	}
	entry.checkPayload()
	c.clock++
	entry.lastUse = c.clock
	newer := entry.newer
	if newer == nil {
		return
	}
	if entry.older != nil {
		entry.older.newer = newer
	} else {
		c.oldest = newer
	}
	newer.older = entry.older
	entry.newer = nil
	entry.older = c.newest
	c.linkNewest(entry)
}

func (c *lruCache) find(key uint64) *lruEntry {
	entry := *c.chain(key)
	for entry != nil && entry.key != key {
		entry = entry.nextInChain
	}
	return entry
}

func (e *lruEntry) checkPayload() {
	expectEqual("a payload's size", uint64(len(e.payload)), uint64(lruPayloadLen(e.key)))
	expectEqual("a payload's first byte", uint64(e.payload[0]), uint64(lruFirstByte(e.key)))
	expectEqual("a payload's last byte", uint64(e.payload[len(e.payload)-1]), uint64(lruFirstByte(e.key)))
}

// verifyList: from the newest to the oldest, each used before the one in front of it, and none before the last one
// evicted.
func (c *lruCache) verifyList() {
	walked, lastUse := uint64(0), c.clock+1
	for entry := c.newest; entry != nil; entry = entry.older {
		walked++
		entry.checkPayload()
		if entry.lastUse >= lastUse {
			wrongAnswer("an entry's last use", entry.lastUse, lastUse-1)
		}
		lastUse = entry.lastUse
	}
	expectEqual("the number of entries in the list", walked, c.live)
	if lastUse <= c.lastEvictedUse {
		wrongAnswer("the oldest entry's last use", lastUse, c.lastEvictedUse+1)
	}
}
