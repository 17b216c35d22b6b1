// Job: the run loop's slow paths, out of line so that the loop keeps its registers; see machine.cc and stack.cc.
#pragma once

#include <initializer_list>

#include "number.h"

namespace scheme {

[[noreturn]] void machine_unbound(Vm& vm, Value symbol);
[[noreturn]] void machine_arity(Vm& vm, Value procedure, std::size_t got);
[[noreturn]] void machine_not_procedure(Vm& vm, Value got, Value name);  // name: symbol or #f
[[noreturn]] void machine_record(Vm& vm, Value got, Value type);
Value machine_arithmetic(Vm& vm, Arithmetic op, Value a, Value b);
int machine_compare(Vm& vm, const char* op, Value a, Value b);
/// Calls the primitive that an instruction stands for, which raises the error that the instruction has met.
void machine_slow(Vm& vm, const char* name, std::initializer_list<Value> arguments);

}  // namespace scheme
