// Job: making objects, the symbol table, errors, compiling and running texts; see vm.h.
#include "vm.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>

#include "compiler.h"
#include "number.h"
#include "reader.h"

namespace scheme {
namespace {

/// Where recursion in C++ must stop: this thread's stack, but for a reserve.
char* native_stack_limit() {
  pthread_attr_t attributes;
  void* low = nullptr;
  std::size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return nullptr;
  pthread_attr_getstack(&attributes, &low, &size);
  pthread_attr_destroy(&attributes);
  return static_cast<char*>(low) + std::min<std::size_t>(size / 4, 256 * 1024);
}

}  // namespace

Vm::Vm(memgc::Mutator& mutator)
    : me(mutator),
      stack_(new Value[kStackWords + kStackSlack]),
      top_(stack_.get()),
      fp_(stack_.get() + 2),
      limit_(stack_.get() + kStackWords),
      stack_roots_(stack_.get(), &top_, &Values::pointer),
      register_roots_(&registers_[0], &registers_[kRegisters], &Values::pointer),
      native_limit_(native_stack_limit()) {
  reset_stack();
  const memgc::Options options = me.heap().options();
  const std::size_t memory =
      options.memory_limit != memgc::Options::kNoLimit
          ? options.memory_limit
          : static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  max_stack_words = memory / 4 / sizeof(Value);
  symbols_ = untag<Table>(make_table(*this, Table::kEqual));
  standard_ = me.make<Environment>(kFalse);
  program_ = me.make<Environment>(make_table(*this, Table::kEqv));
  registers_[kOutOfMemory] = make<ErrorObject>(ErrorKind::kPlain, string("out of memory"), kNil);
  registers_[kKeep] = registers_[kOpenPorts] = registers_[kHandlers] = registers_[kWinders] = kNil;
  define_special_forms(*this);
  define_number_builtins(*this);
  define_data_builtins(*this);
  define_sequence_builtins(*this);
  define_port_builtins(*this);
  define_control_builtins(*this);
  define_table_builtins(*this);
  const Value prelude = read_all(text_port(*this, kPrelude, ""));
  for (Value form = prelude; form != kNil; form = cdr(form)) run(compile(car(form), standard_environment(), ""));
  const Value names = symbols_->entries;
  for (std::size_t i = 1; i < slot_count(names); i += 2) {
    Symbol* symbol = is_symbol(slots(names)[i]) ? untag<Symbol>(slots(names)[i]) : nullptr;
    if (symbol != nullptr && symbol->value != kUndefined) symbol->aux |= kStandardSymbol;
  }
}

Vm::~Vm() { flush_all(); }

// --- Objects ---

namespace {

template <std::size_t N>
Value small_block(Vm& vm, Type type, std::uint32_t aux, Value fill) {
  auto* block = vm.me.make<Block<N>>();
  block->head = head_word(type, aux);
  if (fill != 0) {
    for (Slot& slot : block->slots) slot = fill;
  }
  return object(block);
}

}  // namespace

Value Vm::make_slots(Type type, std::size_t n, Value fill, std::uint32_t aux) {
  // The sizes that records and small vectors have go through memgc's inline path.
  static constexpr decltype(&small_block<1>) kSmall[] = {small_block<1>, small_block<2>, small_block<3>,
                                                         small_block<4>, small_block<5>, small_block<6>};
  if (n - 1 < std::size(kSmall)) return kSmall[n - 1](*this, type, aux, fill);
  auto* array = me.make_array<Slot>(n + 1);
  (*array)[0] = head_word(type, aux);
  if (fill != 0) {
    for (std::size_t i = 1; i <= n; ++i) (*array)[i] = fill;
  }
  return object(array);
}

Value Vm::make_closure(Value constants, const Instruction* entry, std::size_t n) {
  // Closure's entry stands where an object has its type word; its constants and captures are slots.
  Value v = make_slots(Type::kVector, n + 1, 0);
  v = v - kObjectTag + kClosureTag;
  closure(v)->entry = entry;
  closure(v)->constants = constants;
  return v;
}

Value Vm::make_string(std::size_t n, char32_t fill) {
  auto* array = me.make_array<char32_t>(n + 2);
  (*array)[0] = static_cast<char32_t>(head_word(Type::kString));
  if (fill != 0) std::fill(array->begin() + 2, array->end(), fill);
  return object(array);
}

Value Vm::string(std::string_view utf8) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < utf8.size(); ++n) next_utf8(utf8, i);
  const Value v = make_string(n, 0);
  for (std::size_t i = 0, k = 0; i < utf8.size(); ++k) chars(v)[k] = next_utf8(utf8, i);
  return v;
}

Value Vm::string(const char32_t* text, std::size_t n) {
  const Value v = make_string(n, 0);
  std::copy(text, text + n, chars(v));
  return v;
}

Value Vm::bytevector(std::size_t n, std::uint8_t fill) {
  auto* array = me.make_array<std::uint8_t>(n + 8);
  const Value v = object(array);
  untag<Object>(v)->type_word = static_cast<std::uint32_t>(head_word(Type::kBytevector));
  std::fill(bytes(v), bytes(v) + n, fill);
  return v;
}

Value Vm::vector(Value list) {
  const Value v = make_slots(Type::kVector, list_length(list), 0);
  for (std::size_t i = 0; list != kNil; list = cdr(list)) slots(v)[i++] = car(list);
  return v;
}

Value Vm::list_of(Value vector) {
  Value v = kNil;
  for (std::size_t i = slot_count(vector); i > 0; --i) v = cons(slots(vector)[i - 1], v);
  return v;
}

Value Vm::values(std::span<const Value> items) {
  if (items.size() == 1) return items[0];
  const Value v = make_slots(Type::kMultiple, items.size(), 0);
  for (std::size_t i = 0; i < items.size(); ++i) slots(v)[i] = items[i];
  return v;
}

std::string Vm::utf8(Value v) const {
  if (is_symbol(v)) v = untag<Symbol>(v)->name;
  std::string out;
  for (std::size_t i = 0; i < string_length(v); ++i) append_utf8(out, chars(v)[i]);
  return out;
}

Value Vm::symbol(std::string_view utf8) { return intern(string(utf8)); }

Value Vm::intern(Value name) {
  Value symbol = table_get(*this, symbols(), name, kFalse);
  if (symbol != kFalse) return symbol;
  const Value copy = string(chars(name), string_length(name));
  symbol = make<Symbol>(copy);
  table_set(*this, symbols(), copy, symbol);
  return symbol;
}

void Vm::define_primitive(std::string_view name, int min, int max, Primitive::Function f, std::uint32_t control) {
  const Value primitive = make<Primitive>(names_.emplace_back(name).c_str(), min, max, f, control);
  Symbol* s = untag<Symbol>(symbol(name));
  s->value = primitive;
  for (std::size_t i = 0; i < std::size(kInlines); ++i) {
    if (kInlines[i].name == name) s->aux = static_cast<std::uint32_t>(i) + 1;
  }
}

// --- Errors ---

void Vm::raise(Value payload) {
  registers_[kPending] = payload;
  throw SchemeThrow{};
}

void Vm::error(std::string_view message, Value irritants, ErrorKind kind) {
  const Value text = string(message);
  const Value e = make<ErrorObject>(kind, text, irritants);
  const Value where = position();
  untag<ErrorObject>(e)->position = where;
  raise(e);
}

void Vm::wrong_type(const std::string& expected, Value got) {
  error(std::string(who) + ": expected " + expected + ", got", list({got}));
}

void Vm::syntax_error(std::string_view message, Value form, std::string_view file, std::uint32_t line, ErrorKind kind) {
  std::string text(message);
  if (form != kUndefined && form != kNil) {
    std::string shown = to_text(*this, form);
    if (shown.size() > 100) shown = shown.substr(0, 100) + " ...";
    text += " in " + shown;
  }
  const Value e = make<ErrorObject>(kind, string(text), kNil);
  if (line != 0 && !file.empty()) {
    const Value where = string(std::string(file) + ":" + std::to_string(line));
    untag<ErrorObject>(e)->position = where;
  }
  raise(e);
}

void Vm::guard_native_stack(const char* what) {
  me.safepoint();
  char here;
  if (&here < native_limit_) error(std::string(what) + ": nested too deeply");
}

std::string Vm::describe_error(Value payload) {
  if (!is_type(payload, Type::kError)) return "uncaught exception: " + to_text(*this, payload);
  const ErrorObject* e = untag<ErrorObject>(payload);
  std::string text = e->position == kFalse ? "" : utf8(e->position) + ": ";
  text += to_text(*this, e->message, PrintMode::kDisplay);
  for (Value i = e->irritants; is_pair(i); i = cdr(i)) text.append(" ").append(to_text(*this, car(i)));
  return text;
}

// --- Texts ---

Value Vm::compile(Value form, Value env, std::string_view file) {
  Expander expander(*this, file);
  try {
    memgc::Root<Node> tree(expander.top_level(form, env));
    return generate(*this, tree, file.empty() ? kFalse : string(file));
  } catch (const SchemeThrow&) {
    auto* e = untag<ErrorObject>(registers_[kPending]);
    if (e->position == kFalse && !file.empty())
      e->position = string(std::string(file) + ":" + std::to_string(expander.line()));
    throw;
  }
}

Value Vm::read_all(Value port) {
  Reader reader(*this, untag<Port>(port), &lines);
  Value first = kNil, last = kNil;
  for (Value form = reader.read(); form != kEof; form = reader.read()) {
    const Value cell = cons(form, kNil);
    if (first == kNil) {
      first = cell;
      registers_[kKeep] = cons(first, registers_[kKeep]);
    } else {
      untag<Pair>(last)->cdr = cell;
    }
    last = cell;
  }
  return first;
}

Value Vm::read_file(const std::string& path) { return read_all(file_port(*this, path, kTextIn)); }

void Vm::run_forms(Value forms, std::string_view file) {
  const Value quoted = list({symbol("quote"), forms}), path = string(file);
  run(compile(list({symbol("%run-forms"), quoted, program_environment(), path}), standard_environment(), ""));
  registers_[kKeep] = kNil;
  lines.clear();
}

}  // namespace scheme
