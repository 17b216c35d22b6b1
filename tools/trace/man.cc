// Job: memgc-trace man: its manual page, made from the command line itself, so that neither can say what the other does
// not.
#include <fmt/format.h>
#include <memgc/memgc.h>

#include "commands.h"

namespace memgc::trace {
namespace {

// Text as troff wants it: no hyphens where signs are meant, nothing that looks like a request.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-' || c == '\\') out += '\\';
    out += c == '\\' ? 'e' : c;
  }
  return !out.empty() && (out[0] == '.' || out[0] == '\'') ? "\\&" + out : out;
}

void print_options(const CLI::App& app) {
  for (const CLI::Option* const option : app.get_options()) {
    const bool takes = option->get_items_expected_max() > 0 && !option->get_positional();
    fmt::print(".TP\n.B {}{}\n{}\n", escaped(option->get_name(option->get_positional(), true)),
               takes ? " " + escaped(option->get_type_name()) : "", escaped(option->get_description()));
  }
}

// Each, and those below it.
void print_commands(const CLI::App& app, const std::string& above) {
  for (const CLI::App* const command : app.get_subcommands({})) {
    const std::string name = above + command->get_name();
    fmt::print(".SS {}\n{}\n", escaped(name), escaped(command->get_description()));
    print_options(*command);
    print_commands(*command, name + " ");
  }
}

void print_page(const CLI::App& app) {
  fmt::print(".TH MEMGC\\-TRACE 1 \"\" \"memgc {}\"\n.SH NAME\nmemgc\\-trace \\- {}\n", MEMGC_VERSION_STRING,
             escaped(app.get_description()));
  fmt::print(".SH SYNOPSIS\n.B memgc\\-trace\n.I COMMAND\n[\\fIOPTION\\fR]... [\\fIFILE\\fR]...\n.SH OPTIONS\n");
  print_options(app);
  fmt::print(".SH COMMANDS\n");
  print_commands(app, "");
  fmt::print(
      ".SH EXIT STATUS\n.TP\n.B 0\nall is well\n.TP\n.B 1\nsomething cannot be read, written or judged; with "
      "\\-\\-strict, malformed lines\n.TP\n.B 2\nthe command line is wrong\n.TP\n.B 3\na \\-\\-fail\\-if holds\n.PP\n"
      ".B memgc\\-trace run\nexits as the program did, 128 + N for signal N; the above only if that was 0.\n");
}

}  // namespace

void add_man(CLI::App& app) {
  app.add_subcommand("man", "the manual page, on standard output")->callback([&app] { print_page(app); });
}

}  // namespace memgc::trace
