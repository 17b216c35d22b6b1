"""What a heap holds, read from the memory of a process or a core file; nothing is called, nothing is written.

Invariant: whatever a thread was doing when it was stopped, what is said of a cell is what the library itself would say.
Needs the library's debug information. Everything is looked up anew at each command.
"""

import array
import collections
import struct

import gdb

# As in allocator/layout.h and allocator/cage.h; tests/gdb fails if they differ.
BLOCK_SHIFT, BITMAP_BYTES = 16, 512
BLOCK_BYTES = 1 << BLOCK_SHIFT
UNUSED, FREE, CELLS, LARGE, LARGE_TAIL = range(5)
# As PointerMap in memgc/internal/type_info.h.
NONE, MASK, TRACE, POINTER_ARRAY, TRACED_ARRAY, CONSERVATIVE, WEAK, EPHEMERON = range(8)
NEW_BITMAP, OWED_BITMAP = 2, 3

MISSING = ("memgc: this program has no debug information of the library memgc: compile that with -g, and strip neither"
           " it nor the program")


# --- Reading ---


def load(value):
    """What a std::atomic holds; each is as large as its value."""
    return value.address.cast(value.type.strip_typedefs().template_argument(0).pointer()).dereference()


def text(view):
    """A std::string_view, of either standard library."""
    fields = [view[field] for field in view.type.strip_typedefs().fields()]
    data = next(f for f in fields if f.type.strip_typedefs().code == gdb.TYPE_CODE_PTR)
    size = next(f for f in fields if f.type.strip_typedefs().code == gdb.TYPE_CODE_INT)
    return data.string(length=int(size)) if int(data) != 0 else ""


def variable(name):
    """A global of the library's."""
    try:
        return gdb.parse_and_eval("'memgc::internal::%s'" % name)
    except gdb.error:
        raise gdb.GdbError(MISSING)


def type_of(name):
    try:
        found = gdb.lookup_type("memgc::internal::" + name)
        if found.fields():
            return found
    except gdb.error:
        pass
    raise gdb.GdbError(MISSING)


def bytes_at(address, count):
    return bytes(gdb.selected_inferior().read_memory(address, count))


def words_at(address, count):
    return array.array("Q", bytes_at(address, count * 8))


def linked(first, next_field):
    while int(first) != 0:
        value = first.dereference()
        yield value
        first = value[next_field]


def amount(count):
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return "%d bytes" % count if unit == "bytes" else "%.1f %s" % (count, unit)
        count /= 1024


# --- The heap ---

Block = collections.namedtuple("Block", "index state kind cell_bytes cells layout head length data")
Cell = collections.namedtuple("Cell", "address bytes block index")


class Descriptors:
    """Reads block descriptors, many at once."""

    FIELDS = (("state", "B"), ("kind", "B"), ("cell_bytes", "I"), ("cells", "I"), ("layout", "I"), ("head", "I"),
              ("length", "I"), ("data", "Q"))

    def __init__(self):
        block = type_of("Block")
        self.bytes = block.sizeof
        self.places = [(form, block[name].bitpos // 8) for name, form in self.FIELDS]

    def read(self, table, first, count):
        raw = bytes_at(table + first * self.bytes, count * self.bytes)
        for i in range(count):
            yield Block(first + i, *(struct.unpack_from(form, raw, i * self.bytes + at)[0] for form, at in self.places))


class Heap:
    def __init__(self, impl):
        self.impl = impl
        cage = impl["cage_"]
        self.base = int(cage["base_"])
        self.frontier = int(load(cage["frontier_"]))
        self.table = int(cage["blocks_"])
        self.bitmaps = [int(cage["bitmaps_"][i]) for i in range(4)]
        self.owed_bytes = int(load(cage["owed_bytes_"]))
        self.occupied = int(impl["roles_"]["occupied"])
        self.descriptors = Descriptors()
        self.mutators = list(linked(impl["handshakes_"]["first_"], "next"))

    def contains(self, address):
        return 0 <= address - self.base < self.frontier << BLOCK_SHIFT

    def block(self, index):
        return next(self.descriptors.read(self.table, index, 1))

    def blocks(self):
        return self.descriptors.read(self.table, 1, self.frontier - 1)

    def address_of(self, block):
        return self.base + (block.index << BLOCK_SHIFT)

    def bitmap(self, which, block):
        """As one large number."""
        at = block.index * BITMAP_BYTES
        if which == OWED_BITMAP and at + BITMAP_BYTES > self.owed_bytes:
            return 0
        return int.from_bytes(bytes_at(self.bitmaps[which] + at, BITMAP_BYTES), "little")

    def cell(self, address):
        """The cell that an address points into; None if it is in none."""
        if not self.contains(address):
            return None
        block = self.block((address - self.base) >> BLOCK_SHIFT)
        if block.state == LARGE_TAIL:
            block = self.block(block.head)
        begin = self.address_of(block)
        if block.state == LARGE:
            return Cell(begin, block.length << BLOCK_SHIFT, block, 0)
        if block.state != CELLS:
            return None
        index = (address - begin) // block.cell_bytes
        return Cell(begin + index * block.cell_bytes, block.cell_bytes, block, index) if index < block.cells else None

    def run_of(self, mutator, block):
        """The cells of a block that a thread has bumped past and not recorded, and where those end that it may fill."""
        local = mutator["local"]
        if block.state != CELLS or block.layout > int(load(local["largest_"])):
            return None
        state = local["states_"][block.layout]
        if not state["open"] or int(state["segment"]["block"]) != block.index:
            return None
        cursor = int(local["runs_"][block.layout]["cursor"])
        made = (cursor - self.address_of(block)) // block.cell_bytes if cursor != 0 else int(state["run_begin"])
        return int(state["run_begin"]), made, int(state["run_cells_end"])

    def made(self, block):
        """The cells that hold objects, as one large number: recorded, or just bumped past."""
        cells = self.bitmap(self.occupied, block)
        for mutator in self.mutators:
            run = self.run_of(mutator, block)
            if run is not None and run[1] > run[0]:
                cells |= (1 << run[1]) - (1 << run[0])
        return cells

    def holds(self, cell):
        return self.made(cell.block) >> cell.index & 1 != 0

    def state(self):
        collector = self.impl["collector_"]
        begun, marked, settled = (int(collector[name]) for name in ("begun_", "marked_", "settled_"))
        return "marking" if begun > marked else "sweeping" if marked > settled else "idle"


def all_heaps():
    return [Heap(impl) for impl in linked(variable("heaps")["first"], "next_heap")]


def find(address):
    """The heap of an address, and its cell there."""
    for heap in all_heaps():
        if heap.contains(address):
            return heap, heap.cell(address)
    raise gdb.GdbError("memgc: 0x%x is in no heap" % address)


def type_names(block):
    """What is known of the types of a block's cells: those whose layout they have."""
    names = []
    for user in linked(load(variable("(anonymous namespace)::users")[block.layout]), "next"):
        name = text(user["type"]["name"])
        names.insert(0, "memgc::Array<%s>" % name if user["array"] else name)
    return names or ["?"]


def title(block):
    return " | ".join(type_names(block))


def thread_name(mutator):
    record = mutator["thread"].referenced_value()
    return "%s (%d)" % (record["name"].string(), int(record["tid"]))
