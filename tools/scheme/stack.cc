// Job: the stack's meeting with the heap: deep recursion, continuations, apply, raising; and walks over frames.
//
// How. The stack is a fixed area. When it overflows, or call/cc wants it, all its frames move into one managed segment
// behind a StackPart, and the stack goes on empty; a return from the bottom frame brings a few frames of the last part
// back
// ("stack/heap" in Clinger, Hartheimer and Ost, "Implementation strategies for first-class continuations", 1999). So
// recursion is bounded by the heap, and a capture costs what was pushed since the last one. Segments are never written
// again: a part may be resumed any number of times.
//
//   stack_[0..2]  the bottom's own frame: two header words, and the register that receives the last value
//   stack_[3..]   frames; the first one's return address is kBottom + 1, whose instruction is kUnderflow
#include <bit>
#include <new>

#include "builtin.h"
#include "machine.h"

namespace scheme {
namespace {

constexpr Instruction kBottom[2] = {{static_cast<std::uint16_t>(Op::kCall), 1, 0, 0},
                                    {static_cast<std::uint16_t>(Op::kUnderflow), 0, 0, 0}};
constexpr std::size_t kReturnedWords = 512;  // brought back at once, if frames are small

Value bottom_address() { return std::bit_cast<Value>(&kBottom[1]); }
const Instruction* address(Value word) { return std::bit_cast<const Instruction*>(word); }

bool in_code(Value callee, const Instruction* pc) {
  if (!is_closure(callee)) return false;
  const Code* code = code_of(callee);
  return pc > code->instructions->begin() && pc <= code->instructions->end();
}

}  // namespace

void Vm::reset_stack() {
  registers_[kUnderflow] = kFalse;
  registers_[kHandlers] = registers_[kWinders] = kNil;
  stack_[0] = stack_[1] = stack_[2] = 0;
  fp_ = top_ = bottom() + 2;
  fp_[-2] = bottom_address();
  fp_[-1] = 0;
  pc_ = nullptr;
  pending_arguments_ = 0;
}

Value Vm::run(Value thunk) {
  reset_stack();
  fp_[-1] = thunk;
  limit_.store(stack_.get() + kStackWords, std::memory_order_relaxed);
  for (;;) {
    try {
      const Value result = execute();
      reset_stack();
      return result;
    } catch (const SchemeThrow&) {
      begin_raise();
    } catch (const std::bad_alloc&) {
      top_ = fp_;
      registers_[kPending] = registers_[kOutOfMemory];
      begin_raise();
    }  // Uncaught, Interrupted and Exit go on to the caller, who may still want a backtrace
  }
}

/// The frame under way, which has failed, is replaced by a call of %raise: nothing returns into it.
void Vm::begin_raise() {
  const Value handler = untag<Symbol>(symbol("%raise"))->value;
  if (!is_closure(handler)) throw Uncaught{};
  fp_[-1] = handler;
  fp_[0] = registers_[kPending];
  top_ = fp_ + 1;
  pc_ = nullptr;
  pending_arguments_ = 1;
}

/// Moves [bottom(), end) to the heap; `resume` is where its last frame goes on. REQUIRES: top_ covers what must live.
void Vm::capture(Value* end, const Instruction* resume) {
  const auto words = static_cast<std::size_t>(end - bottom());
  if (words == 0) return;
  const Value parent = registers_[kUnderflow];
  const std::size_t below = parent == kFalse ? 0 : untag<StackPart>(parent)->total;
  const Value segment = make_slots(Type::kSegment, words, 0);
  for (std::size_t i = 0; i < words; ++i) slots(segment)[i] = bottom()[i];
  registers_[kUnderflow] = make<StackPart>(segment, words, resume, parent, below + words);
}

void Vm::overflow(std::size_t nargs) {
  if (limit_.load(std::memory_order_relaxed) == nullptr) throw Interrupted{};
  top_ = fp_ + nargs;
  Value* frame = fp_ - 2;
  capture(frame, address(frame[0]));
  std::copy(frame, fp_ + nargs, bottom());
  fp_ = bottom() + 2;
  fp_[-2] = bottom_address();
  top_ = fp_ + nargs;
  const Value part = registers_[kUnderflow];
  if (part != kFalse && untag<StackPart>(part)->total > max_stack_words) {
    error("expected a recursion of at most " + std::to_string(max_stack_words >> 17) + " MiB of stack");
  }
}

/// Brings the topmost frames of the last part back. False: there is none. Leaves fp_ as a callee's that is to return.
bool Vm::underflow() {
  const Value part_value = registers_[kUnderflow];
  if (part_value == kFalse) return false;
  StackPart* part = untag<StackPart>(part_value);
  const Slot* words = slots(part->segment);
  std::size_t start = part->length;
  const Instruction* below = part->pc;
  do {
    start -= below[-1].a + 2u;
    below = address(words[start]);
  } while (start > 0 && part->length - start < kReturnedWords);
  const std::size_t count = part->length - start;
  for (std::size_t i = 0; i < count; ++i) bottom()[i] = words[start + i];
  bottom()[0] = bottom_address();
  top_ = bottom() + count;
  registers_[kUnderflow] =
      start == 0 ? part->parent.get()
                 : make<StackPart>(part->segment.get(), start, below, part->parent.get(), part->total - count);
  fp_ = bottom() + count + 2;
  fp_[-2] = std::bit_cast<Value>(part->pc);
  return true;
}

/// Continues at `continuation` with `value`: leaves fp_ as a callee's that is to return fp_[-1].
void Vm::throw_to(Value continuation, Value value) {
  const Continuation* k = untag<Continuation>(continuation);
  registers_[kUnderflow] = k->stack;
  registers_[kHandlers] = k->handlers;
  registers_[kWinders] = k->winders;
  fp_ = bottom() + 2;
  fp_[-2] = bottom_address();
  fp_[-1] = value;
  top_ = fp_;
}

/// The frame calls `callee` with what is below `to` and the items of `list`.
void Vm::spread(Value callee, Value* to, Value list) {
  const Value* const end = stack_.get() + kStackWords + kStackSlack - 1024;
  for (; is_pair(list); list = cdr(list)) {
    if (to >= end) error("apply: expected at most " + std::to_string(kStackSlack) + " arguments");
    *to++ = car(list);
  }
  fp_[-1] = callee;
  pending_arguments_ = static_cast<std::size_t>(to - fp_);
}

Value Vm::call_primitive(Value callee, Value* arguments, std::size_t n) {
  const Primitive* primitive = untag<Primitive>(callee);
  top_ = arguments + n;
  who = primitive->name;
  if (static_cast<int>(n) < primitive->min || n > static_cast<unsigned>(primitive->max))
    machine_arity(*this, callee, n);
  Args args(*this, arguments, n);
  return primitive->function(args);
}

/// Calls what is neither closure nor a primitive called directly. True: fp_[-1] is its value. False: fp_ and
/// pending_arguments_ describe another call.
bool Vm::invoke_special() {
  const Value callee = fp_[-1];
  const std::size_t nargs = pending_arguments_;
  if (!is_procedure(callee)) machine_not_procedure(*this, callee, kFalse);
  switch (untag<Object>(callee)->type()) {
    case Type::kPrimitive: {
      const Primitive* p = untag<Primitive>(callee);
      if (p->function != nullptr) {
        fp_[-1] = call_primitive(callee, fp_, nargs);
        return true;
      }
      who = p->name;
      if (static_cast<int>(nargs) < p->min || nargs > static_cast<unsigned>(p->max))
        machine_arity(*this, callee, nargs);
      return invoke_control(static_cast<Control>(p->aux));
    }
    case Type::kCaseLambda:
      for (std::size_t i = 0; i < slot_count(callee); ++i) {
        const Instruction* entry = closure(slots(callee)[i])->entry;
        if (static_cast<Op>(entry->op) == Op::kEntry ? entry->a == nargs : entry->a <= nargs) {
          fp_[-1] = slots(callee)[i];
          return false;
        }
      }
      machine_arity(*this, callee, nargs);
    case Type::kContinuation:
      if (untag<Continuation>(callee)->winders == registers_[kWinders]) {
        throw_to(callee, values({fp_, nargs}));
        return true;
      }
      std::copy_backward(fp_, fp_ + nargs, fp_ + nargs + 1);
      fp_[0] = callee;
      fp_[-1] = untag<Symbol>(symbol("%rewind-and-throw"))->value;
      ++pending_arguments_;
      return false;
    default:  // a parameter
      if (nargs != 0) machine_arity(*this, callee, nargs);
      fp_[-1] = untag<Parameter>(callee)->value;
      return true;
  }
}

bool Vm::invoke_control(Control what) {
  const std::size_t nargs = pending_arguments_;
  switch (what) {
    case Control::kApply: {
      const Value list = fp_[nargs - 1], callee = fp_[0];
      if (list_length(list) == SIZE_MAX) wrong_type("a list as last argument", list);
      std::copy(fp_ + 1, fp_ + nargs - 1, fp_);
      spread(callee, fp_ + nargs - 2, list);
      return false;
    }
    case Control::kApplyValues: {
      const Value results = fp_[1], callee = fp_[0];
      fp_[-1] = callee;
      pending_arguments_ = 1;
      fp_[0] = results;
      if (is_type(results, Type::kMultiple)) {
        pending_arguments_ = slot_count(results);
        for (std::size_t i = 0; i < pending_arguments_; ++i) fp_[i] = slots(results)[i];
      }
      return false;
    }
    case Control::kCallCc: {
      const Value callee = fp_[0];
      capture(fp_ - 2, pc_);
      top_ = fp_ = bottom() + 2;
      fp_[-2] = bottom_address();
      fp_[-1] = callee;
      fp_[0] = make<Continuation>(registers_[kUnderflow], registers_[kHandlers], registers_[kWinders]);
      return false;
    }
    default: {  // %throw: dynamic-wind has done its part
      const Value k = fp_[0];
      throw_to(k, values({fp_ + 1, nargs - 1}));
      return true;
    }
  }
}

/// Calls visit(closure, pc) for each frame, the latest first, until it answers false.
template <class Visit>
void Vm::walk_frames(Visit visit) const {
  const Value* fp = fp_;
  const Instruction* pc = pc_;
  if (pc != nullptr && in_code(fp[-1], pc) && !visit(fp[-1], pc)) return;
  while (address(fp[-2]) != &kBottom[1]) {
    pc = address(fp[-2]);
    fp -= pc[-1].a + 2;
    if (!visit(fp[-1], pc)) return;
  }
  for (Value p = registers_[kUnderflow]; p != kFalse; p = untag<StackPart>(p)->parent) {
    const StackPart* part = untag<StackPart>(p);
    const Slot* words = slots(part->segment);
    std::size_t start = part->length;
    pc = part->pc;
    do {
      start -= pc[-1].a + 2u;
      if (!visit(words[start + 1], pc)) return;
      pc = address(words[start]);
    } while (start > 0);
  }
}

namespace {

/// "file:line", or nothing for code of the prelude: what the user wrote is further up.
std::string place(const Vm& vm, Value callee, const Instruction* pc) {
  const Code* code = code_of(callee);
  if (!is_string(code->file)) return {};
  const auto index = static_cast<std::size_t>(pc - code->instructions->begin()) - 1;
  return vm.utf8(code->file) + ":" + std::to_string((*code->lines)[index]);
}

}  // namespace

Value Vm::position() const {
  std::string found;
  walk_frames([&](Value callee, const Instruction* pc) { return (found = place(*this, callee, pc)).empty(); });
  return found.empty() ? kFalse : const_cast<Vm*>(this)->string(found);
}

std::vector<std::string> Vm::backtrace() const {
  std::vector<std::string> frames;
  walk_frames([&](Value callee, const Instruction* pc) {
    const std::string at = place(*this, callee, pc);
    const Value name = code_of(callee)->name;
    if (!at.empty()) frames.push_back(at + (name == kFalse ? "" : ": in " + utf8(name)));
    return frames.size() < 10;
  });
  return frames;
}

// --- The run loop's slow paths ---

void machine_unbound(Vm& vm, Value symbol) {
  const Value v = untag<Symbol>(symbol)->value;
  if (v != kUndefined) vm.error("expected a variable, got the keyword " + vm.utf8(symbol));
  vm.error("unbound variable: " + vm.utf8(symbol));
}

void machine_not_procedure(Vm& vm, Value got, Value name) {
  if (name != kFalse && (got == kUndefined || is_object(got))) machine_unbound(vm, name);
  vm.error("expected a procedure to call" + (name == kFalse ? std::string() : " in " + vm.utf8(name)) + ", got",
           vm.list({got}));
}

void machine_arity(Vm& vm, Value procedure, std::size_t got) {
  std::string name = "procedure", expected = "another number of";
  const auto between = [&](int least, int most) {
    expected = (most < 0 ? "at least " : "") + std::to_string(least);
    if (most > least) expected += " to " + std::to_string(most);
  };
  if (is_closure(procedure)) {
    const Instruction* entry = closure(procedure)->entry;
    between(entry->a, static_cast<Op>(entry->op) == Op::kEntry ? entry->a : -1);
    if (is_symbol(code_of(procedure)->name)) name = vm.utf8(code_of(procedure)->name);
  } else if (is_type(procedure, Type::kPrimitive)) {
    between(untag<Primitive>(procedure)->min, untag<Primitive>(procedure)->max);
    name = untag<Primitive>(procedure)->name;
  }
  const char* arguments = expected.ends_with(" 1") || expected == "1" ? " argument" : " arguments";
  vm.error(name + ": expected " + expected + arguments + ", got " + std::to_string(got));
}

void machine_record(Vm& vm, Value got, Value type) {
  vm.error("expected a record of type " + to_text(vm, untag<RecordType>(type)->name, PrintMode::kDisplay) + ", got",
           vm.list({got}));
}

void machine_slow(Vm& vm, const char* name, std::initializer_list<Value> arguments) {
  std::vector<Value> copy(arguments);  // the run loop's registers keep them
  vm.who = name;
  Args args(vm, copy.data(), copy.size());
  untag<Primitive>(untag<Symbol>(vm.symbol(name))->value)->function(args);
}

Value machine_arithmetic(Vm& vm, Arithmetic op, Value a, Value b) {
  static constexpr const char* kNames[] = {"+", "-", "*", "/", "quotient", "remainder", "floor-quotient", "modulo"};
  vm.who = kNames[static_cast<std::size_t>(op)];
  return arithmetic(vm, op, a, b);
}

int machine_compare(Vm& vm, const char* op, Value a, Value b) {
  if (is_flonum(a) && is_flonum(b)) {
    const double x = flonum_value(a), y = flonum_value(b);
    return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
  }
  vm.who = op[0] == '=' ? "=" : op;
  return compare(vm, a, b);
}

}  // namespace scheme
