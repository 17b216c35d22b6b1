"""`memgc heap`, `memgc object ADDRESS`, `memgc why-live ADDRESS`. Loading this again replaces them."""

import collections

import gdb

from memgc_gdb_heap import CELLS, FREE, LARGE, LARGE_TAIL
from memgc_gdb_heap import MASK, NONE, TRACE, POINTER_ARRAY, TRACED_ARRAY, CONSERVATIVE, WEAK, EPHEMERON
from memgc_gdb_heap import BLOCK_SHIFT, NEW_BITMAP, OWED_BITMAP
from memgc_gdb_heap import all_heaps, amount, find, load, thread_name, title
from memgc_gdb_search import Search, roots, thread_words


class MemgcCommand(gdb.Command):
    """Looks at the heaps of a program that uses memgc."""

    def __init__(self):
        super().__init__("memgc", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


MemgcCommand()


def command(name, with_address):
    """Makes `function` the gdb command `memgc NAME`; it takes an address if `with_address`."""

    def make(function):
        def invoke(self, argument, from_tty):
            if gdb.selected_inferior().pid == 0:
                raise gdb.GdbError("memgc: no program to look at: start one, or open a core file")
            if bool(argument.strip()) != with_address:
                raise gdb.GdbError("memgc: usage: memgc %s%s" % (name, " ADDRESS" if with_address else ""))
            if with_address:
                value = gdb.parse_and_eval(argument)
                function(int(value.cast(gdb.lookup_type("unsigned long"))))
            else:
                function()

        kind = type(name, (gdb.Command,), {"invoke": invoke, "__doc__": function.__doc__})
        kind("memgc " + name, gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    return make


@command("heap", False)
def show_heaps():
    """memgc heap: each heap's size, goal, cycle, threads, and blocks by layout."""
    heaps = all_heaps()
    if not heaps:
        print("no heap")
    for heap in heaps:
        impl, pacing = heap.impl, heap.impl["pacing_"]
        print("heap at 0x%x: %d cycles, %s" % (int(impl.address), int(impl["collector_"]["settled_"]), heap.state()))
        goal = int(load(pacing["goal_"]))
        print("  %s live at the last cycle, %s now, goal %s" % (
            amount(int(load(pacing["live_"]))), amount(int(load(impl["heap_bytes_"]))),
            amount(goal) if goal < 1 << 62 else "none"))
        for mutator in heap.mutators:
            print("  thread %s, %s" % (thread_name(mutator), "blocked" if mutator["blocked"] else "running"))
        show_blocks(heap)


def show_blocks(heap):
    blocks, cells, size = collections.Counter(), collections.Counter(), {}
    free = 0
    example = {}
    for block in heap.blocks():
        free += block.state == FREE
        if block.state == LARGE_TAIL:
            blocks[heap.block(block.head).layout] += 1
        if block.state not in (CELLS, LARGE):
            continue
        key = block.layout
        example[key] = block
        blocks[key] += 1
        count = bin(heap.made(block)).count("1")
        cells[key] += count
        size[key] = size.get(key, 0) + count * (block.cell_bytes or block.length << BLOCK_SHIFT)
    print("  %8s %8s %10s %12s  type" % ("cell", "blocks", "objects", "bytes"))
    for key in sorted(example, key=lambda each: -size[each]):
        block = example[key]
        print("  %8s %8d %10d %12d  %s" % (block.cell_bytes or "large", blocks[key], cells[key], size[key], title(block)))
    print("  %d free blocks" % free)


@command("object", True)
def show_object(address):
    """memgc object ADDRESS: the object that an address points to or into: type, layout, size, mark, block."""
    heap, cell = find(address)
    if cell is None:
        raise gdb.GdbError("memgc: 0x%x is in a block of the heap that holds no objects" % address)
    block = cell.block
    print("0x%x: %d bytes into the %d bytes at 0x%x" % (address, address - cell.address, cell.bytes, cell.address))
    print("  type: %s" % title(block))
    print("  pointers: %s" % describe_pointers(block))
    print("  %s" % describe_state(heap, cell))
    bits = [heap.bitmap(which, block) >> cell.index & 1 for which in (heap.occupied, 1 - heap.occupied, NEW_BITMAP, OWED_BITMAP)]
    print("  bits: occupied %d, kept %d, new %d, owed a destructor %d" % tuple(bits))
    print("  block: %d, %s; the heap at 0x%x is %s" % (
        block.index, "a large object's, of %d" % block.length if block.state == LARGE else
        "%d cells, this is number %d" % (block.cells, cell.index), int(heap.impl.address), heap.state()))


def describe_pointers(block):
    if block.kind == MASK:
        return "at offsets " + ", ".join(str(i * 8) for i in range(64) if block.data >> i & 1)
    return {NONE: "none", TRACE: "as its trace() says", POINTER_ARRAY: "every element",
            TRACED_ARRAY: "within every element", CONSERVATIVE: "any word may be one",
            WEAK: "one, weak", EPHEMERON: "a key and a value"}[block.kind]


def describe_state(heap, cell):
    for mutator in heap.mutators:
        run = heap.run_of(mutator, cell.block)
        if run is not None and run[0] <= cell.index < run[2]:
            if cell.index < run[1]:
                return "live: made by thread %s since the last cycle" % thread_name(mutator)
            return "free: next to be used by thread %s" % thread_name(mutator)
    if not heap.holds(cell):
        return "free: no object is there"
    if heap.state() != "marking":
        return "live: kept by the last cycle, or made since"
    marked = (heap.bitmap(1 - heap.occupied, cell.block) | heap.bitmap(NEW_BITMAP, cell.block)) >> cell.index & 1
    return "marked by the cycle under way" if marked else "not marked yet by the cycle under way"


@command("why-live", True)
def show_why_live(address):
    """memgc why-live ADDRESS: a shortest path by which the program can still reach an object.

    Roots and root ranges are tried first, then stacks. Objects whose class has a trace() are gone through word by word.
    Takes some seconds for a million objects."""
    heap, cell = find(address)
    if cell is None or not heap.holds(cell):
        raise gdb.GdbError("memgc: there is no object at 0x%x" % address)
    search = Search(heap, cell.address)
    if not search.run(roots()) and not any(search.run(thread_words(mutator)) for mutator in heap.mutators):
        print("0x%x (%s): nothing refers to it; the next cycle frees it" % (cell.address, title(cell.block)))
        return
    print("0x%x (%s) is reached from" % (cell.address, title(cell.block)))
    for step in search.path():
        print("  " + step)
