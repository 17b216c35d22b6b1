// Job: see memgc/internal/checks.h.
#include "memgc/internal/checks.h"

#if MEMGC_CHECKS

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <string_view>
#include <vector>

#include "allocator/base/check.h"

namespace memgc::internal {

constinit thread_local bool recording_fields = false;

namespace {

struct Noted {
  const void* address;
  const char* kind;
};

// One construction that is being watched; constructions nest, since a constructor may make further objects.
struct Recorder {
  const char* begin;
  const char* end;
  std::vector<Noted> fields;
  Recorder* outer;
};
thread_local Recorder* innermost = nullptr;

bool first_of_its_type(const TypeInfo& type) {
  static std::mutex lock;
  static std::set<std::string_view> seen;
  const std::lock_guard guard(lock);
  return seen.insert(type.name).second;
}

class FieldCollector final : public Visitor {
 public:
  FieldCollector() {
    context_ = this;
    record_ = [](void* self, const void* field, const void*) {
      static_cast<FieldCollector*>(self)->shown.push_back(field);
    };
  }
  std::vector<const void*> shown;

 private:
  void flush() override {}
  void visit_words(const void* begin, const void* end) override {
    for (auto* word = static_cast<const char*>(begin); word + sizeof(void*) <= end; word += sizeof(void*))
      shown.push_back(word);
  }
};

}  // namespace

void note_field_slow(const void* field, const char* kind) {
  for (Recorder* recorder = innermost; recorder != nullptr; recorder = recorder->outer) {
    if (field >= recorder->begin && field < recorder->end) recorder->fields.push_back({field, kind});
  }
}

FieldCheck::FieldCheck(const TypeInfo& type, const void* object) : type_(type), object_(object) {
  if (!first_of_its_type(type)) return;
  const char* begin = static_cast<const char*>(object);
  auto* recorder = new Recorder{begin, begin + type.size, {}, innermost};
  recorder_ = recorder;
  innermost = recorder;
  recording_fields = true;
  active_ = true;
}

FieldCheck::~FieldCheck() {
  if (!active_) return;
  auto* recorder = static_cast<Recorder*>(recorder_);
  innermost = recorder->outer;
  recording_fields = innermost != nullptr;
  delete recorder;
}

void FieldCheck::finish() {
  if (!active_) return;
  FieldCollector collector;
  if (type_.trace != nullptr) type_.trace(object_, collector);
  for (const Noted& noted : static_cast<Recorder*>(recorder_)->fields) {
    const auto offset =
        static_cast<std::size_t>(static_cast<const char*>(noted.address) - static_cast<const char*>(object_));
    const auto name_length = static_cast<int>(type_.name.size());
    if (std::string_view(noted.kind) == "root") {
      fatal(
          "type %.*s has a Root at offset %zu: a managed object must refer to others by Member, or nothing can free a "
          "cycle",
          name_length, type_.name.data(), offset);
    }
    if (std::find(collector.shown.begin(), collector.shown.end(), noted.address) == collector.shown.end()) {
      fatal(
          "type %.*s has a traced field at offset %zu that neither fields nor trace shows: what it refers to would be "
          "freed",
          name_length, type_.name.data(), offset);
    }
  }
}

}  // namespace memgc::internal

#endif  // MEMGC_CHECKS
