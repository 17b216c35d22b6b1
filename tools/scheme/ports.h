// Job: ports on files and on memory, for what is written in C++; the procedures are in ports.cc.
#pragma once

#include "vm.h"

namespace scheme {

std::int32_t peek_byte(Vm& vm, Port* port);  // -1: end of file
std::int32_t next_byte(Vm& vm, Port* port);
void put(Vm& vm, Port* port, std::string_view bytes);
void flush(Vm& vm, Port* port);

Value file_port(Vm& vm, const std::string& path, std::uint32_t flags);  // raises a file error
Value text_port(Vm& vm, std::string_view text, std::string_view name);  // for reading
inline constexpr std::uint32_t kTextIn = Port::kInput | Port::kTextual, kTextOut = Port::kOutput | Port::kTextual;

}  // namespace scheme
