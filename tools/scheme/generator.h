// Job: the state of code generation; see generator.cc.
#pragma once

#include <string>
#include <vector>

#include "compiler.h"

namespace scheme {

/// A place in the code that jumps go to, before it is known; a jump with a short distance in `a` is entered as
/// ~position.
using Label = std::vector<int>;

enum class Context : std::uint8_t { kValue, kEffect, kTail };

/// One Code being made. Lives on the native stack, so that `constants` is seen there.
struct Function {
  Local* self = nullptr;  // the variable that holds this procedure for good
  std::vector<Instruction> code;
  std::vector<std::uint32_t> lines;
  std::vector<Local*> captured;  // the tree keeps them
  Value constants = kFalse;      // a growing vector
  std::size_t constant_count = 1;
  int next = 0, size = 0;  // the first free register; registers used at most
};

class Generator {
 public:
  Generator(Vm& vm, Value file) : vm_(vm), file_(file) {}
  Value top_level(Node* root);

 private:
  struct Patch {
    Local* closure;
    int slot;
    Local* target;
  };

  void compile(Node* n, int target, Context context);
  void compile_value(Node* n, int target) { compile(n, target, Context::kValue); }
  int operand(Node* n);
  void assignment(Node* n);
  void effects(Node* n);
  void disjunction(Node* n, int target, Context context);
  void call(Node* n, int target, Context context);
  // generator_inline.cc
  void inlined(Node* n, int target, Context context);
  void inlined_value(Node* n, int target, Context context);
  void test(Node* n, bool sense, Label& target);
  void test_inline(Node* n, bool sense, Label& target);
  // generator_binding.cc
  int closure(Node* lambda, int target, Local* self, std::vector<Patch>* patches);
  int captured_index(Local* local);
  void loop_call(Node* n, int target, Context context);
  void bind_let(Node* n);
  void bind_letrec(Node* n);
  void box_parameters(Local* list);

  Value finish(Function& f, Value name);
  void load_constant(Value v, int target);
  void load_local(Local* local, int target);
  bool in_register(const Node* n) const {
    return n->kind == NodeKind::kReference && n->local->home == f_ && !n->local->assigned;
  }
  int constant(Value v);
  void move(int target, int source);
  int emit(Op op, int a = 0, int b = 0, int c = 0);
  void emit_raw(Instruction i);
  void jump(Op op, int reg, Label& target);
  void jump_short(Op op, int b, int c, Label& target) { target.push_back(~emit(op, 0, b, c)); }
  void bind(const Label& label);
  int here() const { return static_cast<int>(f_->code.size()); }
  int take();  // a register
  void use(int reg);
  static bool may_call(const Node* n);

  Vm& vm_;
  Value file_;
  Function* f_ = nullptr;
  std::uint32_t line_ = 0;
};

}  // namespace scheme
