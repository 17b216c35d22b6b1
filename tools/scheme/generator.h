// Job: the state of code generation; see generator.cc.
#pragma once

#include <string>
#include <vector>

#include "compiler.h"

namespace scheme {

/// A place in the code that jumps go to, before or after it is known.
struct Label {
  int position = -1;
  std::vector<int> jumps;
};

enum class Context : std::uint8_t { kValue, kEffect, kTail };

/// One Code being made. Lives on the native stack, so that `constants` is seen there.
struct Function {
  Function* outer = nullptr;
  Node* lambda = nullptr;  // null: the top-level form
  Local* self = nullptr;   // the variable that holds this procedure for good
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
  void sequence(Node* list, int target, Context context);
  void conditional(Node* n, int target, Context context);
  void disjunction(Node* n, int target, Context context);
  void inlined(Node* n, int target, Context context);
  void call(Node* n, int target, Context context);
  void loop_call(Node* n, int target, Context context);
  void bind_let(Node* n);
  void let(Node* n, int target, Context context);
  void letrec(Node* n, int target, Context context);
  void case_lambda(Node* n, int target, Context context);
  void test(Node* n, bool sense, Label& target);
  void test_inline(Node* n, bool sense, Label& target);

  int closure(Node* lambda, int target, Local* self, std::vector<Patch>* patches);
  Value finish(Function& f, Value name);
  void load_constant(Value v, int target);
  void load_local(Node* reference, int target);
  int captured_index(Function& f, Local* local);
  void box(int reg);
  void move(int target, int source);
  int constant(Value v);

  int emit(Op op, int a = 0, int b = 0, int c = 0);
  void emit_raw(Instruction i);
  void jump(Op op, int reg, Label& target);
  void jump_short(Op op, int b, int c, Label& target);
  void bind(Label& label);
  void patch_jump(int at, int position);
  int take();  // a register
  void use(int reg);
  static int true_or_false(Op op, bool sense) { return static_cast<int>(op) + (sense ? 0 : 1); }
  static bool may_call(Node* n);
  static bool short_constant(Node* n) {
    return n->kind == NodeKind::kConstant && is_fixnum(n->value) && fixnum_value(n->value) >= -32768 &&
           fixnum_value(n->value) <= 32767;
  }

  Vm& vm_;
  Value file_;
  Function* f_ = nullptr;
  std::uint32_t line_ = 0;
};

}  // namespace scheme
