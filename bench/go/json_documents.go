// Job: workloads/json_documents.h in Go: the same parser, not encoding/json. Strings are copies, so that no document
// keeps the text that it came from.

package main

import (
	"strconv"
	"strings"
)

const (
	jsonTexts      = 100
	jsonFirstItems = 4
)

type jsonValue struct {
	name   string       // of a member of an object
	text   string       // of a string
	items  []*jsonValue // of an array or an object
	number float64
	kind   jsonKind
}

type jsonDocuments struct {
	live, documents, seed uint64
	texts                 []jsonText
	window                []*jsonValue
}

func newJSONDocuments(s sizes, index int) workload {
	d := &jsonDocuments{live: s.jsonLive, documents: atLeast(s.jsonLive, s.jsonDocuments), seed: uint64(index) << 48}
	// Texts of 1, 2, 4, 8 and 16 KiB, and somewhat more.
	for i := 0; i < jsonTexts; i++ {
		d.texts = append(d.texts, newJSONText(mix64(d.seed+uint64(i)), 1024<<(i%5)))
	}
	return d
}

func (d *jsonDocuments) run() {
	d.window = make([]*jsonValue, d.live)
	for number := uint64(0); number < d.documents; number++ {
		if number >= d.live {
			d.leave(number - d.live)
		}
		d.arrive(number)
	}
}

func (d *jsonDocuments) verify() {
	for number := d.documents - d.live; number < d.documents; number++ {
		d.read(number)
	}
}

func (d *jsonDocuments) textOf(number uint64) *jsonText {
	return &d.texts[mix64(d.seed+number)%jsonTexts]
}

func (d *jsonDocuments) arrive(number uint64) {
	p := jsonParser{text: d.textOf(number).text}
	d.window[number%d.live] = p.value()
	p.skipSpace()
	expectEqual("what is left of a text", uint64(len(p.text)-p.at), 0)
}

func (d *jsonDocuments) leave(number uint64) {
	d.read(number)
	d.window[number%d.live] = nil
}

func (d *jsonDocuments) read(number uint64) {
	var digest jsonDigest
	d.window[number%d.live].read(&digest)
	expectEqual("a document's digest", uint64(digest), uint64(d.textOf(number).digest))
}

func (v *jsonValue) read(digest *jsonDigest) {
	if v == nil {
		wrongAnswer("a value", 0, 1)
	}
	if v.name != "" {
		digest.name(v.name)
	}
	switch v.kind {
	case jsonNumber:
		digest.number(v.number)
	case jsonString:
		digest.text(v.text)
	default:
		for _, item := range v.items {
			item.read(digest)
		}
		digest.end(v.kind, uint64(len(v.items)))
	}
}

type jsonParser struct {
	text string
	at   int
}

// next is the character to be read, 0 at the end.
func (p *jsonParser) next() byte {
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *jsonParser) skipSpace() {
	for p.next() == ' ' || p.next() == '\n' {
		p.at++
	}
}

func (p *jsonParser) expect(character byte) {
	p.skipSpace()
	expectEqual("a character", uint64(p.next()), uint64(character))
	p.at++
}

func (p *jsonParser) value() *jsonValue {
	p.skipSpace()
	switch p.next() {
	case '[':
		return p.items(jsonArray, ']')
	case '{':
		return p.items(jsonObject, '}')
	case '"':
		return &jsonValue{text: p.string(), kind: jsonString}
	}
	return &jsonValue{number: p.number(), kind: jsonNumber}
}

func (p *jsonParser) items(kind jsonKind, last byte) *jsonValue {
	whole := &jsonValue{items: make([]*jsonValue, 0, jsonFirstItems), kind: kind}
	p.at++
	for p.skipSpace(); p.next() != last; p.skipSpace() {
		if len(whole.items) > 0 {
			p.expect(',')
		}
		var name string
		if kind == jsonObject {
			p.skipSpace()
			name = p.string()
			p.expect(':')
		}
		item := p.value()
		item.name = name
		whole.items = append(whole.items, item)
	}
	p.at++
	return whole
}

func (p *jsonParser) string() string {
	p.expect('"')
	start, escapes := p.at, 0
	for p.next() != '"' {
		if p.next() == '\\' {
			escapes++
			p.at++
		}
		p.at++
	}
	raw := p.text[start:p.at]
	p.at++
	if escapes == 0 {
		return strings.Clone(raw)
	}
	var text strings.Builder
	text.Grow(len(raw) - escapes)
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' {
			i++
		}
		text.WriteByte(raw[i])
	}
	return text.String()
}

func (p *jsonParser) number() float64 {
	start := p.at
	for c := p.next(); c >= '0' && c <= '9' || c == '-' || c == '.'; c = p.next() {
		p.at++
	}
	number, err := strconv.ParseFloat(p.text[start:p.at], 64)
	if err != nil {
		wrongAnswer("what begins a value", uint64(p.next()), '0')
	}
	return number
}
