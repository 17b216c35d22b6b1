// Job: workloads/symbols.h in Go: names are strings, in chains of the workload's own, not in Go's map.

package main

import "math/bits"

const (
	symbolsFirstChains = 256
	symbolsScopes      = 16
)

type symbol struct {
	nextInChain, nextInScope *symbol
	name                     string
	hash, value              uint64
}

type symbols struct {
	octaves               uint64
	scopeLookups, lookups uint64
	random                random
	scope                 uint64 // the one open
	count                 uint64
	chains                []*symbol
	scopes                []*symbol // the symbols of each
}

func newSymbols(s sizes, index int) workload {
	octaves := uint64(bits.Len64(s.symbolsNames - 1))
	return &symbols{
		octaves:      octaves,
		scopeLookups: 1 << octaves / symbolsLookupShare / symbolsScopes,
		lookups:      s.symbolsLookups,
		random:       random(index + 1),
	}
}

func (s *symbols) run() {
	s.chains = make([]*symbol, symbolsFirstChains)
	s.scopes = make([]*symbol, symbolsScopes)
	for i := uint64(0); i < s.lookups; i++ {
		if i%s.scopeLookups == 0 {
			s.scope = i / s.scopeLookups % symbolsScopes
			s.closeScope(s.scope)
		}
		s.readName(s.nextRank())
	}
}

func (s *symbols) verify() {
	var found uint64
	for _, first := range s.scopes {
		for entry := first; entry != nil; entry = entry.nextInScope {
			entry.check()
			if s.find(entry.hash, entry.name) != entry {
				wrongAnswer("the symbol under a name", 0, entry.value)
			}
			found++
		}
	}
	expectEqual("the number of symbols", found, s.count)
}

func (s *symbols) nextRank() uint64 {
	octave := uint64(1) << s.random.below(s.octaves)
	return octave + s.random.below(octave)
}

// makeName: no two ranks have the same name. It says how many letters are the rank's, then these, then as many as make
// it up to a length that depends on the rank.
func makeName(rank uint64) string {
	digits := int(atLeast(symbolsMinName-1, uint64(bits.Len64(rank)+3)/4))
	more := mix64(rank)
	length := digits + 1 + int(more%uint64(symbolsMaxName-digits))
	var letters [symbolsMaxName]byte
	letters[0] = letter(uint64(digits))
	for i := 1; i <= digits; i++ {
		letters[i] = letter(rank)
		rank >>= 4
	}
	for i := digits + 1; i < length; i++ {
		letters[i] = letter(more)
		more = bits.RotateLeft64(more, -4)
	}
	return string(letters[:length])
}

func letter(choice uint64) byte { return byte('a' + choice%16) }

func (s *symbols) chain(hash uint64) **symbol { return &s.chains[hash&uint64(len(s.chains)-1)] }

func (s *symbols) find(hash uint64, name string) *symbol {
	entry := *s.chain(hash)
	for entry != nil && !(entry.hash == hash && entry.name == name) {
		entry = entry.nextInChain
	}
	return entry
}

func (s *symbols) readName(rank uint64) {
	name := makeName(rank)
	hash := hashBytes(name)
	if entry := s.find(hash, name); entry != nil {
		expectEqual("a symbol's value", entry.value, rank)
	} else {
		s.enter(name, hash, rank)
	}
}

func (s *symbols) enter(name string, hash, value uint64) {
	if s.count == uint64(len(s.chains)) {
		s.grow()
	}
	chain, scope := s.chain(hash), &s.scopes[s.scope]
	entered := &symbol{*chain, *scope, name, hash, value}
	*chain = entered
	*scope = entered
	s.count++
}

func (s *symbols) grow() {
	old := s.chains
	s.chains = make([]*symbol, 2*len(old))
	var moved uint64
	for _, entry := range old {
		for entry != nil {
			next, chain := entry.nextInChain, s.chain(entry.hash)
			entry.nextInChain = *chain
			*chain = entry
			entry = next
			moved++
		}
	}
	expectEqual("the number of symbols moved", moved, s.count)
}

func (s *symbols) closeScope(scope uint64) {
	for s.scopes[scope] != nil {
		entry := s.scopes[scope]
		entry.check()
		s.unchain(entry)
		s.scopes[scope] = entry.nextInScope
		s.count--
	}
}

func (s *symbols) unchain(victim *symbol) {
	link := s.chain(victim.hash)
	for *link != victim {
		if *link == nil {
			wrongAnswer("a symbol in its chain", 0, victim.value)
		}
		link = &(*link).nextInChain
	}
	*link = victim.nextInChain
}

func (s *symbol) check() {
	if s.name == "" {
		wrongAnswer("a symbol's name", 0, s.value)
	}
	expectEqual("the hash of a symbol's name", hashBytes(s.name), s.hash)
}
