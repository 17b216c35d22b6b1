"""Why an object is alive: from what refers to it from outside the heap, along references, to the object.

A class with a trace() is gone through word by word, for its trace() can not be called. Nor can a root range's decoding:
only what its words refer to as they stand is found.
"""

import collections

import gdb

from memgc_gdb_heap import BLOCK_SHIFT, CELLS, LARGE, LARGE_TAIL, MASK, NONE, POINTER_ARRAY, WEAK
from memgc_gdb_heap import Cell, linked, load, thread_name, title, variable, words_at


def targets(cell):
    """The words of an object that may be references, as (offset, word)."""
    kind, count = cell.block.kind, cell.bytes // 8
    if kind in (NONE, WEAK):
        return []
    words = words_at(cell.address, count)
    if kind == MASK:
        return [(i * 8, words[i]) for i in range(min(64, count)) if cell.block.data >> i & 1]
    if kind == POINTER_ARRAY:
        return [(i * 8, words[i]) for i in range(1, min(words[0] + 1, count))]
    return [(i * 8, word) for i, word in enumerate(words)]


def roots():
    """Every word outside the heap that keeps something, as (what it is, word)."""
    slot_bytes = 8
    for chunk in linked(load(variable("(anonymous namespace)::chunks")), "next"):
        at = int(chunk["slots"].address)
        for i, word in enumerate(words_at(at, chunk["slots"].type.sizeof // slot_bytes)):
            yield "a Root, whose slot is at 0x%x" % (at + i * slot_bytes), word


def thread_words(mutator):
    name, record = thread_name(mutator), mutator["thread"].referenced_value()
    for entry in linked(record["ranges"], "next"):
        begin = int(entry["begin"])
        end = int(entry["top"].dereference()) if int(entry["top"]) != 0 else int(entry["end"])
        for i, word in enumerate(words_at(begin, (end - begin) // 8)):
            yield "a root range of thread %s, at 0x%x" % (name, begin + i * 8), word
    base, top, registers = int(record["stack_base"]), int(record["stack_top"]), []
    if mutator["blocked"]:
        nearest = record["nearest_frames"]
        registers = list(words_at(int(nearest.address), int(record["nearest_words"])))
        registers += words_at(int(record["registers"].address), record["registers"].type.sizeof // 8)
    else:
        top, registers = running_position(int(record["tid"]))
    for word in registers:
        yield "a register or the nearest frames of thread %s" % name, word
    top = (top + 7) // 8 * 8
    for i, word in enumerate(words_at(top, (base - top) // 8) if top else ()):
        yield "the stack of thread %s, at 0x%x" % (name, top + i * 8), word


def running_position(tid):
    """Stack pointer and registers of a thread that runs, as gdb has them; 0 when it has no such thread."""
    before = gdb.selected_thread()
    try:
        for thread in gdb.selected_inferior().threads():
            if tid in thread.ptid[1:]:
                thread.switch()
                frame = gdb.newest_frame()
                read = lambda name: int(frame.read_register(name).cast(gdb.lookup_type("unsigned long")))
                return read("rsp"), [read(name) for name in ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9",
                                                            "r10", "r11", "r12", "r13", "r14", "r15")]
    finally:
        before.switch()
    return 0, []


class Search:
    """From roots to an object, breadth first: the path is a shortest one."""

    def __init__(self, heap, wanted):
        self.heap, self.wanted = heap, wanted
        self.found_from = {}  # cell address -> what refers to it: (cell or None, offset or text)
        self.queue = collections.deque()
        self.known = {}  # block index -> its descriptor and objects

    def reach(self, word, source, where):
        if not self.heap.contains(word):
            return
        index = (word - self.heap.base) >> BLOCK_SHIFT
        if index not in self.known:
            block = self.heap.block(index)
            if block.state == LARGE_TAIL:
                return self.reach(self.heap.base + (block.head << BLOCK_SHIFT), source, where)
            self.known[index] = block, self.heap.made(block) if block.state in (CELLS, LARGE) else 0
        block, made = self.known[index]
        if block.state not in (CELLS, LARGE):
            return
        begin = self.heap.address_of(block)
        number = (word - begin) // block.cell_bytes if block.state == CELLS else 0
        cell = Cell(begin + number * block.cell_bytes, block.cell_bytes or block.length << BLOCK_SHIFT, block, number)
        if made >> number & 1 and cell.address not in self.found_from:
            self.found_from[cell.address] = source, where
            self.queue.append(cell)

    def run(self, words):
        for where, word in words:
            self.reach(word, None, where)
        while self.queue and self.wanted not in self.found_from:
            cell = self.queue.popleft()
            for offset, word in targets(cell):
                self.reach(word, cell, offset)
        return self.wanted in self.found_from

    def path(self):
        steps, at = [], self.wanted
        while True:
            source, where = self.found_from[at]
            if source is None:
                return [where] + steps[::-1]
            steps.append("the field at offset %d of 0x%x (%s)" % (where, source.address, title(source.block)))
            at = source.address
