// Job: documents parsed from JSON text, as in a server: each is kept until so many newer ones have come, read once, and
// dropped whole.
//
// A value is a tagged node; arrays and objects grow like vectors, so that parsing leaves outgrown arrays behind. The
// texts are made once, outside what is timed and outside the heap under test. The answer: a document that leaves, and
// in the end each that is still kept, has every value of its text.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/check.h"
#include "harness/random.h"
#include "policies/policy.h"
#include "workloads/json_text.h"
#include "workloads/sizes.h"

namespace memgc_bench {

template <class Policy>
class JsonDocuments {
 public:
  using Options = JsonDocumentsOptions;

  static constexpr bool kUsesRegions = false;

  using Thread = typename Policy::Thread;

  JsonDocuments(Thread& thread, const Options& options, unsigned index, unsigned)
      : thread_(thread),
        live_(std::max<std::uint64_t>(options.live, 1)),
        documents_(std::max(options.documents, live_)),
        seed_(std::uint64_t{index} << 48),
        window_(nullptr) {
    // Texts of 1, 2, 4, 8 and 16 KiB, and somewhat more.
    for (std::size_t i = 0; i < kTexts; ++i) texts_.emplace_back(mix64(seed_ + i), std::size_t{1024} << i % 5);
  }

  ~JsonDocuments() {
    if constexpr (Policy::kFreesByHand) {
      if (window_.get() == nullptr) return;
      for (std::size_t i = 0; i < live_; ++i) discard(window()[i]);
      thread_.free(window_.get());
    }
  }

  void run() {
    window_ = thread_.template make_refs<Value>(live_);
    for (std::uint64_t number = 0; number < documents_; ++number) {
      if (number >= live_) leave(number - live_);
      arrive(number);
    }
  }

  void verify() {
    for (std::uint64_t number = documents_ - live_; number < documents_; ++number) read(number);
  }

 private:
  static constexpr std::size_t kTexts = 100, kFirstItems = 4;

  struct Value;
  using Items = typename Policy::template Array<typename Policy::template Ref<Value>>;
  using Text = typename Policy::template Array<char>;

  struct Value {
    typename Policy::template Ref<Text> name;    // of a member of an object
    typename Policy::template Ref<Text> text;    // of a string
    typename Policy::template Ref<Items> items;  // of an array or an object, with room for more
    double number;
    JsonKind kind;
    std::uint32_t count;  // of the items
    static constexpr auto fields = Policy::fields(&Value::name, &Value::text, &Value::items);
  };
  using Local = typename Policy::template Local<Value>;
  using LocalText = typename Policy::template Local<Text>;
  using LocalItems = typename Policy::template Local<Items>;

  Items& window() { return *window_.get(); }
  const JsonText& text_of(std::uint64_t number) const { return texts_[mix64(seed_ + number) % kTexts]; }

  [[gnu::noinline]] void arrive(std::uint64_t number) {
    const std::string& text = text_of(number).text();
    at_ = text.c_str();
    end_ = at_ + text.size();
    window()[number % live_] = parse_value();
    expect('\0');
  }

  [[gnu::noinline]] void leave(std::uint64_t number) {
    read(number);
    if constexpr (Policy::kFreesByHand) discard(window()[number % live_]);
    window()[number % live_] = nullptr;
  }

  void read(std::uint64_t number) {
    JsonDigest digest;
    read(window()[number % live_], digest);
    expect_equal("a document's digest", digest.value(), text_of(number).digest());
  }

  static void read(Value* value, JsonDigest& digest) {
    if (value == nullptr) [[unlikely]]
      wrong_answer("a value", 0, 1);
    if (value->name != nullptr) digest.name(view(*value->name));
    if (value->kind == JsonKind::kNumber) {
      digest.number(value->number);
    } else if (value->kind == JsonKind::kString) {
      if (value->text == nullptr) wrong_answer("a string", 0, 1);
      digest.text(view(*value->text));
    } else {
      if (value->items == nullptr) wrong_answer("the items of an array or an object", 0, value->count);
      for (std::uint32_t i = 0; i < value->count; ++i) read((*value->items)[i], digest);
      digest.end(value->kind, value->count);
    }
  }
  static std::string_view view(Text& text) { return {text.data(), text.size()}; }

  // What stands at at_ is consumed.
  Local parse_value() {
    skip_space();
    if (*at_ == '[') return parse_items(JsonKind::kArray, ']');
    if (*at_ == '{') return parse_items(JsonKind::kObject, '}');
    if (*at_ == '"') {
      LocalText text = parse_string();
      return thread_.template make<Value>(nullptr, text, nullptr, 0.0, JsonKind::kString, 0U);
    }
    return thread_.template make<Value>(nullptr, nullptr, nullptr, parse_number(), JsonKind::kNumber, 0U);
  }

  Local parse_items(JsonKind kind, char last) {
    LocalItems items = thread_.template make_refs<Value>(kFirstItems);
    Local whole = thread_.template make<Value>(nullptr, nullptr, items, 0.0, kind, 0U);
    ++at_;
    for (skip_space(); *at_ != last; skip_space()) {
      if (whole->count > 0) expect(',');
      LocalText name = nullptr;
      if (kind == JsonKind::kObject) {
        skip_space();
        name = parse_string();
        expect(':');
      }
      Local item = parse_value();
      item->name = name;
      append(*whole, item);
    }
    ++at_;
    return whole;
  }

  void append(Value& whole, const Local& item) {
    if (whole.count == whole.items->size()) {
      LocalItems old = whole.items;
      LocalItems more = thread_.template make_refs<Value>(2 * old->size());
      for (std::size_t i = 0; i < old->size(); ++i) (*more)[i] = (*old)[i];
      whole.items = more;
      thread_.free(old);
    }
    (*whole.items)[whole.count++] = item;
  }

  LocalText parse_string() {
    expect('"');
    std::size_t length = 0;
    for (const char* c = at_; *c != '"'; c += *c == '\\' ? 2 : 1) ++length;
    LocalText text = thread_.template make_leaves<char>(length);
    for (std::size_t i = 0; i < length; ++i) {
      if (*at_ == '\\') ++at_;
      (*text)[i] = *at_++;
    }
    expect('"');
    return text;
  }

  double parse_number() {
    double number = 0;
    const auto [end, error] = std::from_chars(at_, end_, number);
    if (error != std::errc()) wrong_answer("what begins a value", static_cast<unsigned char>(*at_), '0');
    at_ = end;
    return number;
  }

  void skip_space() {
    while (*at_ == ' ' || *at_ == '\n') ++at_;
  }
  void expect(char character) {
    skip_space();
    expect_equal("a character", static_cast<unsigned char>(*at_), static_cast<unsigned char>(character));
    if (character != '\0') ++at_;
  }

  void discard(Value* value) {
    if (value == nullptr) return;
    if (value->name != nullptr) thread_.free(static_cast<Text*>(value->name));
    if (value->text != nullptr) thread_.free(static_cast<Text*>(value->text));
    if (value->items != nullptr) {
      for (std::uint32_t i = 0; i < value->count; ++i) discard((*value->items)[i]);
      thread_.free(static_cast<Items*>(value->items));
    }
    thread_.free(value);
  }

  Thread& thread_;
  const std::uint64_t live_, documents_, seed_;
  std::vector<JsonText> texts_;
  const char* at_ = nullptr;  // in the text that is being parsed, which a 0 ends
  const char* end_ = nullptr;
  typename Policy::template Root<Items> window_;
};

}  // namespace memgc_bench
