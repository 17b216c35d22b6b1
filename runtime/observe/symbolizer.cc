// Job: see symbolizer.h.
#include "runtime/observe/symbolizer.h"

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace memgc::observe {
namespace {

std::string demangled(const char* symbol) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(symbol, nullptr, nullptr, &status), std::free);
  return status == 0 ? name.get() : symbol;
}

// The linker's name for a function, or nothing.
std::string symbol_of(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  for (const unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    if (dwarf_attr_integrate(die, name, &attribute) == nullptr) continue;
    if (const char* text = dwarf_formstring(&attribute); text != nullptr) return text;
  }
  return {};
}

// Where a function is declared, which says what it is a member of.
Dwarf_Die declaration_of(Dwarf_Die die) {
  constexpr int kMostSteps = 4;
  for (int step = 0; step < kMostSteps; ++step) {
    Dwarf_Attribute attribute;
    Dwarf_Die next;
    if (dwarf_formref_die(dwarf_attr(&die, DW_AT_abstract_origin, &attribute), &next) == nullptr &&
        dwarf_formref_die(dwarf_attr(&die, DW_AT_specification, &attribute), &next) == nullptr)
      break;
    die = next;
  }
  return die;
}

// Its name with those of its namespaces and classes; without result and parameters.
std::string name_of(const Dwarf_Die& function) {
  Dwarf_Die declaration = declaration_of(function);
  const char* plain = dwarf_diename(&declaration);
  if (plain == nullptr) return {};
  std::string name = plain;
  Dwarf_Die* scopes = nullptr;
  const int count = dwarf_getscopes_die(&declaration, &scopes);
  const std::unique_ptr<Dwarf_Die, void (*)(void*)> owned(count > 0 ? scopes : nullptr, std::free);
  for (int i = 1; i < count; ++i) {
    const int tag = dwarf_tag(&scopes[i]);
    if (tag != DW_TAG_namespace && tag != DW_TAG_class_type && tag != DW_TAG_structure_type) continue;
    const char* scope = dwarf_diename(&scopes[i]);
    name.insert(0, std::string(scope != nullptr ? scope : "(anonymous namespace)") + "::");
  }
  return name;
}

bool is_function(Dwarf_Die* die) {
  const int tag = dwarf_tag(die);
  return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
}

// The line of the call that was inlined as `die`.
void move_to_call(Dwarf_Die* unit, Dwarf_Die* die, SourceLine& at) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  at.line = 0;
  if (dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &value) == 0) at.line = static_cast<int>(value);
  Dwarf_Files* files = nullptr;
  if (dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &value) == 0 &&
      dwarf_getsrcfiles(unit, &files, nullptr) == 0) {
    if (const char* file = dwarf_filesrc(files, value, nullptr, nullptr); file != nullptr) at.file = file;
  }
}

// The unit that an address was compiled in: by the table for that, which not every compiler writes, else one by one.
Dwarf_Die* unit_of(Dwfl_Module* module, Dwarf_Addr address, Dwarf_Addr& bias) {
  if (Dwarf_Die* unit = dwfl_module_addrdie(module, address, &bias); unit != nullptr) return unit;
  Dwarf_Die* unit = nullptr;
  while ((unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr) {
    if (dwarf_haspc(unit, address - bias) == 1) break;
  }
  return unit;
}

// By the debug information; nothing where there is none.
std::vector<SourceLine> inlined_lines(Dwfl_Module* module, Dwarf_Addr address) {
  std::vector<SourceLine> out;
  Dwarf_Addr bias = 0;
  Dwarf_Die* unit = unit_of(module, address, bias);
  if (unit == nullptr) return out;
  SourceLine at;
  if (Dwarf_Line* line = dwarf_getsrc_die(unit, address - bias); line != nullptr) {
    if (const char* file = dwarf_linesrc(line, nullptr, nullptr); file != nullptr) at.file = file;
    dwarf_lineno(line, &at.line);
  }
  Dwarf_Die* scopes = nullptr;
  const int count = dwarf_getscopes(unit, address - bias, &scopes);
  if (count <= 0) return out;
  const std::unique_ptr<Dwarf_Die, void (*)(void*)> owned(scopes, std::free);
  // The scopes of the place itself hold its concrete functions, each within the next.
  Dwarf_Die* chain = nullptr;
  const int depth = dwarf_getscopes_die(&scopes[0], &chain);
  if (depth <= 0) return out;
  const std::unique_ptr<Dwarf_Die, void (*)(void*)> owned_chain(chain, std::free);
  for (int i = 0; i < depth; ++i) {
    Dwarf_Die* die = &chain[i];
    if (!is_function(die)) continue;
    at.symbol = symbol_of(die);
    at.function = name_of(*die);
    if (at.symbol.empty()) at.symbol = at.function;
    out.push_back(at);
    if (dwarf_tag(die) == DW_TAG_subprogram) break;
    move_to_call(unit, die, at);
  }
  return out;
}

}  // namespace

Symbolizer::Symbolizer() {
  static const Dwfl_Callbacks callbacks{dwfl_linux_proc_find_elf, dwfl_standard_find_debuginfo, nullptr, nullptr};
  dwfl_ = dwfl_begin(&callbacks);
  if (dwfl_ == nullptr) return;
  if (dwfl_linux_proc_report(dwfl_, getpid()) != 0 || dwfl_report_end(dwfl_, nullptr, nullptr) != 0) {
    dwfl_end(dwfl_);
    dwfl_ = nullptr;
  }
}

Symbolizer::~Symbolizer() {
  if (dwfl_ != nullptr) dwfl_end(dwfl_);
}

std::vector<SourceLine> Symbolizer::lines_of(const void* return_address) const {
  const Dwarf_Addr address = reinterpret_cast<std::uintptr_t>(return_address) - 1;  // within the call
  SourceLine at;
  Dwfl_Module* module = dwfl_ == nullptr ? nullptr : dwfl_addrmodule(dwfl_, address);
  if (module != nullptr) {
    std::vector<SourceLine> lines = inlined_lines(module, address);
    if (!lines.empty() && !lines.back().function.empty()) return lines;
    if (const char* symbol = dwfl_module_addrname(module, address); symbol != nullptr) {
      at.symbol = symbol;
      at.function = without_parameters(demangled(symbol));
      return {at};
    }
  }
  char text[32];
  std::snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(address));
  at.function = at.symbol = text;
  return {at};
}

// The last parameter list that is not within another or within template arguments, unless all that follows it belongs
// to it: `const`, or nothing. `(anonymous namespace)` and `operator()` are none.
std::string without_parameters(const std::string& name) {
  const std::size_t end = name.rfind(')');
  if (end == std::string::npos || name.find_first_of("<>:", end) != std::string::npos) return name;
  int depth = 0;
  for (std::size_t at = end + 1; at-- > 0;) {
    if (name[at] == ')') ++depth;
    if (name[at] != '(' || --depth != 0) continue;
    return at == 0 || name.compare(at, 21, "(anonymous namespace)") == 0 || name.ends_with("operator()")
               ? name
               : name.substr(0, at);
  }
  return name;
}

bool is_memgc_frame(const std::string& function) {
  // Without template arguments and parentheses, what stands behind the last space is the name, a result before it.
  std::string name;
  int depth = 0;
  for (const char c : function) {
    if (c == '<' || c == '(') ++depth;
    if (depth == 0) name += c;
    if ((c == '>' || c == ')') && depth > 0) --depth;
  }
  name.erase(0, name.rfind(' ') + 1);  // npos + 1 is 0
  const auto starts = [&](std::string_view own) { return name.starts_with(own); };
  return starts("memgc::internal::") || starts("memgc::make") || starts("memgc::try_make") ||
         starts("memgc::Mutator::") || starts("memgc::BlockingScope::") || starts("memgc::Heap::") ||
         starts("memgc::Weak") || starts("memgc::Ephemeron");
}

}  // namespace memgc::observe
