// Job: from a form to a procedure: the three passes' classes, and what they share.
//
// Invariant: a Compilation's Root keeps the tree, and through it every Local and constant that the passes name from
// their own (malloc'd) lists. Threads: the interpreter's.
#pragma once

#include <string_view>

#include "syntax_tree.h"
#include "vm.h"

namespace scheme {

/// Identifiers bound in one place of the text: an association list, and the scope around it.
struct Scope : Object {
  Scope(Value b, Value p) : Object(Type::kScope), bindings(b), parent(p) {}
  Slot bindings, parent;
  static constexpr auto fields = memgc::fields(&Scope::bindings, &Scope::parent);
};

enum class Form : std::uint32_t {
  kQuote,
  kQuasiquote,
  kLambda,
  kNamedLambda,
  kDefine,
  kSet,
  kIf,
  kBegin,
  kLet,
  kLetStar,
  kLetrec,
  kLetrecStar,
  kAnd,
  kOr,
  kWhen,
  kUnless,
  kCond,
  kCase,
  kDo,
  kCaseLambda,
  kDefineSyntax,
  kLetSyntax,
  kLetrecSyntax,
  kSyntaxError,
  kDefineRecordType,
  kDefineValues,
  kInclude,
  kIncludeCi,
  kCondExpand,
  kImport,
  kDefineLibrary,
  kTheEnvironment,
  kCount
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
  Node* lambda(Value parameters, Value body_forms, Value env, Value name);
  Node* body(Value forms, Value env);
  Node* definition(Value form, Value env);
  Node* assignment(Value form, Value env);
  Node* letrec(Value bindings, Value body_forms, Value env);
  Node* let(Value form, Value env);
  Node* named_let(Value form, Value env);
  Node* let_syntax(Value form, Value env, bool recursive);
  bool body_form(Value form, Value scope, Value& queue, Value& items);
  // expander_forms.cc
  Node* quasiquote(Value form, int depth, Value env);
  Node* cond(Value clauses, Value env);
  Node* case_form(Value form, Value env);
  Node* case_clauses(Value clauses, Local* key, Value env);
  Node* do_loop(Value form, Value env);
  Node* case_lambda(Value form, Value env);
  Value rewrite(Form which, Value form,
                Value env);  // define-values, define-record-type, include, cond-expand: to others
  Value record_definitions(Value form, Value env);
  Value value_definitions(Value form, Value env);
  Value include(Value form, bool fold_case);
  Value cond_expand(Value form, Value env);
  bool feature(Value requirement, Value env);
  // library.cc
  Node* import(Value form, Value env);
  Value import_set(Value set);  // a list of (name . variable)
  Node* library(Value form);
  void library_declarations(Value forms, Value env, ListBuilder<Node>& code, Value& exports);

  Node* node(NodeKind kind) { return vm_.me.make<Node>(kind, line_); }
  Node* constant(Value v);
  Node* reference(Local* local);
  Node* inlined(std::string_view name, Node* arguments);
  Node* global_call(const char* name, Node* arguments);
  Node* if_node(Node* test, Node* then, Node* otherwise);
  Value core(const char* name);  // an identifier that means the standard one, whatever is in scope
  Value bind(Value scope, Value id, Value denotation);
  Local* bind_local(Value scope, Value id);
  Value new_scope(Value parent) { return vm_.make<Scope>(kNil, parent); }
  bool is_keyword(Value form, const char* name, Value env);
  bool keyword_of(Value form, Value env, Value& meaning);
  Value define_target(Value id, Value env);  // the Symbol that a top-level definition defines
  void define_syntax(Value form, Value env, bool at_top);
  Value macro(Value spec, Value env);
  void require(bool good, const char* expected, Value form) {
    if (!good) fail(std::string("expected ") + expected, form);
  }
  [[noreturn]] void fail(std::string_view message, Value form);

  Vm& vm_;
  std::string_view file_;
  std::uint32_t line_ = 0;
};

/// Marks loops, boxes, homes and checks in a tree.
void analyse(Vm& vm, Node* root);

/// Generates the code of a tree; the result is a closure of no arguments.
Value generate(Vm& vm, Node* root, Value file);

/// The variable that a definition of, or an assignment to, `symbol` means in the environment of `scope`: if the name is
/// standard, one of the program's own, which starts with the standard value.
Value claim(Vm& vm, Value symbol, Value scope);

/// Before a text is compiled, for each form at its top level: claims what it defines or assigns to, so that all of the
/// text means the same by a name.
void claim_definitions(Vm& vm, Value form, Value environment);
bool is_known_library(Vm& vm, Value name);

}  // namespace scheme
