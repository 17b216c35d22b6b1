// Job: procedures, values, parameters, errors, evaluation, the process, the collector.
#include <cstdlib>

#include "builtin.h"
#include "compiler.h"

extern char** environ;  // NOLINT: POSIX wants it declared

namespace scheme {
namespace {

Value gc_stats(Vm& vm) {
  const memgc::Stats s = vm.me.heap().stats();
  const auto n = [&](std::uint64_t count) { return integer(vm, static_cast<std::int64_t>(count)); };
  const std::pair<const char*, Value> entries[] = {
      {"cycles", n(s.cycles)},
      {"forced-cycles", n(s.forced_cycles)},
      {"live-bytes", n(s.live_bytes)},
      {"heap-bytes", n(s.heap_bytes)},
      {"managed-bytes", n(s.managed_bytes)},
      {"allocated-bytes", n(s.allocated_bytes)},
      {"allocated-objects", n(s.allocated_objects)},
      {"stops", n(s.stops.count())},
      {"longest-stop-ns", n(s.stops.max())},
      {"gc-cpu-seconds", vm.flonum(s.gc_cpu_seconds)},
  };
  Value result = kNil;
  for (const auto& [name, v] : entries) result = vm.cons(vm.cons(vm.symbol(name), v), result);
  return result;
}

[[noreturn]] void leave(std::optional<Value> status) {
  const Value v = status.value_or(kTrue);
  throw Exit{v == kTrue ? 0 : is_fixnum(v) ? static_cast<int>(fixnum_value(v) & 0xff) : 1};
}

template <ErrorKind kind>
void define_error_predicate(Vm& vm, const char* name) {
  define(vm, name,
         [](Value v) { return is_type(v, Type::kError) && untag<Object>(v)->aux == static_cast<std::uint32_t>(kind); });
}

void define_errors(Vm& vm) {
  define(vm, "error", [](Vm& m, Value message, Rest irritants) {
    // A message that is no string counts as the first irritant.
    const Value text = is_string(message) ? message : m.string(to_text(m, message, PrintMode::kDisplay) + ":");
    const Value e = m.make<ErrorObject>(ErrorKind::kPlain, text, m.list(irritants));
    const Value where = m.position();
    untag<ErrorObject>(e)->position = where;
    m.raise(e);
  });
  for (const char* name : {"error-object?", "error?"})
    define(vm, name, [](Value v) { return is_type(v, Type::kError); });
  define_error_predicate<ErrorKind::kRead>(vm, "read-error?");
  define_error_predicate<ErrorKind::kFile>(vm, "file-error?");
  define(vm, "error-object-message", [](ErrorObject* e) { return e->message.get(); });
  define(vm, "error-object-irritants", [](ErrorObject* e) { return e->irritants.get(); });
  define(vm, "%handlers", [](Vm& m) { return m.reg(Vm::kHandlers); });
  define(vm, "%set-handlers!", [](Vm& m, Value v) { m.reg(Vm::kHandlers) = v; });
  define(vm, "%winders", [](Vm& m) { return m.reg(Vm::kWinders); });
  define(vm, "%set-winders!", [](Vm& m, Value v) { m.reg(Vm::kWinders) = v; });
  define(vm, "%continuation-winders", [](Continuation* k) { return k->winders.get(); });
  define(vm, "%uncaught", [](Vm& m, Value v) {
    m.reg(Vm::kPending) = v;
    throw Uncaught{};
  });
}

void define_process(Vm& vm) {
  define(vm, "%exit", [](std::optional<Value> status) { leave(status); });
  define(vm, "emergency-exit", [](std::optional<Value> status) { leave(status); });
  define(vm, "command-line", [](Vm& m) {
    Value v = kNil;
    for (std::size_t i = m.command_line.size(); i > 0; --i) v = m.cons(m.string(m.command_line[i - 1]), v);
    return v;
  });
  define(vm, "get-environment-variable", [](Vm& m, String name) {
    const char* text = std::getenv(m.utf8(name.value).c_str());
    return text == nullptr ? kFalse : m.string(text);
  });
  define(vm, "get-environment-variables", [](Vm& m) {
    Value v = kNil;
    for (char** e = environ; *e != nullptr; ++e) {
      const std::string_view entry(*e);
      const std::size_t equals = std::min(entry.find('='), entry.size() - 1);
      const Value name = m.string(entry.substr(0, equals));
      v = m.cons(m.cons(name, m.string(entry.substr(equals + 1))), v);
    }
    return v;
  });
  define(vm, "gc", [](Vm& m) { m.me.heap().collect(); });
  define(vm, "gc-stats", [](Vm& m) { return gc_stats(m); });
}

}  // namespace

void define_control_builtins(Vm& vm) {
  const std::pair<const char*, Control> controls[] = {{"apply", Control::kApply},
                                                      {"call-with-current-continuation", Control::kCallCc},
                                                      {"call/cc", Control::kCallCc},
                                                      {"%apply-values", Control::kApplyValues},
                                                      {"%throw", Control::kThrow}};
  for (const auto& [name, what] : controls) {
    const int least = what == Control::kApply || what == Control::kApplyValues ? 2 : 1;
    const int most = what == Control::kCallCc ? 1 : what == Control::kApplyValues ? 2 : -1;
    vm.define_primitive(name, least, most, nullptr, static_cast<std::uint32_t>(what));
  }
  define(vm, "procedure?", [](Value v) { return is_procedure(v); });
  define(vm, "%case-lambda", [](Vm& m, Rest closures) {
    const Value v = m.make_slots(Type::kCaseLambda, closures.size(), 0);
    for (std::size_t i = 0; i < closures.size(); ++i) slots(v)[i] = closures[i];
    return v;
  });
  define(vm, "values", [](Vm& m, Rest items) { return m.values(items); });
  define(vm, "%make-parameter", [](Vm& m, Value v, Value converter) { return m.make<Parameter>(v, converter); });
  define(vm, "%parameter-converter", [](Parameter* p) { return p->converter.get(); });
  define(vm, "%parameter-value", [](Parameter* p) { return p->value.get(); });
  define(vm, "%parameter-set!", [](Parameter* p, Value v) { p->value = v; });
  define(vm, "%compile", [](Vm& m, Value form, Value env, std::optional<String> file) {
    if (!is_type(env, Type::kEnvironment)) env = m.program_environment();
    return m.compile(form, env, file ? m.utf8(file->value) : "eval");
  });
  define(vm, "%claim!", [](Vm& m, Value form, Value env) {
    claim_definitions(m, form, is_type(env, Type::kEnvironment) ? env : m.program_environment());
  });
  define(vm, "%make-environment", [](Vm& m) { return m.make<Environment>(make_table(m, Table::kEqv)); });
  define(vm, "%variable", [](Vm& m, Symbol* name, Environment* env) { return variable(m, object(name), object(env)); });
  define(vm, "%bind!", [](Vm& m, Symbol* name, Environment* env, Symbol* v) {
    if (name != v) table_set(m, env->names, object(name), object(v));
  });
  define(vm, "%standard?", [](Symbol* name) { return (name->aux & kStandardSymbol) != 0; });
  define(vm, "%symbols", [](Vm& m) { return m.symbols(); });
  define(vm, "%read-file", [](Vm& m, String path) { return m.read_file(m.utf8(path.value)); });
  for (const char* name : {"environment", "interaction-environment", "system-global-environment"}) {
    define(vm, name, [](Vm& m, Rest) { return m.program_environment(); });
  }
  define_errors(vm);
  define_process(vm);
}

}  // namespace scheme
