// Job: from a form to a procedure: the tree between the two passes, and the first of them.
//
//   expander   macros away; identifiers become Locals and global Symbols; what is a loop, and what needs a box, is
//   known
//              when a letrec is complete
//   generator  turns each Lambda into Code
//
// Invariant: a Root in Vm::compile keeps the tree, and through it every Local and constant that the generator names
// from its own (malloc'd) lists; lists of nodes are linked through `next`. Threads: the interpreter's.
#pragma once

#include <string_view>

#include "vm.h"

namespace scheme {

struct Node;

struct Local : Object {
  explicit Local(Value n) : Object(Type::kLocal), name(n) {}
  Slot name;                      // identifier, for messages
  memgc::Member<Local> next;      // in the parameter or binding list
  memgc::Member<Node> init;       // of a letrec binding
  bool assigned = false;          // lives in a box: somewhere a set!, or used before its letrec has come to its init
  bool checked = false;           // of the latter kind: a reference may come too early
  bool looped = false;            // a procedure that is only ever jumped to: needs no closure and no register
  bool started = true;            // generator: false while its closure is yet to be made
  int references = 0, calls = 0;  // calls: those references that are operators
  int reg = -1;                   // generator: its register in home's frame
  const void* home = nullptr;     // generator: the Function whose frame holds it
  static constexpr auto fields = memgc::fields(&Local::name, &Local::next, &Local::init);
};

enum class NodeKind : std::uint8_t {
  kConstant,   // value
  kReference,  // local
  kGlobal,     // value: symbol
  kSetLocal,   // local, a
  kSetGlobal,  // value: symbol, a; flag: defines it
  kIf,         // a, b, c
  kSequence,   // list b
  kOr,         // list b
  kCall,       // a, list b
  kInline,     // number: index into kInlines; list b
  kLambda,     // local: the first of the parameters, number: required; flag: rest; a: body; value: name
  kLet,        // local: the first, list b of inits, a: body
  kLetrec      // local: the first, each with its init; a: body
};

struct Node {
  NodeKind kind;
  bool flag = false;
  std::uint32_t line = 0;
  int number = 0;
  int label = -1, base = -1;  // generator, of a looped kLambda: where its code is, and its first parameter's register
  Slot value;
  memgc::Member<Node> a, b, c, next;
  memgc::Member<Local> local;
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
  T *first_ = nullptr, *last_ = nullptr;
};

inline int node_count(const Node* list) {
  int n = 0;
  for (; list != nullptr; list = list->next) ++n;
  return n;
}

/// Identifiers bound in one place of the text: an association list, and the scope around it.
struct Scope : Object {
  Scope(Value b, Value p) : Object(Type::kScope), bindings(b), parent(p) {}
  Slot bindings, parent;
  static constexpr auto fields = memgc::fields(&Scope::bindings, &Scope::parent);
};

/// In the order of kFormNames (expander.cc). From kBegin on: what a body or the top level looks for; kAuxiliary is else
/// and the like: nothing by itself.
enum class Form : std::uint32_t {
  kQuote,
  kQuasiquote,
  kLambda,
  kSet,
  kIf,
  kLet,
  kLetrec,
  kLetrecStar,
  kAnd,
  kOr,
  kCaseLambda,
  kLetSyntax,
  kLetrecSyntax,
  kSyntaxError,
  kField,
  kBegin,
  kDefine,
  kDefineSyntax,
  kInclude,
  kImport,
  kDefineLibrary,
  kCondExpand,
  kAuxiliary,
  kNone
};

class Expander {
 public:
  Expander(Vm& vm, std::string_view file) : vm_(vm), file_(file) {}

  Node* top_level(Value form, Value env);
  std::uint32_t line() const { return line_; }

 private:
  // expander.cc
  Node* expand(Value form, Value env);
  Node* expand_list(Value forms, Value env);  // linked through next
  Node* sequence(Value forms, Value env);
  Node* identifier(Value id, Value env, bool as_operator);
  Node* call(Value form, Value env);
  Node* special(Form which, Value form, Value env);
  Node* lambda(Value parameters, Value body_forms, Value env, Value name = kFalse);
  Node* assignment(Value form, Value env);
  Node* let(Value form, Value env);
  Node* let_node(Node* lambda, Node* inits);
  Node* quasiquote(Value form, int depth, Value env);
  Node* field(Value form, Value env);
  // expander_body.cc
  Form classify(Value& form, Value env);
  Node* body(Value forms, Value env);
  bool body_form(Value form, Value scope, Value& queue, Value& items);
  Node* letrec(Value items, Value scope, Value body_forms, bool is_body);
  Value definition(Value form, Value& init);
  Value macro(Value spec, Value env);
  void define_syntax(Value form, Value env);
  Node* let_syntax(Value form, Value env, bool recursive);
  Value include(Value form);
  bool has_feature(Value requirement);
  Value cond_expand(Value form);

  Node* node(NodeKind kind) { return vm_.me.make<Node>(kind, line_); }
  Node* list_node(NodeKind kind, Node* items);
  Node* constant(Value v);
  Node* reference(Local* local, bool as_operator = false);
  Node* inlined(std::string_view name, Node* arguments);
  Node* call_node(Node* callee, Node* arguments);
  Node* global_call(const char* name, Node* arguments);
  Node* if_node(Node* test, Node* then, Node* otherwise);
  Value bind(Value scope, Value id, Value denotation);
  Local* bind_local(Value scope, Value id);
  void name_lambda(Node* n, Value id);
  void note_line(Value form);
  Value new_scope(Value parent) { return vm_.make<Scope>(kNil, parent); }
  bool is_keyword(Value form, const char* name, Value env);
  void require(bool good, const char* expected, Value form) {
    if (!good) fail(std::string("expected ") + expected, form);
  }
  [[noreturn]] void fail(std::string_view message, Value form);

  Vm& vm_;
  std::string_view file_;
  std::uint32_t line_ = 0;
};

/// Finds the loops among the procedures of a complete letrec; see expander_body.cc.
void mark_loops(Node* letrec);

/// Generates the code of a tree; the result is a closure of no arguments.
Value generate(Vm& vm, Node* root, Value file);

/// The variable that `symbol` names in an environment. A standard name means the standard variable until the
/// environment defines it or assigns to it (`own`): from then on one of its own, which begins with the standard value.
Value variable(Vm& vm, Value symbol, Value environment, bool own = false);

/// Before a text is compiled, for each form at its top level: makes own what it defines or assigns to, so that all of
/// the text means the same by a name.
void claim_definitions(Vm& vm, Value form, Value environment);

}  // namespace scheme
