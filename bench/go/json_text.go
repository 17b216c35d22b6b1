// Job: workloads/json_text.h in Go: the same texts, and what a reader of each must find.

package main

import (
	"math"
	"strconv"
)

type jsonKind uint32

const (
	jsonNumber jsonKind = iota
	jsonString
	jsonArray
	jsonObject
)

// jsonDigest is of every value in the order of the text.
type jsonDigest uint64

func (d *jsonDigest) fold(word uint64) { *d = jsonDigest(mix64(uint64(*d) ^ word)) }

func (d *jsonDigest) foldKind(kind jsonKind, word uint64) {
	d.fold(uint64(kind))
	d.fold(word)
}

func (d *jsonDigest) name(name string)                { d.fold(hashBytes(name)) }
func (d *jsonDigest) number(number float64)           { d.foldKind(jsonNumber, math.Float64bits(number)) }
func (d *jsonDigest) text(text string)                { d.foldKind(jsonString, hashBytes(text)) }
func (d *jsonDigest) end(kind jsonKind, items uint64) { d.foldKind(kind, items) }

type jsonText struct {
	text   string
	digest jsonDigest
}

const jsonMostDepth = 3 // of what is in a record

// newJSONText makes an array of records of all kinds, of at least so many characters.
func newJSONText(seed uint64, least int) jsonText {
	w := jsonWriter{random: random(seed), text: []byte("[")}
	items := uint64(0)
	for items == 0 || len(w.text) < least {
		if items > 0 {
			w.write(",\n")
		}
		items++
		w.object(jsonMostDepth)
	}
	w.write("]")
	w.digest.end(jsonArray, items)
	return jsonText{string(w.text), w.digest}
}

type jsonWriter struct {
	random random
	text   []byte
	digest jsonDigest
}

func (w *jsonWriter) write(text string) { w.text = append(w.text, text...) }

func (w *jsonWriter) value(depth int) {
	choice := w.random.below(16)
	switch {
	case depth > 0 && choice < 2:
		w.array(depth)
	case depth > 0 && choice < 5:
		w.object(depth)
	case choice < 10:
		w.number()
	default:
		w.digest.text(w.string(1 + w.random.below(40)))
	}
}

func (w *jsonWriter) array(depth int) {
	items := w.random.below(17)
	w.write("[")
	for i := uint64(0); i < items; i++ {
		if i > 0 {
			w.write(", ")
		}
		w.value(depth - 1)
	}
	w.write("]")
	w.digest.end(jsonArray, items)
}

func (w *jsonWriter) object(depth int) {
	items := 1 + w.random.below(10)
	w.write("{")
	for i := uint64(0); i < items; i++ {
		if i > 0 {
			w.write(", ")
		}
		w.digest.name(w.string(2 + w.random.below(10)))
		w.write(": ")
		w.value(depth - 1)
	}
	w.write("}")
	w.digest.end(jsonObject, items)
}

func (w *jsonWriter) number() {
	hundredths := w.random.below(10_000_000)
	whole, negative := hundredths%2 == 0, hundredths%7 == 1
	units, rest := hundredths/100, hundredths%100
	if whole {
		rest = 0
	}
	if negative {
		w.write("-")
	}
	w.text = strconv.AppendUint(w.text, units, 10)
	if !whole {
		w.text = append(w.text, '.', byte('0'+rest/10), byte('0'+rest%10))
	}
	size := float64(units*100+rest) / 100
	if negative {
		size = -size
	}
	w.digest.number(size)
}

// string gives what it says, without quotes and escapes.
func (w *jsonWriter) string(length uint64) string {
	const characters = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 01234567\"\\"
	says := make([]byte, 0, length)
	w.write("\"")
	for i := uint64(0); i < length; i++ {
		character := characters[w.random.below(uint64(len(characters)))]
		if character == '"' || character == '\\' {
			w.write("\\")
		}
		w.text = append(w.text, character)
		says = append(says, character)
	}
	w.write("\"")
	return string(says)
}
