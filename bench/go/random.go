// Job: harness/random.h's numbers: the same sequences, bit by bit.

package main

import "math/bits"

const golden = 0x9e3779b97f4a7c15

// mix64 is SplitMix64's finaliser, a bijection of words.
func mix64(x uint64) uint64 {
	x += golden
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hashBytes is of the bytes and their number.
func hashBytes(s string) uint64 {
	hash := uint64(len(s))
	for ; len(s) >= 8; s = s[8:] {
		word := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		hash = mix64(hash ^ word)
	}
	if len(s) > 0 {
		var word uint64
		for i := len(s) - 1; i >= 0; i-- {
			word = word<<8 | uint64(s[i])
		}
		hash = mix64(hash ^ word)
	}
	return hash
}

// random is SplitMix64; its value is the state, at first the seed.
type random uint64

func (r *random) next() uint64 {
	value := mix64(uint64(*r))
	*r += golden
	return value
}

// below is uniform in [0, bound); bound is at most 2^32.
func (r *random) below(bound uint64) uint64 { return (r.next() >> 32) * bound >> 32 }

// log2 is of the largest power of two that is not above x.
func log2(x uint64) int { return bits.Len64(x) - 1 }

func atLeast(least, x uint64) uint64 {
	if x < least {
		return least
	}
	return x
}

func atMost(most, x uint64) uint64 {
	if x > most {
		return most
	}
	return x
}
