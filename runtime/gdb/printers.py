"""How gdb prints memgc's types: as what they refer to. Needs the program's debug information alone."""

import gdb
import gdb.printing


def pointer_at(address, pointed):
    """The pointer that stands there."""
    return gdb.Value(int(address)).cast(pointed.pointer().pointer()).dereference()


class Reference:
    """A Member, Root or Weak: the pointer that it holds."""

    def __init__(self, value):
        self.value = value
        self.pointed = value.type.strip_typedefs().template_argument(0)

    def to_string(self):
        pointer = self.get()
        return "(%s) 0x%x" % (pointer.type, int(pointer))


class MemberPrinter(Reference):
    def get(self):
        return self.value["pointer_"]


class RootPrinter(Reference):
    def get(self):
        return pointer_at(self.value["slot_"], self.pointed)


class WeakPrinter(Reference):
    def get(self):
        cell = int(self.value["cell_"]["pointer_"])
        return pointer_at(cell, self.pointed) if cell != 0 else gdb.Value(0).cast(self.pointed.pointer())


class SlotPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return "word 0x%x" % int(self.value["value_"])


class EphemeronPrinter:
    def __init__(self, value):
        self.value = value

    def children(self):
        key, value = (self.value.type.strip_typedefs().template_argument(i) for i in (0, 1))
        yield "key", pointer_at(self.value.address, key)
        yield "value", pointer_at(int(self.value.address) + 8, value)


class ArrayPrinter:
    def __init__(self, value):
        self.value = value
        self.element = value.type.strip_typedefs().template_argument(0)
        self.size = int(value["size_"])

    def to_string(self):
        return "memgc::Array of %d" % self.size

    def children(self):
        first = int(self.value.address) + max(8, self.element.alignof)
        pointer = gdb.Value(first).cast(self.element.pointer())
        for i in range(self.size):
            yield str(i), (pointer + i).dereference()

    def display_hint(self):
        return "array"


def printers():
    found = gdb.printing.RegexpCollectionPrettyPrinter("memgc")
    for name, printer in (("Member", MemberPrinter), ("Root", RootPrinter), ("Weak", WeakPrinter), ("Slot", SlotPrinter),
                          ("Ephemeron", EphemeronPrinter), ("Array", ArrayPrinter)):
        found.add_printer(name, "^memgc::%s<.*>$" % name, printer)
    return found

gdb.printing.register_pretty_printer(None, printers(), replace=True)
