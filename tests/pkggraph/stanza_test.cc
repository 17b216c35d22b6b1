// Job: reading an index: what a stanza says, however the bytes arrive, and the complaint about each malformed one.
#include "tools/pkggraph/stanza.h"

#include <gtest/gtest.h>

#include "made_index.h"
#include "tools/pkggraph/errors.h"

namespace pkggraph {
namespace {

std::vector<Stanza> read_all(const std::string& text, std::size_t chunk = SIZE_MAX) {
  StanzaReader reader("INDEX", read_from(text, chunk));
  std::vector<Stanza> stanzas;
  for (Stanza stanza; reader.next(stanza);) stanzas.push_back(stanza);
  return stanzas;
}

// The complaint about a text, dependency fields included; empty when there is none.
std::string complaint_about(const std::string& text) {
  try {
    Dependencies parsed;
    for (const Stanza& stanza : read_all(text)) {
      parse_dependencies(stanza.depends, "INDEX", parsed);
      parse_provides(stanza.provides, "INDEX", parsed);
    }
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string with_field(const std::string& field) { return "Package: p\nVersion: 1\n" + field + "\n"; }

TEST(Stanza, FieldsOfAStanza) {
  const auto stanzas = read_all(std::string(kSmallIndex));
  ASSERT_EQ(stanzas.size(), 16U);
  const Stanza& app = stanzas[0];
  EXPECT_EQ(app.package.text, "app");
  EXPECT_EQ(app.version.text, "1.0-1");
  EXPECT_EQ(app.architecture.text, "amd64");
  EXPECT_EQ(app.installed_kib, 100U);
  EXPECT_EQ(app.depends.text, "lib-a (>= 2.0), lib-b | lib-c,\nmailer,\npython:any (>= 3)");
  EXPECT_EQ(app.depends.line, 6U);
  EXPECT_TRUE(app.description.text.starts_with("the program\n"));
  EXPECT_EQ(stanzas.back().package.text, "editor-data");
}

TEST(Stanza, OffsetsPointAtTheStanza) {
  const std::string text(kSmallIndex);
  for (const Stanza& stanza : read_all(text)) {
    const std::string cut = text.substr(stanza.offset, stanza.bytes);
    const auto again = read_all(cut);
    ASSERT_EQ(again.size(), 1U) << cut;
    EXPECT_EQ(again[0].package.text, stanza.package.text);
    EXPECT_EQ(again[0].depends.text, stanza.depends.text);
    EXPECT_EQ(again[0].bytes, stanza.bytes);
    EXPECT_EQ(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(stanza.offset), '\n') + 1,
              static_cast<std::ptrdiff_t>(stanza.line));
  }
}

TEST(Stanza, IsTheSameHoweverTheBytesArrive) {
  const std::string text(kSmallIndex);
  const auto whole = read_all(text);
  for (const std::size_t chunk : {1U, 2U, 7U, 100U}) {
    const auto pieces = read_all(text, chunk);
    ASSERT_EQ(pieces.size(), whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      EXPECT_EQ(pieces[i].offset, whole[i].offset);
      EXPECT_EQ(pieces[i].depends.text, whole[i].depends.text);
    }
  }
}

TEST(Stanza, ToleratesWhatRealIndexesHave) {
  EXPECT_EQ(read_all("").size(), 0U);
  EXPECT_EQ(read_all("\n\n\n").size(), 0U);
  EXPECT_EQ(read_all("\n\nPackage: a\nVersion: 1\n\n \n\t\nPackage: b\nVersion: 2").size(), 2U);
  EXPECT_EQ(read_all("Package: a\r\nVersion: 1\r\n\r\nPackage: b\r\nVersion: 2\r\n")[1].version.text, "2");
  EXPECT_EQ(read_all("pAcKaGe:a\nVERSION:   1  \nX-Odd_Field!: x\n")[0].version.text, "1");
  const std::string long_line = "Package: a\nVersion: 1\nTag: " + std::string(300000, 'x') + "\nDepends: b\n";
  EXPECT_EQ(read_all(long_line)[0].depends.text, "b");
}

TEST(Stanza, RemainsOfRemovedPackagesAreToldApart) {
  EXPECT_FALSE(read_all("Package: a\nStatus: deinstall ok config-files\n")[0].is_installable());
  EXPECT_FALSE(read_all("Package: a\nStatus: unknown ok not-installed\n")[0].is_installable());
  EXPECT_TRUE(read_all("Package: a\nStatus: hold ok installed\nVersion: 1\n")[0].is_installable());
}

TEST(Stanza, AlternativesAndQualifiers) {
  Dependencies parsed;
  const Field field{"a,b(>=1:2~)|c:any ( << 3 ) , d:amd64\n(= 4),", 10};
  parse_dependencies(field, "INDEX", parsed);
  ASSERT_EQ(parsed.alternatives.size(), 4U);
  EXPECT_EQ(parsed.clause_ends, (std::vector<std::size_t>{1, 3, 4}));
  EXPECT_EQ(parsed.alternatives[1].relation, Relation::kLaterEqual);
  EXPECT_EQ(parsed.alternatives[1].version, "1:2~");
  EXPECT_EQ(parsed.alternatives[2].qualifier, "any");
  EXPECT_EQ(parsed.alternatives[2].relation, Relation::kEarlier);
  EXPECT_EQ(parsed.alternatives[3].qualifier, "amd64");
  EXPECT_EQ(parsed.alternatives[3].version, "4");
}

TEST(Stanza, OldRelationsMeanWhatDpkgReads) {
  Dependencies parsed;
  parse_dependencies(Field{"a (< 1), b (> 1)", 1}, "INDEX", parsed);
  EXPECT_EQ(parsed.alternatives[0].relation, Relation::kEarlierEqual);
  EXPECT_EQ(parsed.alternatives[1].relation, Relation::kLaterEqual);
}

struct Malformed {
  const char* name;
  std::string text;
  std::string complaint;
};

class StanzaComplaint : public testing::TestWithParam<Malformed> {};

TEST_P(StanzaComplaint, SaysLineAndWhatWasExpected) {
  EXPECT_EQ(complaint_about(GetParam().text), GetParam().complaint);
}

INSTANTIATE_TEST_SUITE_P(
    About, StanzaComplaint,
    testing::Values(
        Malformed{"NoColon", "Package: a\nVersion 1\n", "INDEX:2: expected \"Field: value\", got \"Version 1\""},
        Malformed{"BlankInFieldName", "Package: a\nInstalled Size: 1\n",
                  "INDEX:2: expected \"Field: value\", got \"Installed Size: 1\""},
        Malformed{"Binary", std::string("\x1f\x8b\0\n", 4), "INDEX:1: expected \"Field: value\", got \"?\x8b?\""},
        Malformed{"ContinuationFirst", "\n continued\n",
                  "INDEX:2: expected \"Field: value\", got a continuation line \" continued\" without a field"},
        Malformed{"NoPackage", "Package: a\nVersion: 1\n\nVersion: 1\n",
                  "INDEX:4: expected a Package field in the stanza that begins here"},
        Malformed{"NoVersion", "\nPackage: a\nDepends: b\n",
                  "INDEX:2: expected a Version field in the stanza that begins here"},
        Malformed{"BadName", "Package: -a\nVersion: 1\n",
                  "INDEX:1: expected a package name (letters, digits and . + - _, beginning with a letter or digit), "
                  "got \"-a\""},
        Malformed{"EmptyName", "Package:\nVersion: 1\n",
                  "INDEX:1: expected a package name (letters, digits and . + - _, beginning with a letter or digit), "
                  "got \"\""},
        Malformed{"BadVersion", "Package: a\nVersion: 1 2\n",
                  "INDEX:2: expected a version of letters, digits and . + ~ - :, got \"1 2\""},
        Malformed{"BadEpoch", "Package: a\nVersion: x:2\n",
                  "INDEX:2: expected a number before the version's ':', got \"x:2\""},
        Malformed{"TwoVersions", with_field("Section: x\nVersion: 2"),
                  "INDEX:4: expected one Version field, got a second one (the first is at line 2)"},
        Malformed{"SizeNoNumber", with_field("Installed-Size: 12k"),
                  "INDEX:3: expected Installed-Size to be a number of KiB, got \"12k\""},
        Malformed{"SizeNegative", with_field("Installed-Size: -1"),
                  "INDEX:3: expected Installed-Size to be a number of KiB, got \"-1\""},
        Malformed{"SizeTooLarge", with_field("Installed-Size: 99999999999999999999"),
                  "INDEX:3: expected Installed-Size to be a number of KiB, got \"99999999999999999999\""},
        Malformed{"NoNameAfterComma", with_field("Depends: a,, b"), "INDEX:3: expected a package name, got \", b\""},
        Malformed{"NoNameAfterBar", with_field("Depends: a |"),
                  "INDEX:3: expected a package name, got the end of the field"},
        Malformed{"NoRelation", with_field("Depends: a (1.0)"),
                  "INDEX:3: expected one of << <= = >= >> after '(', got \"1.0)\""},
        Malformed{"NoVersionInRelation", with_field("Depends: a (>= )"), "INDEX:3: expected a version, got \")\""},
        Malformed{"NoClosing", with_field("Depends: a (>= 1"),
                  "INDEX:3: expected ')' after the version, got the end of the field"},
        Malformed{"TwoVersionsInRelation", with_field("Depends: a (>= 1 2)"),
                  "INDEX:3: expected ')' after the version, got \"2)\""},
        Malformed{"NoComma", with_field("Depends: a b"),
                  "INDEX:3: expected ',' or '|' between dependencies, got \"b\""},
        Malformed{"SourceQualifier", with_field("Depends: a [amd64]"),
                  "INDEX:3: expected ',' or '|' between dependencies, got \"[amd64]\""},
        Malformed{"OnAContinuationLine", with_field("Depends: a,\n b,\n c (>= 1), ?d"),
                  "INDEX:5: expected a package name, got \"?d\""},
        Malformed{"EmptyQualifier", with_field("Depends: a: (>= 1)"),
                  "INDEX:3: expected an architecture, \"any\" or \"native\" after ':', got \"(>= 1)\""},
        Malformed{"ProvidesAlternatives", with_field("Provides: a | b"),
                  "INDEX:3: expected ',' between provided packages, got \"| b\""},
        Malformed{"ProvidesRelation", with_field("Provides: a (>= 1)"),
                  "INDEX:3: expected no relation but = in Provides, got \"1\""}),
    [](const testing::TestParamInfo<Malformed>& chosen) { return chosen.param.name; });

TEST(Stanza, AStreamWithoutNewlinesIsRefusedBeforeItFillsTheMemory) {
  StanzaReader reader("INDEX", [](char* buffer, std::size_t size) {
    std::fill_n(buffer, size, 'x');
    return size;
  });
  Stanza stanza;
  EXPECT_THROW(reader.next(stanza), InputError);
}

}  // namespace
}  // namespace pkggraph
