// Job: see name_table.h.
#include "name_table.h"

namespace pkggraph {

namespace {

using Slots = memgc::Array<memgc::Member<Name>>;

constexpr std::size_t kFirstSlots = 64;

std::size_t next_slot(const Slots& slots, std::size_t slot) { return (slot + 1) & (slots.size() - 1); }
std::size_t home_slot(const Slots& slots, const Name& name) { return name.hash & (slots.size() - 1); }

void put(Slots& slots, Name* name) {
  std::size_t slot = home_slot(slots, *name);
  while (slots[slot] != nullptr) slot = next_slot(slots, slot);
  slots[slot] = name;
}

void grow(NameTable& table) {
  Slots* bigger = memgc::make_array<memgc::Member<Name>>(table.slots->size() * 2);
  for (Name* name : *table.slots) {
    if (name != nullptr) put(*bigger, name);
  }
  table.slots = bigger;
}

}  // namespace

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, then MurmurHash3's mixing: the table uses the low bits
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

NameTable* make_name_table() {
  auto* table = memgc::make<NameTable>();
  table->slots = memgc::make_array<memgc::Member<Name>>(kFirstSlots);
  return table;
}

Name* find_name(const NameTable& table, std::string_view text, std::uint64_t hash) {
  const Slots& slots = *table.slots;
  for (std::size_t slot = hash & (slots.size() - 1);; slot = next_slot(slots, slot)) {
    Name* name = slots[slot];
    if (name == nullptr || (name->hash == hash && name->view() == text)) return name;
  }
}

void insert_name(NameTable& table, Name* name) {
  if ((table.used + 1) * 4 > table.slots->size() * 3) grow(table);
  put(*table.slots, name);
  ++table.used;
}

void erase_name(NameTable& table, Name* name) {
  Slots& slots = *table.slots;
  std::size_t hole = home_slot(slots, *name);
  while (slots[hole] != name) {
    if (slots[hole] == nullptr) return;
    hole = next_slot(slots, hole);
  }
  // Move back each later name of the same stretch whose home is not behind the hole, so that probing still finds it.
  for (std::size_t slot = next_slot(slots, hole); slots[slot] != nullptr; slot = next_slot(slots, slot)) {
    const std::size_t mask = slots.size() - 1;
    const std::size_t from_home = (slot - home_slot(slots, *slots[slot])) & mask;
    const std::size_t from_hole = (slot - hole) & mask;
    if (from_home < from_hole) continue;
    slots[hole] = slots[slot];
    hole = slot;
  }
  slots[hole] = nullptr;
  --table.used;
}

}  // namespace pkggraph
