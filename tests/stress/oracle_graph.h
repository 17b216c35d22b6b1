// Job: the managed objects of the oracle's graph, of every kind that memgc knows, behind one way to make them, to read
// and set their edges, and to tell whether one is intact.
//
// Every object starts with its identity; what else it holds follows from identity and kind, so that a damaged, moved or
// doubly handed out cell shows. Threads: each object's edges are set by its owner; anybody may read them.
#pragma once

#include <memgc/memgc.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace memgc::testing {

enum class Kind : std::uint32_t {
  kPair,     // two Members, a word mask
  kWide,     // nine Members, a word mask
  kTraced,   // embedded structs and a Slot, a trace function
  kTagged,   // Slots alone: pointers, interior pointers, numbers, and numbers that look like pointers
  kLeaf,     // no edges: words derived from the identity
  kBigLeaf,  // the same, several pages
  kMembers,  // an array of Members, of any length
  kArms,     // an array of structs with fields
  kBytes,    // an array of words derived from the identity
};
inline constexpr std::uint32_t kKinds = 9;

struct Object {
  Object(std::uint64_t given_id, Kind given_kind, std::uint32_t given_length)
      : id(given_id), kind(given_kind), length(given_length), check(check_of(given_id, given_kind, given_length)) {}

  static std::uint64_t check_of(std::uint64_t id, Kind kind, std::uint32_t length) {
    return (id * 0x9e37'79b9'7f4a'7c15u) ^ (std::uint64_t{length} << 32) ^ static_cast<std::uint64_t>(kind) ^
           0x5ca1'ab1e;
  }

  const std::uint64_t id;
  const Kind kind;
  const std::uint32_t length;  // of its array, for the kinds that have one
  const std::uint64_t check;
};

/// Tagged words: 1 a pointer to an object's start, 2 one to its second word, 4 a number that looks like a pointer.
struct TaggedWords {
  static const void* pointer(std::uintptr_t word) noexcept {
    const std::uintptr_t tag = word & 7;
    return tag == 1 || tag == 2 ? reinterpret_cast<const void*>(word - tag) : nullptr;
  }
  static Object* object(std::uintptr_t word) noexcept {
    switch (word & 7) {
      case 1:
        return reinterpret_cast<Object*>(word - 1);
      case 2:
        return reinterpret_cast<Object*>(word - 2 - sizeof(std::uint64_t));
      default:
        return nullptr;
    }
  }
  static std::uintptr_t word(const Object* object, bool interior) {
    if (object == nullptr) return 0;
    const auto address = reinterpret_cast<std::uintptr_t>(object);
    return interior ? address + sizeof(std::uint64_t) + 2 : address + 1;
  }
  static std::uintptr_t decoy(const Object* object) { return reinterpret_cast<std::uintptr_t>(object) + 4; }
};
using TaggedSlot = Slot<TaggedWords>;

struct PairObject : Object {
  using Object::Object;
  Member<Object> edge[2];
  static constexpr auto fields = memgc::fields(&PairObject::edge);
};

struct WideObject : Object {
  using Object::Object;
  Member<Object> first;
  std::uint64_t gap = 0x1111'2222'3333'4444u;
  std::array<Member<Object>, 8> rest;
  static constexpr auto fields = memgc::fields(&WideObject::first, &WideObject::rest);
};

struct Arm {
  std::uint64_t salt = 0xa5a5;
  Member<Object> to;
  static constexpr auto fields = memgc::fields(&Arm::to);
};

struct TracedObject : Object {
  using Object::Object;
  Arm arms[3];
  TaggedSlot slot;
  void trace(Visitor& v) const { v(arms, slot); }
};

struct TaggedObject : Object {
  using Object::Object;
  TaggedSlot slots[3];
  void trace(Visitor& v) const { v(slots); }
};

template <std::size_t N>
struct LeafObject : Object {
  LeafObject(std::uint64_t given_id, Kind given_kind, std::uint32_t given_length)
      : Object(given_id, given_kind, given_length) {
    for (std::size_t i = 0; i < N; ++i) words[i] = id + i;
  }
  std::uint64_t words[N];
};
using SmallLeaf = LeafObject<3>;
using BigLeaf = LeafObject<1500>;

struct MembersObject : Object {
  using Elements = Array<Member<Object>>;
  MembersObject(std::uint64_t given_id, Kind given_kind, std::uint32_t given_length, Elements* given)
      : Object(given_id, given_kind, given_length), elements(given) {}
  Member<Elements> elements;
  static constexpr auto fields = memgc::fields(&MembersObject::elements);
};

struct ArmsObject : Object {
  using Elements = Array<Arm>;
  ArmsObject(std::uint64_t given_id, Kind given_kind, std::uint32_t given_length, Elements* given)
      : Object(given_id, given_kind, given_length), elements(given) {}
  Member<Elements> elements;
  static constexpr auto fields = memgc::fields(&ArmsObject::elements);
};

struct BytesObject : Object {
  using Elements = Array<std::uint64_t>;
  BytesObject(std::uint64_t given_id, Kind given_kind, std::uint32_t given_length, Elements* given)
      : Object(given_id, given_kind, given_length), elements(given) {
    for (std::size_t i = 0; i < given->size(); ++i) (*given)[i] = id ^ i;
  }
  Member<Elements> elements;
  static constexpr auto fields = memgc::fields(&BytesObject::elements);
};

/// Where threads meet: a place that all may write to at once.
struct Market {
  static constexpr std::size_t kStalls = 48;
  Member<Object> stalls[kStalls];
  static constexpr auto fields = memgc::fields(&Market::stalls);
};

/// A new object without edges. `scratch` is a rooted place that keeps the array while its owner is made.
Object* make_object(Mutator& me, std::uint64_t id, Kind kind, std::uint32_t length, void*& scratch);

std::size_t edge_count(const Object& object);
Object* edge(const Object& object, std::size_t index);
/// `variant` chooses among the forms that a Slot can give to one edge, decoys for a null edge included.
void set_edge(Object& object, std::size_t index, Object* target, unsigned variant, const Object* decoy);
/// Replaces an array object's array by a copy. The object must be rooted.
void renew_array(Mutator& me, Object& object);

/// What an object and its array weigh at least.
std::size_t least_bytes(const Object& object);

/// Null when `object` is what it was made as, else what is wrong.
const char* damage(const Object& object, std::uint64_t id, Kind kind, std::uint32_t length);

}  // namespace memgc::testing
