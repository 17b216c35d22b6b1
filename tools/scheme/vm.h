// Job: the interpreter's state, and what its parts offer each other: making objects, errors, running code, open files.
//
// How it embeds memgc: one Mutator, made by main, on which everything is allocated. What lives outside the heap and
// names objects in it is exactly this: `registers_` and the stack (two RootRanges, written with plain stores), the
// symbol table (a Root), and the locals of C++ functions, which memgc finds on the thread's stack. No Value is kept in
// a std::vector or another malloc'd place unless something here holds the same object (each such place says which).
//
// Threads: one, the one that made the Mutator; interrupt() alone may be called from a signal handler.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "instructions.h"
#include "value.h"

namespace scheme {

/// Thrown from C++ to the run loop: the object to raise is in Vm::Register::kPending.
struct SchemeThrow {};
/// Thrown out of Vm::run: nobody handled what is in kPending.
struct Uncaught {};
/// Thrown out of Vm::run: somebody pressed Ctrl-C.
struct Interrupted {};
/// Thrown out of Vm::run by (exit).
struct Exit {
  int status;
};

/// What the run loop does itself, instead of calling a function: procedures that change stack or control.
enum class Control : std::uint32_t { kNone, kApply, kCallCc, kApplyValues, kThrow };

enum class PrintMode { kDisplay, kWrite, kWriteShared, kWriteSimple };

class Vm {
 public:
  enum Register {
    kHandlers,
    kWinders,
    kPending,
    kUnderflow,
    kInput,
    kOutput,
    kError,
    kOpenPorts,
    kKeep,
    kOutOfMemory,
    kRegisters
  };
  /// Words that a stack may hold before its frames are moved to the heap, and what an `apply` may add to that.
  static constexpr std::size_t kStackWords = 32 * 1024, kStackSlack = 1024 * 1024;

  explicit Vm(memgc::Mutator& mutator);
  ~Vm();
  Vm(const Vm&) = delete;
  Vm& operator=(const Vm&) = delete;

  memgc::Mutator& me;

  // --- Making objects: each a safepoint; arguments stay alive across it, being on this thread's stack ---
  Value cons(Value a, Value d) { return tagged(me.make<Pair>(a, d), kPairTag); }
  Value flonum(double d) { return tagged(me.make<Flonum>(d), kFlonumTag); }
  template <class T, class... A>
  Value make(A... a) {
    return object(me.make<T>(a...));
  }
  Value make_slots(Type type, std::size_t n, Value fill, std::uint32_t aux = 0);  // vector, record, ...
  Value make_closure(Value constants, const Instruction* entry, std::size_t n);
  Value make_string(std::size_t n, char32_t fill);
  Value string(std::string_view utf8);
  Value string(const char32_t* text, std::size_t n);
  Value bytevector(std::size_t n, std::uint8_t fill);
  Value symbol(std::string_view utf8);
  Value intern(Value name);  // a string; the symbol keeps it
  Value uninterned(Value name) { return make<Symbol>(name); }
  Value list(std::span<const Value> items) {
    Value v = kNil;
    for (std::size_t i = items.size(); i > 0; --i) v = cons(items[i - 1], v);
    return v;
  }
  Value list(std::initializer_list<Value> items) { return list(std::span(items.begin(), items.size())); }
  Value vector(Value list);
  Value list_of(Value vector);
  Value values(std::span<const Value> items);  // one value is itself
  std::string utf8(Value string_or_symbol) const;

  Value symbols() const { return object(symbols_.get()); }  // a table: from name to symbol

  // --- Errors ---
  [[noreturn]] void raise(Value payload);
  [[noreturn]] void error(std::string_view message, Value irritants = kNil, ErrorKind kind = ErrorKind::kPlain);
  [[noreturn]] void wrong_type(const std::string& expected, Value got);  // "car: expected a pair, got 5"
  [[noreturn]] void syntax_error(std::string_view message, Value form, std::string_view file, std::uint32_t line,
                                 ErrorKind kind = ErrorKind::kPlain);
  Value position() const;  // "file:line" of the instruction under way, or #f
  /// For recursive C++: answers the collector, and refuses to go further when the native stack runs short ("equal?:
  /// nested too deeply").
  void guard_native_stack(const char* what);
  std::string describe_error(Value payload);  // what the user sees
  std::vector<std::string> backtrace() const;

  // --- Running ---
  /// Calls a procedure of no arguments on an empty stack. Throws Uncaught, Interrupted or Exit.
  Value run(Value thunk);
  /// Compiles one top-level form to a procedure of no arguments.
  Value compile(Value form, Value environment, std::string_view file);
  /// The forms of a text or of a file, entered in `lines`.
  Value read_all(Value port);
  Value read_file(const std::string& path);
  /// Runs such forms, of which `file` is the origin, in one run: a continuation caught in one has those behind it as
  /// its future.
  void run_forms(Value forms, std::string_view file);
  void interrupt() noexcept { limit_.store(nullptr, std::memory_order_relaxed); }
  bool interrupted() const noexcept { return limit_.load(std::memory_order_relaxed) == nullptr; }
  void define_primitive(std::string_view name, int min, int max, Primitive::Function f, std::uint32_t control = 0);

  Value& reg(Register r) { return registers_[r]; }
  /// Where the language's names are, which nothing a program does can change; and the program's, which are those until
  /// it defines or assigns to one, which gives it a variable of its own.
  Value standard_environment() const { return object(standard_.get()); }
  Value program_environment() const { return object(program_.get()); }
  const char* who = "";  // the primitive under way, for messages
  std::vector<std::string> command_line;
  std::size_t max_stack_words = 0;  // in all StackParts of the running program

  void flush_all();  // of all output files
  /// Set by the dialogue on a terminal: the next line typed, with its newline; empty at the end.
  std::function<std::string()> terminal_line;

  // --- Source positions of the text being compiled: the line of each list that the reader made. Its keys are kept
  // alive by kKeep, which holds the forms.
  std::unordered_map<Value, std::uint32_t> lines;

 private:
  Value execute();     // machine.cc
  void reset_stack();  // stack.cc
  void begin_raise();
  void capture(Value* end, const Instruction* resume);
  void overflow(std::size_t nargs);
  bool underflow();
  Value call_primitive(Value primitive, Value* arguments, std::size_t n);
  bool invoke_special();
  bool invoke_control(Control what);
  void throw_to(Value continuation, Value value);
  void spread(Value callee, Value* to, Value list);
  template <class Visit>
  void walk_frames(Visit visit) const;
  Value* bottom() const { return stack_.get() + 3; }

  std::unique_ptr<Value[]> stack_;
  Value* top_;                         // end of what lives on the stack: exact whenever a safepoint is near
  Value* fp_;                          // of the frame under way, while C++ is called from the run loop
  const Instruction* pc_ = nullptr;    // null, for execute(): invoke what fp_[-1] holds
  std::size_t pending_arguments_ = 0;  // of that
  std::atomic<Value*> limit_;          // null: interrupted
  Value registers_[kRegisters] = {};
  memgc::RootRange stack_roots_;
  memgc::RootRange register_roots_;
  memgc::Root<Table> symbols_;
  memgc::Root<Environment> standard_, program_;
  std::deque<std::string> names_;  // of primitives
  char* native_limit_;
};

/// The rooms that bring primitives; each defines its own.
void define_number_builtins(Vm& vm);
void define_data_builtins(Vm& vm);
void define_sequence_builtins(Vm& vm);
void define_port_builtins(Vm& vm);
void define_control_builtins(Vm& vm);
void define_table_builtins(Vm& vm);
void define_special_forms(Vm& vm);

extern const char kPrelude[];  // prelude.scm

// --- What several rooms share ---
std::string to_text(Vm& vm, Value v, PrintMode mode = PrintMode::kWrite);
bool eqv(Value a, Value b);
bool equal(Vm& vm, Value a, Value b);
std::size_t list_length(Value v);        // SIZE_MAX: not a proper list
Value strip_syntax(Vm& vm, Value form);  // aliases back to symbols
void append_utf8(std::string& out, char32_t c);
char32_t next_utf8(std::string_view text, std::size_t& position);  // malformed bytes: U+FFFD
Value table_get(Vm& vm, Value table, Value key, Value absent);
void table_set(Vm& vm, Value table, Value key, Value value);
Value make_table(Vm& vm, std::uint32_t how);
Value make_ephemeron(Vm& vm, Value key, Value value);
Value expand_macro(Vm& vm, Macro* macro, Value form, Value scope, std::string_view file, std::uint32_t line);
Value make_macro(Vm& vm, Value spec, Value scope, std::string_view file, std::uint32_t line);
Value lookup(Vm& vm, Value identifier, Value scope);  // Local, Macro, or the Symbol that is the global variable
inline bool is_identifier(Value v) { return is_symbol(v) || is_type(v, Type::kAlias); }

// Procedure that a string or vector of Value words may be checked against.
inline bool is_procedure(Value v) {
  if (is_closure(v)) return true;
  if (!is_object(v)) return false;
  const Type t = untag<Object>(v)->type();
  return t == Type::kPrimitive || t == Type::kCaseLambda || t == Type::kContinuation || t == Type::kParameter;
}

}  // namespace scheme
