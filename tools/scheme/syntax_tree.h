// Job: the tree between expander and code generator, as managed objects like any other.
//
// A tree lives while one top-level form is compiled: Compilation (compiler.h) holds its root. Lists of nodes are linked
// through `next`, so that no node is ever named from malloc'd memory alone.
//
//   expander      makes nodes, resolves identifiers to Locals and global Symbols, counts references
//   analysis      decides which local procedures are mere loops, and which variables need a box or a check
//   generator     turns each Lambda into Code
#pragma once

#include "value.h"

namespace scheme {

struct Node;

struct Local : Object {
  explicit Local(Value n) : Object(Type::kLocal), name(n) {}
  Slot name;                      // identifier, for messages
  memgc::Member<Local> next;      // in the parameter or binding list
  memgc::Member<Node> home;       // the Lambda whose frame holds it (analysis)
  memgc::Member<Node> init;       // of a letrec binding
  bool assigned = false;          // somewhere a set!: lives in a box
  bool looped = false;            // a procedure that is only ever jumped to: needs no closure and no register
  bool started = true;            // analysis: false while its letrec has not come to its init
  bool unsafe = false;            // analysis: a reference from here on may come before the init has run
  int references = 0, calls = 0;  // calls: those references that are operators
  int reg = -1;                   // generator: its register in home's frame
  static constexpr auto fields = memgc::fields(&Local::name, &Local::next, &Local::home, &Local::init);
};

enum class NodeKind : std::uint8_t {
  kConstant,   // value
  kReference,  // local; flag: check that it has been initialised
  kGlobal,     // value: symbol
  kSetLocal,   // local, a
  kSetGlobal,  // value: symbol, a
  kDefine,     // value: symbol, a
  kIf,         // a, b, c
  kSequence,   // list a
  kAnd,
  kOr,          // list a
  kCall,        // a, list b
  kInline,      // number: index into kInlines; list b
  kLambda,      // locals, number: required; flag: rest; a: body; value: name
  kCaseLambda,  // list a of kLambda
  kLet,         // locals, list b of inits, a: body
  kLetrec       // locals, each with its init, a: body
};

struct Node {
  NodeKind kind;
  bool flag = false;
  bool looped = false;  // kLambda: see Local::looped
  std::uint32_t line = 0;
  int number = 0;
  int label = -1, base = -1;  // generator, of a looped kLambda: where its code is, and its first parameter's register
  Slot value;
  memgc::Member<Node> a, b, c, next;
  memgc::Member<Local> local;  // the variable, or the first of the locals
  static constexpr auto fields = memgc::fields(&Node::value, &Node::a, &Node::b, &Node::c, &Node::next, &Node::local);

  Node(NodeKind k, std::uint32_t l) : kind(k), line(l) {}
};

/// Appends to a list linked through `next`.
template <class T>
class ListBuilder {
 public:
  void add(T* item) {
    if (last_ == nullptr) {
      first_ = item;
    } else {
      last_->next = item;
    }
    last_ = item;
  }
  T* first() const { return first_; }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
};

inline int node_count(const Node* list) {
  int n = 0;
  for (; list != nullptr; list = list->next) ++n;
  return n;
}

}  // namespace scheme
