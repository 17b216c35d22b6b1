// Job: how a Scheme value is a 64-bit word, and what each kind of object looks like on the memgc heap.
//
// How. A word with bit 0 clear is an immediate; with bit 0 set it is a pointer plus a tag in its three low bits. That
// is all the collector has to know (Values::pointer). The tag is an interior offset, which memgc accepts anywhere.
//
//   ...00   fixnum, 62 bits           001   pair, two slots, no header
//   ..010   #f #t () and the like     011   any other object: a count, then a type word
//   ..110   character                 101   flonum, eight bytes, no header
//                                     111   closure: a count, then its slots
//
// Every object behind tag 011 starts as a memgc::Array does, with a count, and has its type word where that array's
// first element would be. So a vector is one Array<Slot>, a string one Array<char32_t>, a bignum one Array<mp_limb_t>,
// and the fixed classes derive from Object, which has the same two words. The type word is even: tracing it as a slot
// is harmless.
//
// Invariant: an object that is reached from a Slot is complete or zeroed; every field that may hold a pointer is a Slot
// or a Member. Threads: the interpreter's own thread; the collector's calls Values::pointer and nothing else of ours.
#pragma once

#include <gmp.h>
#include <memgc/memgc.h>

#include <cstddef>
#include <cstdint>

namespace scheme {

using Value = std::uintptr_t;

/// The whole of what memgc must know about our words.
struct Values {
  static const void* pointer(std::uintptr_t word) noexcept {
    return (word & 1) != 0 ? reinterpret_cast<const void*>(word & ~std::uintptr_t{7}) : nullptr;
  }
};
using Slot = memgc::Slot<Values>;

// --- Immediates ---

inline constexpr Value kFalse = 0x02, kTrue = 0x0a, kNil = 0x12, kUnspecified = 0x1a, kEof = 0x22, kUndefined = 0x2a;
inline constexpr Value kPairTag = 1, kObjectTag = 3, kFlonumTag = 5, kClosureTag = 7, kTagMask = 7, kCharTag = 6;
inline constexpr std::int64_t kFixnumMax = (std::int64_t{1} << 61) - 1, kFixnumMin = -kFixnumMax - 1;

constexpr bool is_fixnum(Value v) { return (v & 3) == 0; }
constexpr bool both_fixnums(Value a, Value b) { return ((a | b) & 3) == 0; }
constexpr Value fixnum(std::int64_t n) { return static_cast<Value>(n) << 2; }
constexpr std::int64_t fixnum_value(Value v) { return static_cast<std::int64_t>(v) >> 2; }
constexpr bool fits_fixnum(std::int64_t n) { return n >= kFixnumMin && n <= kFixnumMax; }
constexpr bool is_char(Value v) { return (v & 0xff) == kCharTag; }
constexpr Value character(char32_t c) { return static_cast<Value>(c) << 8 | kCharTag; }
constexpr char32_t char_value(Value v) { return static_cast<char32_t>(v >> 8); }
constexpr Value boolean(bool b) { return b ? kTrue : kFalse; }
constexpr bool truthy(Value v) { return v != kFalse; }

// --- Objects ---

// clang-format off
#define MEMGC_SCHEME_TYPES(X)                                                                                          \
  X(String, "string") X(Symbol, "symbol") X(Vector, "vector") X(Bytevector, "bytevector") X(Bignum, "bignum")          \
  X(Ratnum, "ratio") X(Multiple, "values") X(RecordType, "record type") X(Record, "record") X(Error, "error object")   \
  X(Port, "port") X(Table, "hash table") X(Ephemeron, "ephemeron") X(Environment, "environment")                       \
  X(Primitive, "procedure") X(CaseLambda, "procedure") X(Continuation, "continuation") X(Parameter, "parameter")       \
  X(Code, "code") X(Segment, "segment") X(StackPart, "stack") /* what only the interpreter sees, and its keywords: */  \
  X(Macro, "macro") X(SpecialForm, "keyword") X(Alias, "identifier") X(Scope, "scope") X(Local, "variable")
// clang-format on

enum class Type : std::uint32_t {
#define MEMGC_SCHEME_ENUM(name, text) k##name,
  MEMGC_SCHEME_TYPES(MEMGC_SCHEME_ENUM)
#undef MEMGC_SCHEME_ENUM
};

inline const char* type_name(Type type) {
#define MEMGC_SCHEME_NAME(name, text) text,
  static constexpr const char* kNames[] = {MEMGC_SCHEME_TYPES(MEMGC_SCHEME_NAME)};
#undef MEMGC_SCHEME_NAME
  return kNames[static_cast<std::size_t>(type)];
}

struct Pair {
  Slot car, cdr;
  static constexpr auto fields = memgc::fields(&Pair::car, &Pair::cdr);
};

struct Flonum {
  double value;
};

/// A variable that is assigned to somewhere: shared by all closures and all copies of the frame that hold it.
struct Box {
  Slot value;
  static constexpr auto fields = memgc::fields(&Box::value);
};

/// The two words that every object behind kObjectTag starts with.
struct Object {
  explicit Object(Type t, std::uint32_t extra = 0) : type_word(static_cast<std::uint32_t>(t) << 1), aux(extra) {}
  Type type() const { return static_cast<Type>(type_word >> 1); }

  std::size_t count = 0;    // of an array: its elements, the type word among them
  std::uint32_t type_word;  // Type, shifted: even
  std::uint32_t aux;        // sign of a bignum, flags: what a type likes
};

constexpr std::uintptr_t head_word(Type type, std::uint32_t aux = 0) {
  return static_cast<std::uintptr_t>(type) << 1 | static_cast<std::uintptr_t>(aux) << 32;
}

/// An object of `N` slots behind its type word: what Array<Slot> of N + 1 looks like, but made on memgc's inline path.
template <std::size_t N>
struct Block {
  std::size_t count = N + 1;
  std::uintptr_t head = 0;
  Slot slots[N];
  static constexpr auto fields = memgc::fields(&Block::slots);
};

/// In a Symbol's aux: 1 + its index in kInlines, or 0; whether it is part of the language.
inline constexpr std::uint32_t kInlineMask = 0xff, kStandardSymbol = 0x100;

struct Symbol : Object {
  static constexpr Type kType = Type::kSymbol;
  explicit Symbol(Value text) : Object(kType), name(text), value(kUndefined) {}
  Slot name;
  Slot value;  // the global variable, macro or special form of this name
  static constexpr auto fields = memgc::fields(&Symbol::name, &Symbol::value);
};

struct Ratnum : Object {
  Ratnum(Value n, Value d) : Object(Type::kRatnum), numerator(n), denominator(d) {}
  Slot numerator, denominator;
  static constexpr auto fields = memgc::fields(&Ratnum::numerator, &Ratnum::denominator);
};

class Args;
struct Primitive : Object {
  using Function = Value (*)(Args& args);
  Primitive(const char* n, int least, int most, Function f, std::uint32_t control)
      : Object(Type::kPrimitive, control), name(n), function(f), min(least), max(most) {}
  const char* name;   // a literal
  Function function;  // null when aux names a Control, which the run loop does itself
  int min, max;       // argument counts; max -1: any
};

/// An instruction. Layout of a frame, operands: instructions.h.
struct Instruction {
  std::uint16_t op, a, b, c;
};

struct Code : Object {
  Code() : Object(Type::kCode) {}
  memgc::Member<memgc::Array<Instruction>> instructions;
  memgc::Member<memgc::Array<std::uint32_t>> lines;  // of each instruction
  Slot name, file;                                   // symbol or #f; string
  int required = 0, free_count = 0;
  bool rest = false;
  static constexpr auto fields = memgc::fields(&Code::instructions, &Code::lines, &Code::name, &Code::file);
};

/// A view of a closure (a Block or an Array<Slot>). `constants` is an Array<Slot> whose element 1 is the Code.
struct Closure {
  std::size_t count;
  const Instruction* entry;  // inside the Code's instructions: even, so never taken for a pointer
  Slot constants;
  Slot* free() { return &constants + 1; }
};

/// A part of the stack that was moved to the heap: `length` words of `segment`, resumed at `pc` with a value.
struct StackPart : Object {
  StackPart(Value s, std::size_t n, const Instruction* resume, Value below, std::size_t words)
      : Object(Type::kStackPart), segment(s), length(n), pc(resume), parent(below), total(words) {}
  Slot segment;
  std::size_t length;
  const Instruction* pc;  // kept alive by the closure in the segment's top frame
  Slot parent;            // StackPart or kFalse
  std::size_t total;      // words in this part and all below it
  static constexpr auto fields = memgc::fields(&StackPart::segment, &StackPart::parent);
};

struct Continuation : Object {
  static constexpr Type kType = Type::kContinuation;
  Continuation(Value s, Value h, Value w) : Object(Type::kContinuation), stack(s), handlers(h), winders(w) {}
  Slot stack, handlers, winders;
  static constexpr auto fields = memgc::fields(&Continuation::stack, &Continuation::handlers, &Continuation::winders);
};

struct Parameter : Object {
  static constexpr Type kType = Type::kParameter;
  Parameter(Value v, Value c) : Object(Type::kParameter), value(v), converter(c) {}
  Slot value, converter;
  static constexpr auto fields = memgc::fields(&Parameter::value, &Parameter::converter);
};

struct RecordType : Object {
  static constexpr Type kType = Type::kRecordType;
  RecordType(Value n, Value f) : Object(Type::kRecordType), name(n), field_names(f) {}
  Slot name, field_names;  // symbol, list of symbols
  static constexpr auto fields = memgc::fields(&RecordType::name, &RecordType::field_names);
};

enum class ErrorKind : std::uint32_t { kPlain, kRead, kFile };

struct ErrorObject : Object {
  static constexpr Type kType = Type::kError;
  ErrorObject(ErrorKind kind, Value m, Value i)
      : Object(Type::kError, static_cast<std::uint32_t>(kind)), message(m), irritants(i), position(kFalse) {}
  Slot message, irritants, position;  // string, list, "file:line" or #f
  static constexpr auto fields = memgc::fields(&ErrorObject::message, &ErrorObject::irritants, &ErrorObject::position);
};

struct Port : Object {
  static constexpr Type kType = Type::kPort;
  enum Flag : std::uint32_t { kInput = 1, kOutput = 2, kTextual = 4, kBinary = 8, kClosed = 16 };
  Port(std::uint32_t flags, Value bytes) : Object(Type::kPort, flags), buffer(bytes), name(kFalse) {}
  Slot buffer, name;                   // bytevector; string, for messages, or #f
  std::size_t position = 0, used = 0;  // next to read; end of what was written
  int descriptor = -1;                 // -1: the buffer is all there is
  std::uint32_t line = 1;              // of what is read next
  bool terminal = false, fold_case = false;
  memgc::Cleanup cleanup;  // closes the file of a port that died open
  static constexpr auto fields = memgc::fields(&Port::buffer, &Port::name);
};

/// Open addressing over one array: key, value, key, value... Addresses do not change, so they serve as hashes.
struct Table : Object {
  static constexpr Type kType = Type::kTable;
  enum Flag : std::uint32_t { kEqv = 0, kEqual = 1, kWeak = 2 };
  Table(std::uint32_t how, Value cells) : Object(Type::kTable, how), entries(cells) {}
  Slot entries;
  std::size_t used = 0;  // places that are not free; deleted entries count
  std::size_t live = 0;  // entries; of a weak table, also those that died unnoticed
  static constexpr auto fields = memgc::fields(&Table::entries);
};

/// Keeps its value for as long as something else keeps its key. memgc's ephemeron names objects; `aux` is the key's
/// tag, and the value, which may be any word, stands in a Box.
struct EphemeronObject : Object {
  static constexpr Type kType = Type::kEphemeron;
  using Cell = memgc::Ephemeron<Object, Box>;
  EphemeronObject(std::uint32_t tag, Cell* c) : Object(Type::kEphemeron, tag), cell(c) {}
  Value key() const {  // #f: both are gone
    const Object* key = cell->key();
    return key == nullptr ? kFalse : reinterpret_cast<Value>(key) | aux;
  }
  Value value() const {
    const Box* box = cell->value();
    return box == nullptr ? kFalse : box->value.get();
  }
  memgc::Member<Cell> cell;
  static constexpr auto fields = memgc::fields(&EphemeronObject::cell);
};

/// Top-level names: a table from symbol to the symbol that is the variable; #f, of the standard environment: each name
/// is its own variable. See variable() in expander.cc.
struct Environment : Object {
  static constexpr Type kType = Type::kEnvironment;
  explicit Environment(Value table) : Object(Type::kEnvironment), names(table) {}
  Slot names;
  static constexpr auto fields = memgc::fields(&Environment::names);
};

struct Macro : Object {
  Macro(Value l, Value r, Value e, Value dots)
      : Object(Type::kMacro), literals(l), rules(r), scope(e), ellipsis(dots) {}
  Slot literals, rules, scope, ellipsis;
  static constexpr auto fields = memgc::fields(&Macro::literals, &Macro::rules, &Macro::scope, &Macro::ellipsis);
};

/// An identifier that a macro's template put in: it means `id` as seen from `scope` unless something binds it.
struct Alias : Object {
  Alias(Value i, Value s) : Object(Type::kAlias), id(i), scope(s) {}
  Slot id, scope;
  static constexpr auto fields = memgc::fields(&Alias::id, &Alias::scope);
};

// --- Access ---

template <class T>
T* untag(Value v) {
  return reinterpret_cast<T*>(v & ~kTagMask);
}
inline Value tagged(const void* p, Value tag) { return reinterpret_cast<Value>(p) | tag; }
inline Value object(const void* p) { return tagged(p, kObjectTag); }

inline bool is_pair(Value v) { return (v & kTagMask) == kPairTag; }
inline bool is_flonum(Value v) { return (v & kTagMask) == kFlonumTag; }
inline bool is_closure(Value v) { return (v & kTagMask) == kClosureTag; }
inline bool is_object(Value v) { return (v & kTagMask) == kObjectTag; }
inline bool is_type(Value v, Type t) { return is_object(v) && untag<Object>(v)->type() == t; }
inline bool is_string(Value v) { return is_type(v, Type::kString); }
inline bool is_symbol(Value v) { return is_type(v, Type::kSymbol); }
inline bool is_vector(Value v) { return is_type(v, Type::kVector); }
inline bool is_bytevector(Value v) { return is_type(v, Type::kBytevector); }

inline Value car(Value v) { return untag<Pair>(v)->car; }
inline Value cdr(Value v) { return untag<Pair>(v)->cdr; }
inline Value cadr(Value v) { return car(cdr(v)); }
inline Value cddr(Value v) { return cdr(cdr(v)); }
inline double flonum_value(Value v) { return untag<Flonum>(v)->value; }
inline Closure* closure(Value v) { return untag<Closure>(v); }

/// The slots of a vector, record, multiple value or case-lambda, behind the type word.
inline Slot* slots(Value v) { return reinterpret_cast<Slot*>(untag<char>(v) + sizeof(Object)); }
inline std::size_t slot_count(Value v) { return untag<Object>(v)->count - 1; }
inline char32_t* chars(Value v) { return reinterpret_cast<char32_t*>(untag<char>(v) + sizeof(Object)); }
inline std::size_t string_length(Value v) { return untag<Object>(v)->count - 2; }
inline std::uint8_t* bytes(Value v) { return reinterpret_cast<std::uint8_t*>(untag<char>(v) + sizeof(Object)); }
inline std::size_t bytevector_length(Value v) { return untag<Object>(v)->count - 8; }

inline Code* code_of(Value closure_value) { return untag<Code>(slots(closure(closure_value)->constants)[0]); }

}  // namespace scheme
