// Job: procedures, values, parameters, promises, errors, evaluation, the process, the collector.
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

#include "compiler.h"
#include "number.h"
#include "reader.h"

extern char** environ;  // NOLINT: POSIX wants it declared

namespace scheme {
namespace {

ErrorObject* error_argument(const Args& x) { return untag<ErrorObject>(x.of(0, Type::kError, "an error object")); }
Promise* promise(const Args& x, std::size_t i) { return untag<Promise>(x.of(i, Type::kPromise, "a promise")); }

template <ErrorKind kind>
Value is_error_kind(Args& x) {
  return boolean(is_type(x[0], Type::kError) && untag<Object>(x[0])->aux == static_cast<std::uint32_t>(kind));
}

/// (error message irritant ...): a message that is no string counts as the first irritant.
Value signal_error(Args& x) {
  Value irritants = kNil;
  const bool plain = is_string(x[0]);
  for (std::size_t i = x.size(); i > 1; --i) irritants = x.vm.cons(x[i - 1], irritants);
  const Value message =
      plain ? x[0] : x.vm.string(to_text(x.vm, x[0], PrintMode::kDisplay) + (irritants == kNil ? "" : ":"));
  const Value e = x.vm.make<ErrorObject>(ErrorKind::kPlain, message, irritants);
  const Value where = x.vm.position();
  untag<ErrorObject>(e)->position = where;
  x.vm.raise(e);
}

Value read_file_forms(Args& x) {
  const std::string path = x.vm.utf8(x.string(0));
  std::ifstream in(path, std::ios::binary);
  if (!in) x.vm.error("load: cannot open " + path, x.vm.list({x[0]}), ErrorKind::kFile);
  std::stringstream text;
  text << in.rdbuf();
  const std::string contents = text.str();
  TextSource source(contents);
  Reader reader(x.vm, source, path, &x.vm.lines);
  Value reversed = kNil, forms = kNil;
  for (Value v = reader.read_all_of(); v != kEof; v = reader.read_all_of()) {
    claim_definitions(x.vm, v, x.vm.program_environment());
    reversed = x.vm.cons(v, reversed);
  }
  for (; reversed != kNil; reversed = cdr(reversed)) forms = x.vm.cons(car(reversed), forms);
  return forms;
}

/// (%compile form environment [file])
Value compile_form(Args& x) {
  const Value env = x.has(1) && is_type(x[1], Type::kEnvironment) ? x[1] : x.vm.program_environment();
  claim_definitions(x.vm, x[0], env);
  return x.vm.compile(x[0], env, x.has(2) ? x.vm.utf8(x.string(2)) : "eval");
}

Value gc_stats(Args& x) {
  const memgc::Stats s = x.vm.me.heap().stats();
  Value result = kNil;
  const auto add_entry = [&](const char* name, Value v) {
    result = x.vm.cons(x.vm.cons(x.vm.symbol(name), v), result);
  };
  const auto count = [&](const char* name, std::uint64_t n) {
    add_entry(name, integer(x.vm, static_cast<std::int64_t>(n)));
  };
  add_entry("gc-cpu-seconds", x.vm.flonum(s.gc_cpu_seconds));
  count("longest-stop-ns", s.stops.max());
  count("stops", s.stops.count());
  count("allocated-objects", s.allocated_objects);
  count("allocated-bytes", s.allocated_bytes);
  count("managed-bytes", s.managed_bytes);
  count("heap-bytes", s.heap_bytes);
  count("live-bytes", s.live_bytes);
  count("forced-cycles", s.forced_cycles);
  count("cycles", s.cycles);
  return result;
}

int exit_status(const Args& x) {
  if (!x.has(0) || x[0] == kTrue) return 0;
  return is_fixnum(x[0]) ? static_cast<int>(fixnum_value(x[0]) & 0xff) : 1;
}

const PrimitiveDefinition kControlPrimitives[] = {
    {"procedure?", 1, 1, [](Args& x) { return boolean(is_procedure(x[0])); }},
    {"%case-lambda", 0, -1,
     [](Args& x) {
       const Value v = x.vm.make_slots(Type::kCaseLambda, x.size(), 0);
       for (std::size_t i = 0; i < x.size(); ++i) slots(v)[i] = x[i];
       return v;
     }},
    {"values", 0, -1,
     [](Args& x) {
       return x.vm.values({x.begin(), x.size()});
     }},
    {"void", 0, -1, [](Args&) { return kUnspecified; }},
    {"default-object?", 1, 1, [](Args& x) { return boolean(x[0] == kUndefined); }},
    {"%make-parameter", 2, 2, [](Args& x) { return x.vm.make<Parameter>(x[0], x[1]); }},
    {"%parameter?", 1, 1, [](Args& x) { return boolean(is_type(x[0], Type::kParameter)); }},
    {"%parameter-converter", 1, 1,
     [](Args& x) { return untag<Parameter>(x.of(0, Type::kParameter, "a parameter"))->converter.get(); }},
    {"%parameter-value", 1, 1,
     [](Args& x) { return untag<Parameter>(x.of(0, Type::kParameter, "a parameter"))->value.get(); }},
    {"%parameter-set!", 2, 2,
     [](Args& x) {
       untag<Parameter>(x.of(0, Type::kParameter, "a parameter"))->value = x[1];
       return kUnspecified;
     }},
    {"promise?", 1, 1, [](Args& x) { return boolean(is_type(x[0], Type::kPromise)); }},
    {"%make-promise", 2, 2, [](Args& x) { return x.vm.make<Promise>(truthy(x[0]), x[1]); }},
    {"%promise-done?", 1, 1,
     [](Args& x) {
       Promise* p = promise(x, 0);
       while (p->shared != kFalse) p = untag<Promise>(p->shared);
       return p->done.get();
     }},
    {"%promise-value", 1, 1,
     [](Args& x) {
       Promise* p = promise(x, 0);
       while (p->shared != kFalse) p = untag<Promise>(p->shared);
       return p->state.get();
     }},
    {"%promise-resolve!", 2, 2,
     [](Args& x) {
       Promise* p = promise(x, 0);
       while (p->shared != kFalse) p = untag<Promise>(p->shared);
       p->state = x[1];
       p->done = kTrue;
       return kUnspecified;
     }},
    {"%promise-chain!", 2, 2,  // the first takes over what the second will become; the second shares it
     [](Args& x) {
       Promise* p = promise(x, 0);
       while (p->shared != kFalse) p = untag<Promise>(p->shared);
       Promise* q = promise(x, 1);
       while (q->shared != kFalse) q = untag<Promise>(q->shared);
       if (p == q) return kUnspecified;
       p->state = q->state;
       p->done = q->done;
       q->shared = object(p);
       q->state = kFalse;
       return kUnspecified;
     }},
    {"error", 1, -1, signal_error},
    {"warn", 1, -1,
     [](Args& x) {
       x.vm.flush_all();
       std::fprintf(stderr, "warning: %s\n", to_text(x.vm, x[0], PrintMode::kDisplay).c_str());
       return kUnspecified;
     }},
    {"error-object?", 1, 1, [](Args& x) { return boolean(is_type(x[0], Type::kError)); }},
    {"error?", 1, 1, [](Args& x) { return boolean(is_type(x[0], Type::kError)); }},
    {"error-object-message", 1, 1, [](Args& x) { return error_argument(x)->message.get(); }},
    {"error-object-irritants", 1, 1, [](Args& x) { return error_argument(x)->irritants.get(); }},
    {"error-message", 1, 1, [](Args& x) { return error_argument(x)->message.get(); }},
    {"error-irritants", 1, 1, [](Args& x) { return error_argument(x)->irritants.get(); }},
    {"condition/report-string", 1, 1,
     [](Args& x) {
       const ErrorObject* e = error_argument(x);
       std::string text = x.vm.utf8(e->message);
       for (Value i = e->irritants; is_pair(i); i = cdr(i)) text.append(" ").append(to_text(x.vm, car(i)));
       return x.vm.string(text);
     }},
    {"read-error?", 1, 1, is_error_kind<ErrorKind::kRead>},
    {"file-error?", 1, 1, is_error_kind<ErrorKind::kFile>},
    {"%handlers", 0, 0, [](Args& x) { return x.vm.reg(Vm::kHandlers); }},
    {"%set-handlers!", 1, 1,
     [](Args& x) {
       x.vm.reg(Vm::kHandlers) = x[0];
       return kUnspecified;
     }},
    {"%winders", 0, 0, [](Args& x) { return x.vm.reg(Vm::kWinders); }},
    {"%set-winders!", 1, 1,
     [](Args& x) {
       x.vm.reg(Vm::kWinders) = x[0];
       return kUnspecified;
     }},
    {"%continuation-winders", 1, 1,
     [](Args& x) { return untag<Continuation>(x.of(0, Type::kContinuation, "a continuation"))->winders.get(); }},
    {"%uncaught", 1, 1,
     [](Args& x) -> Value {
       x.vm.reg(Vm::kPending) = x[0];
       throw Uncaught{};
     }},
    {"%compile", 1, 3, compile_form},
    {"%read-file", 1, 1, read_file_forms},
    {"environment", 0, -1, [](Args& x) { return x.vm.program_environment(); }},
    {"interaction-environment", 0, 0, [](Args& x) { return x.vm.program_environment(); }},
    {"system-global-environment", 0, 0, [](Args& x) { return x.vm.program_environment(); }},
    {"scheme-report-environment", 0, 1, [](Args& x) { return x.vm.program_environment(); }},
    {"null-environment", 0, 1, [](Args& x) { return x.vm.program_environment(); }},
    {"%exit", 0, 1, [](Args& x) -> Value { throw Exit{exit_status(x)}; }},
    {"emergency-exit", 0, 1, [](Args& x) -> Value { throw Exit{exit_status(x)}; }},
    {"command-line", 0, 0,
     [](Args& x) {
       Value v = kNil;
       for (std::size_t i = x.vm.command_line.size(); i > 0; --i)
         v = x.vm.cons(x.vm.string(x.vm.command_line[i - 1]), v);
       return v;
     }},
    {"get-environment-variable", 1, 1,
     [](Args& x) {
       const char* text = std::getenv(x.vm.utf8(x.string(0)).c_str());
       return text == nullptr ? kFalse : x.vm.string(text);
     }},
    {"get-environment-variables", 0, 0,
     [](Args& x) {
       Value v = kNil;
       for (char** e = environ; *e != nullptr; ++e) {
         const std::string_view entry(*e);
         const std::size_t equals = std::min(entry.find('='), entry.size() - 1);
         const Value name = x.vm.string(entry.substr(0, equals));
         v = x.vm.cons(x.vm.cons(name, x.vm.string(entry.substr(equals + 1))), v);
       }
       return v;
     }},
    {"gc", 0, 0,
     [](Args& x) {
       x.vm.me.heap().collect();
       return kUnspecified;
     }},
    {"gc-stats", 0, 0, gc_stats},
};

}  // namespace

void define_control_primitives(Vm& vm) {
  for (const auto& d : kControlPrimitives) vm.define_primitive(d.name, d.min, d.max, d.function);
  vm.define_primitive("apply", 2, -1, nullptr, static_cast<std::uint32_t>(Control::kApply));
  vm.define_primitive("call-with-current-continuation", 1, 1, nullptr, static_cast<std::uint32_t>(Control::kCallCc));
  vm.define_primitive("call/cc", 1, 1, nullptr, static_cast<std::uint32_t>(Control::kCallCc));
  vm.define_primitive("%apply-values", 2, 2, nullptr, static_cast<std::uint32_t>(Control::kApplyValues));
  vm.define_primitive("%throw", 1, -1, nullptr, static_cast<std::uint32_t>(Control::kThrow));
}

}  // namespace scheme
