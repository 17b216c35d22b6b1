// Job: see oracle_graph.h.
#include "tests/stress/oracle_graph.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace memgc::testing {

Object* make_object(Mutator& me, std::uint64_t id, Kind kind, std::uint32_t length, void*& scratch) {
  const auto with_array = [&]<class Owner, class Element>() -> Object* {
    auto* elements = me.make_array<Element>(length);
    scratch = elements;
    Object* object = me.make<Owner>(id, kind, length, elements);
    scratch = nullptr;
    return object;
  };
  switch (kind) {
    case Kind::kPair:
      return me.make<PairObject>(id, kind, length);
    case Kind::kWide:
      return me.make<WideObject>(id, kind, length);
    case Kind::kTraced:
      return me.make<TracedObject>(id, kind, length);
    case Kind::kTagged:
      return me.make<TaggedObject>(id, kind, length);
    case Kind::kLeaf:
      return me.make<SmallLeaf>(id, kind, length);
    case Kind::kBigLeaf:
      return me.make<BigLeaf>(id, kind, length);
    case Kind::kMembers:
      return with_array.operator()<MembersObject, Member<Object>>();
    case Kind::kArms:
      return with_array.operator()<ArmsObject, Arm>();
    case Kind::kBytes:
      return with_array.operator()<BytesObject, std::uint64_t>();
  }
  std::abort();
}

std::size_t edge_count(const Object& object) {
  switch (object.kind) {
    case Kind::kPair:
      return 2;
    case Kind::kWide:
      return 9;
    case Kind::kTraced:
      return 4;
    case Kind::kTagged:
      return 3;
    case Kind::kMembers:
    case Kind::kArms:
      return object.length;
    case Kind::kLeaf:
    case Kind::kBigLeaf:
    case Kind::kBytes:
      return 0;
  }
  return 0;
}

namespace {

// Calls `visit` with the field, a Member<Object> or a TaggedSlot, that holds an edge.
template <class Visit>
auto with_field(const Object& object, std::size_t index, Visit visit)
    -> decltype(visit(std::declval<Member<Object>&>())) {
  auto& mutable_object = const_cast<Object&>(object);
  switch (object.kind) {
    case Kind::kPair:
      return visit(static_cast<PairObject&>(mutable_object).edge[index]);
    case Kind::kWide: {
      auto& wide = static_cast<WideObject&>(mutable_object);
      return visit(index == 0 ? wide.first : wide.rest[index - 1]);
    }
    case Kind::kTraced: {
      auto& traced = static_cast<TracedObject&>(mutable_object);
      return index < 3 ? visit(traced.arms[index].to) : visit(traced.slot);
    }
    case Kind::kTagged:
      return visit(static_cast<TaggedObject&>(mutable_object).slots[index]);
    case Kind::kMembers:
      return visit((*static_cast<MembersObject&>(mutable_object).elements)[index]);
    case Kind::kArms:
      return visit((*static_cast<ArmsObject&>(mutable_object).elements)[index].to);
    case Kind::kLeaf:
    case Kind::kBigLeaf:
    case Kind::kBytes:
      break;
  }
  std::abort();
}

template <class Owner>
void renew(Mutator& me, Object& object) {
  auto& owner = static_cast<Owner&>(object);
  using Element = typename Owner::Elements::value_type;
  auto* fresh = me.make_array<Element>(object.length);
  std::copy(owner.elements->begin(), owner.elements->end(), fresh->begin());
  owner.elements = fresh;
}

}  // namespace

Object* edge(const Object& object, std::size_t index) {
  struct Read {
    Object* operator()(const Member<Object>& member) const { return member; }
    Object* operator()(const TaggedSlot& slot) const { return TaggedWords::object(slot); }
  };
  return with_field(object, index, Read{});
}

void set_edge(Object& object, std::size_t index, Object* target, unsigned variant, const Object* decoy) {
  struct Write {
    void operator()(Member<Object>& member) const { member = to; }
    void operator()(TaggedSlot& slot) const {
      if (to != nullptr) {
        slot = TaggedWords::word(to, form % 2 != 0);
      } else {
        slot = form % 3 == 0 ? 0 : form % 3 == 1 ? std::uintptr_t{form} << 3 : TaggedWords::decoy(number);
      }
    }
    Object* to;
    unsigned form;
    const Object* number;
  };
  with_field(object, index, Write{target, variant, decoy});
}

void renew_array(Mutator& me, Object& object) {
  if (object.kind == Kind::kMembers) renew<MembersObject>(me, object);
  if (object.kind == Kind::kArms) renew<ArmsObject>(me, object);
  if (object.kind == Kind::kBytes) renew<BytesObject>(me, object);
}

std::size_t least_bytes(const Object& object) {
  switch (object.kind) {
    case Kind::kPair:
      return sizeof(PairObject);
    case Kind::kWide:
      return sizeof(WideObject);
    case Kind::kTraced:
      return sizeof(TracedObject);
    case Kind::kTagged:
      return sizeof(TaggedObject);
    case Kind::kLeaf:
      return sizeof(SmallLeaf);
    case Kind::kBigLeaf:
      return sizeof(BigLeaf);
    case Kind::kMembers:
      return sizeof(MembersObject) + sizeof(std::size_t) + object.length * sizeof(Member<Object>);
    case Kind::kArms:
      return sizeof(ArmsObject) + sizeof(std::size_t) + object.length * sizeof(Arm);
    case Kind::kBytes:
      return sizeof(BytesObject) + sizeof(std::size_t) + object.length * sizeof(std::uint64_t);
  }
  return 0;
}

const char* damage(const Object& object, std::uint64_t id, Kind kind, std::uint32_t length) {
  if (object.id != id) return "has another identity";
  if (object.kind != kind || object.length != length) return "has another kind";
  if (object.check != Object::check_of(id, kind, length)) return "has a damaged head";
  const auto leaf_damage = [&](const auto& leaf) -> const char* {
    for (std::size_t i = 0; i < std::size(leaf.words); ++i) {
      if (leaf.words[i] != id + i) return "has a damaged payload";
    }
    return nullptr;
  };
  switch (kind) {
    case Kind::kWide:
      return static_cast<const WideObject&>(object).gap == 0x1111'2222'3333'4444u ? nullptr : "has a damaged gap";
    case Kind::kLeaf:
      return leaf_damage(static_cast<const SmallLeaf&>(object));
    case Kind::kBigLeaf:
      return leaf_damage(static_cast<const BigLeaf&>(object));
    case Kind::kMembers: {
      const MembersObject::Elements* elements = static_cast<const MembersObject&>(object).elements;
      return elements != nullptr && elements->size() == length ? nullptr : "has a damaged array";
    }
    case Kind::kArms: {
      const ArmsObject::Elements* elements = static_cast<const ArmsObject&>(object).elements;
      if (elements == nullptr || elements->size() != length) return "has a damaged array";
      for (const Arm& arm : *elements) {
        if (arm.salt != 0xa5a5) return "has a damaged element";
      }
      return nullptr;
    }
    case Kind::kBytes: {
      const BytesObject::Elements* elements = static_cast<const BytesObject&>(object).elements;
      if (elements == nullptr || elements->size() != length) return "has a damaged array";
      for (std::size_t i = 0; i < length; ++i) {
        if ((*elements)[i] != (id ^ i)) return "has a damaged element";
      }
      return nullptr;
    }
    case Kind::kPair:
    case Kind::kTraced:
    case Kind::kTagged:
      return nullptr;
  }
  return "is of no kind";
}

}  // namespace memgc::testing
