// Job: in checked builds, catch the embedder's commonest mistake: a field that is not traced.
//
// The first make of a type records the addresses of the Members, Slots and Roots that are constructed inside the new
// object, then asks the type which fields it shows, and stops with the type's name and the offset of a missing one.
// Entered by the thread that makes the object; costs nothing when MEMGC_CHECKS is 0.
#pragma once

#include <cstddef>
#include <string_view>

#include "memgc/internal/export.h"
#include "memgc/internal/type_info.h"

namespace memgc::internal {

#if MEMGC_CHECKS
MEMGC_EXPORT void note_field_slow(const void* field, const char* kind);
extern MEMGC_EXPORT constinit thread_local bool recording_fields __attribute__((tls_model("initial-exec")));

inline void note_field(const void* field) noexcept {
  if (recording_fields) [[unlikely]]
    note_field_slow(field, "field");
}
inline void note_root(const void* root) noexcept {
  if (recording_fields) [[unlikely]]
    note_field_slow(root, "root");
}

/// Watches one construction: begin() before the constructor, finish() after it (stops the program on a missing field).
class MEMGC_EXPORT FieldCheck {
 public:
  FieldCheck(const TypeInfo& type, const void* object);  // does nothing but for a type's first object
  ~FieldCheck();                                         // also when the constructor throws
  void finish();

 private:
  const TypeInfo& type_;
  const void* object_;
  void* recorder_ = nullptr;
  bool active_ = false;
};
#else
inline void note_field(const void*) noexcept {}
inline void note_root(const void*) noexcept {}
class FieldCheck {
 public:
  FieldCheck(const TypeInfo&, const void*) {}
  void finish() {}
};
#endif

}  // namespace memgc::internal
