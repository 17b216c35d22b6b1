// libFuzzer's way in; what must hold is in fuzz.h.
#include <cstddef>
#include <cstdint>

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  memgc::trace::check_any_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
