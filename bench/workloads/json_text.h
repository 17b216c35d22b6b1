// Job: texts for the JSON workload, made from a seed, and what a reader of each must find: a digest of its values.
//
// Digest: every value in the order of the text, with its name if it is a member of an object; numbers by their bits,
// texts by their bytes, arrays and objects by their number of items, at their end.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/random.h"

namespace memgc_bench {

enum class JsonKind : std::uint32_t { kNumber, kString, kArray, kObject };

class JsonDigest {
 public:
  void name(std::string_view name) { fold(hash_bytes(name.data(), name.size())); }
  void number(double number) { fold(kNumber, std::bit_cast<std::uint64_t>(number)); }
  void text(std::string_view text) { fold(kString, hash_bytes(text.data(), text.size())); }
  void end(JsonKind kind, std::uint64_t items) { fold(kind, items); }
  std::uint64_t value() const { return value_; }

 private:
  using enum JsonKind;

  void fold(std::uint64_t word) { value_ = mix64(value_ ^ word); }
  void fold(JsonKind kind, std::uint64_t word) {
    fold(static_cast<std::uint64_t>(kind));
    fold(word);
  }

  std::uint64_t value_ = 0;
};

/// An array of records of all kinds, of at least so many characters.
class JsonText {
 public:
  JsonText(std::uint64_t seed, std::size_t least) : random_(seed) {
    std::uint64_t items = 0;
    text_ = "[";
    do {
      if (items++ > 0) text_ += ",\n";
      add_object(kMostDepth);
    } while (text_.size() < least);
    text_ += "]";
    digest_.end(JsonKind::kArray, items);
  }

  const std::string& text() const { return text_; }
  std::uint64_t digest() const { return digest_.value(); }

 private:
  static constexpr unsigned kMostDepth = 3;  // of what is in a record

  void add_value(unsigned depth) {
    const std::uint64_t choice = random_.below(16);
    if (depth > 0 && choice < 2) {
      add_array(depth);
    } else if (depth > 0 && choice < 5) {
      add_object(depth);
    } else if (choice < 10) {
      add_number();
    } else {
      digest_.text(add_string(1 + random_.below(40)));
    }
  }

  void add_array(unsigned depth) {
    const std::uint64_t items = random_.below(17);
    text_ += '[';
    for (std::uint64_t i = 0; i < items; ++i) {
      if (i > 0) text_ += ", ";
      add_value(depth - 1);
    }
    text_ += ']';
    digest_.end(JsonKind::kArray, items);
  }

  void add_object(unsigned depth) {
    const std::uint64_t items = 1 + random_.below(10);
    text_ += '{';
    for (std::uint64_t i = 0; i < items; ++i) {
      if (i > 0) text_ += ", ";
      digest_.name(add_string(2 + random_.below(10)));
      text_ += ": ";
      add_value(depth - 1);
    }
    text_ += '}';
    digest_.end(JsonKind::kObject, items);
  }

  void add_number() {
    const std::uint64_t hundredths = random_.below(10'000'000);
    const bool whole = hundredths % 2 == 0, negative = hundredths % 7 == 1;
    const std::uint64_t units = hundredths / 100, rest = whole ? 0 : hundredths % 100;
    if (negative) text_ += '-';
    text_ += std::to_string(units);
    if (!whole) text_ += {'.', static_cast<char>('0' + rest / 10), static_cast<char>('0' + rest % 10)};
    const double size = static_cast<double>(units * 100 + rest) / 100;
    digest_.number(negative ? -size : size);
  }

  // What it says, without quotes and escapes.
  std::string add_string(std::size_t length) {
    static constexpr std::string_view kCharacters =
        "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 01234567\"\\";
    std::string says;
    text_ += '"';
    for (std::size_t i = 0; i < length; ++i) {
      const char character = kCharacters[random_.below(kCharacters.size())];
      if (character == '"' || character == '\\') text_ += '\\';
      text_ += character;
      says += character;
    }
    text_ += '"';
    return says;
  }

  Random random_;
  std::string text_;
  JsonDigest digest_;
};

}  // namespace memgc_bench
