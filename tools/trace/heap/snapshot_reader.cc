// Job: see snapshot_reader.h. The parser calls Builder for each piece of the file (SAX).
#include "heap/snapshot_reader.h"

#include <fmt/format.h>

#include <array>
#include <istream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "input.h"

namespace memgc::trace {
namespace {

using nlohmann::json;

// The fields that are read, each with what writes it to the snapshot; others are passed over.
enum class Field : std::uint8_t { kOther, kType, kName, kId, kBytes, kEdges, kTo };

constexpr std::uint64_t kMostCount = UINT32_MAX - 1;
constexpr std::uint64_t kMostBytes = INT64_MAX;

class Builder {
 public:
  explicit Builder(const std::string& name) : name_(name) {}

  // --- What the parser calls ---
  bool null() { return value(json()); }
  bool boolean(bool is) { return value(json(is)); }
  bool number_integer(json::number_integer_t) { return odd_number("is negative"); }
  bool number_float(json::number_float_t, const std::string&) { return odd_number("is no whole number"); }
  bool number_unsigned(std::uint64_t number) {
    if (in_list(Section::kNodes))
      node_number(number);
    else if (in_list(Section::kEdges))
      edge_number(number);
    else
      value(json(number));
    return true;
  }
  bool string(std::string& text) {
    if (in_list(Section::kStrings)) {
      snapshot_.strings.add(text);
      return true;
    }
    return value(json(text));
  }
  bool binary(json::binary_t&) { return true; }  // of other formats
  bool start_object(std::size_t) { return open(json::object()); }
  bool start_array(std::size_t) { return open(json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& key) {
    if (depth_ == 1) {
      constexpr std::pair<std::string_view, Section> kSections[] = {{"snapshot", Section::kHead},
                                                                    {"nodes", Section::kNodes},
                                                                    {"edges", Section::kEdges},
                                                                    {"strings", Section::kStrings}};
      section_ = Section::kOther;
      for (const auto& [name, section] : kSections) {
        if (key == name) section_ = section;
      }
    } else if (section_ == Section::kHead) {
      key_ = key;
    }
    return true;
  }
  template <typename Error>
  bool parse_error(std::size_t place, const std::string&, const Error&) {
    fail(fmt::format("is no JSON at byte {}, or breaks off there", place));
  }

  // --- When all is read ---
  Snapshot finish() {
    if (!has_head_) fail("has no 'snapshot'");
    Snapshot& s = snapshot_;
    if (node_field_ != 0 || edge_field_ != 0) fail("has a last node or edge without all its fields");
    expect_count("node_count", s.ids.size());
    expect_count("edge_count", s.to.size());
    if (s.ids.empty()) fail("has no nodes");
    if (edges_of_nodes_ != s.to.size())
      fail(fmt::format("has {} edges, but its nodes have {}", s.to.size(), edges_of_nodes_));
    for (const std::uint32_t name : s.names) check_string(name, "node's");
    for (std::size_t i = 0; i < s.to.size(); ++i) {
      if (s.to[i] >= s.ids.size()) fail(fmt::format("edge {} leads to no node", i));
      if (s.edge_kinds[i] > EdgeKind::kElement) check_string(s.edge_names[i], "edge's");
    }
    return std::move(s);
  }

 private:
  enum class Section : std::uint8_t { kOther, kHead, kNodes, kEdges, kStrings };

  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(fmt::format("{}: no .heapsnapshot that can be read: it {}", name_, what));
  }
  bool in_list(Section section) const { return section_ == section && depth_ == 2; }
  bool odd_number(const char* what) {
    // Of the fields that are passed over, any number will do.
    if (in_list(Section::kNodes) && node_fields_[node_field_] == Field::kOther) return skip(node_field_, node_fields_);
    if (in_list(Section::kEdges) && edge_fields_[edge_field_] == Field::kOther) return skip(edge_field_, edge_fields_);
    if (in_list(Section::kNodes) || in_list(Section::kEdges)) fail(fmt::format("has a number in it that {}", what));
    return value(json(0));
  }
  static bool skip(std::size_t& field, const std::vector<Field>& fields) {
    field = (field + 1) % fields.size();
    return true;
  }

  // --- The head, and what is passed over. Only the head is kept as JSON. ---
  bool open(json container) {
    if (depth_ == 1 && section_ == Section::kHead && has_head_) fail("has 'snapshot' twice");
    if (depth_ == 1 && (section_ == Section::kNodes || section_ == Section::kEdges) && !has_head_)
      fail("has nodes or edges before 'snapshot', which says what they are");
    if (depth_ == 2 && section_ != Section::kHead && section_ != Section::kOther) fail("has a list where none belongs");
    if (depth_ >= 1 && section_ == Section::kHead) open_.push_back(put(std::move(container)));
    ++depth_;
    return true;
  }
  bool close() {
    --depth_;
    if (section_ == Section::kHead && !open_.empty()) {
      open_.pop_back();
      if (open_.empty()) read_head();
    }
    return true;
  }
  bool value(json value) {
    if (depth_ == 2 && section_ != Section::kHead && section_ != Section::kOther)
      fail("has something in a list that does not belong there");
    if (depth_ >= 2 && section_ == Section::kHead) put(std::move(value));
    return true;
  }
  json* put(json value) {
    if (open_.empty()) {
      head_ = std::move(value);
      return &head_;
    }
    json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[key_] = std::move(value));
  }

  // --- What the head says of nodes and edges ---
  void read_head() {
    try {
      const json& meta = head_.at("meta");
      node_fields_ = read_fields(meta.at("node_fields"), {{"type", Field::kType},
                                                          {"name", Field::kName},
                                                          {"id", Field::kId},
                                                          {"self_size", Field::kBytes},
                                                          {"edge_count", Field::kEdges}});
      edge_fields_ = read_fields(meta.at("edge_fields"),
                                 {{"type", Field::kType}, {"name_or_index", Field::kName}, {"to_node", Field::kTo}});
      snapshot_.kind_names = types_of(meta.at("node_types"), node_fields_).get<std::vector<std::string>>();
      if (snapshot_.kind_names.size() > UINT8_MAX) fail("has more than 255 types of nodes");
      static const std::map<std::string, EdgeKind, std::less<>> kKinds = {
          {"context", EdgeKind::kNamed},     {"property", EdgeKind::kNamed},    {"element", EdgeKind::kElement},
          {"internal", EdgeKind::kInternal}, {"shortcut", EdgeKind::kShortcut}, {"weak", EdgeKind::kWeak}};
      for (const std::string& type : types_of(meta.at("edge_types"), edge_fields_).get<std::vector<std::string>>()) {
        const auto kind = kKinds.find(type);
        edge_kinds_.push_back(kind == kKinds.end() ? EdgeKind::kNumbered : kind->second);
      }
      if (const auto memgc = head_.find("memgc"); memgc != head_.end()) snapshot_.memgc_base = memgc->at("base");
    } catch (const json::exception& error) {
      fail(fmt::format("has a 'snapshot' without all that belongs there: {}", error.what()));
    }
    has_head_ = true;
  }
  std::vector<Field> read_fields(const json& list, std::map<std::string, Field> wanted) const {
    std::vector<Field> out;
    for (const json& each : list) {
      const auto known = wanted.find(each.get<std::string>());
      out.push_back(known == wanted.end() ? Field::kOther : known->second);
      if (known != wanted.end()) wanted.erase(known);
    }
    if (!wanted.empty()) fail(fmt::format("has nodes or edges without '{}'", wanted.begin()->first));
    return out;
  }
  static const json& types_of(const json& types, const std::vector<Field>& fields) {
    return types.at(static_cast<std::size_t>(std::find(fields.begin(), fields.end(), Field::kType) - fields.begin()));
  }
  void expect_count(const char* name, std::size_t found) const {
    const auto said = head_.find(name);
    if (said == head_.end() || *said != found) fail(fmt::format("does not have as many as its {} says", name));
  }
  void check_string(std::size_t place, const char* whose) const {
    if (place >= snapshot_.strings.size()) fail(fmt::format("has a {} name that is none of its strings", whose));
  }

  // --- Nodes and edges, number by number ---
  void node_number(std::uint64_t number) {
    switch (node_fields_[node_field_]) {
      case Field::kType:
        snapshot_.kinds.push_back(static_cast<std::uint8_t>(place(number, snapshot_.kind_names.size(), "node's type")));
        break;
      case Field::kName:
        snapshot_.names.push_back(small(number));
        break;
      case Field::kId:
        snapshot_.ids.push_back(number);
        break;
      case Field::kBytes:
        if (number > kMostBytes - bytes_) fail("has objects of more than 2^63 bytes together");
        bytes_ += number;
        snapshot_.bytes.push_back(number);
        break;
      case Field::kEdges:
        edges_of_nodes_ += small(number);
        snapshot_.first_edges.push_back(small(edges_of_nodes_));
        break;
      default:
        break;
    }
    skip(node_field_, node_fields_);
  }
  void edge_number(std::uint64_t number) {
    switch (edge_fields_[edge_field_]) {
      case Field::kType:
        snapshot_.edge_kinds.push_back(edge_kinds_[place(number, edge_kinds_.size(), "edge's type")]);
        break;
      case Field::kName:
        snapshot_.edge_names.push_back(small(number));
        break;
      case Field::kTo:
        if (number % node_fields_.size() != 0) fail("has an edge that leads into the middle of a node");
        snapshot_.to.push_back(small(number / node_fields_.size()));
        break;
      default:
        break;
    }
    skip(edge_field_, edge_fields_);
  }
  std::size_t place(std::uint64_t number, std::size_t count, const char* what) const {
    if (number >= count) fail(fmt::format("has {} as a {}; there are {}", number, what, count));
    return number;
  }
  std::uint32_t small(std::uint64_t number) const {
    if (number > kMostCount) fail(fmt::format("has the number {}: 4 thousand million is the most", number));
    return static_cast<std::uint32_t>(number);
  }

  const std::string& name_;
  Snapshot snapshot_;
  std::size_t depth_ = 0;  // objects and lists that are open
  Section section_ = Section::kOther;
  bool has_head_ = false;
  json head_;
  std::vector<json*> open_;  // parts of the head
  std::string key_;          // of the head's next value
  std::vector<Field> node_fields_, edge_fields_;
  std::vector<EdgeKind> edge_kinds_;  // by the file's types
  std::size_t node_field_ = 0, edge_field_ = 0;
  std::uint64_t bytes_ = 0, edges_of_nodes_ = 0;
};

// What is unpacked, as a stream's buffer.
class Unpacked : public std::streambuf {
 public:
  explicit Unpacked(const std::string& path) : path_(path), file_(open_input(path)) {}

 private:
  int_type underflow() override {
    const std::size_t got = read_input(file_, path_, buffer_.data(), buffer_.size());
    setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
    return got == 0 ? traits_type::eof() : traits_type::to_int_type(buffer_[0]);
  }

  const std::string& path_;
  const InputFile file_;
  std::array<char, std::size_t{1} << 16> buffer_;
};

}  // namespace

Snapshot read_snapshot(std::streambuf& bytes, const std::string& name) {
  std::istream stream(&bytes);
  stream.exceptions(std::ios::badbit);  // what the buffer throws is not to be swallowed
  Builder builder(name);
  json::sax_parse(stream, &builder);
  return builder.finish();
}

Snapshot read_snapshot(const std::string& path) {
  Unpacked bytes(path);
  return read_snapshot(bytes, path);
}

}  // namespace memgc::trace
