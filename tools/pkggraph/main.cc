// Job: memgc-pkggraph's command line: reads an index into a graph of managed objects, churns it if asked to, and
// answers one question. The work is in the library beside it.
//
// Exit status: 0 answered; 1 there is no such chain; 2 bad arguments or index; 3 a check failed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <optional>

#include "check.h"
#include "churn.h"
#include "errors.h"
#include "index_source.h"
#include "queries.h"
#include "stats_line.h"
#include "store.h"

namespace {

using namespace pkggraph;

constexpr std::string_view kProgram = "memgc-pkggraph";

struct Arguments {
  std::string index;
  BuildOptions build;
  ChurnOptions churn;
  bool check = false;
  bool stats = false;
  std::string package, from, to;
  bool recursive = false;
  bool first_choices = false;
  std::size_t limit = 20;
  std::size_t count = 10;
};

constexpr std::string_view kQuestions = "rdeps, why, cycles, largest or stats";

// CLI11 takes "-5" for an unsigned number, a very large one.
std::string check_count(const std::string& text) {
  const bool is_count = !text.empty() && text.size() <= 12 && text.find_first_not_of("0123456789") == std::string::npos;
  return is_count ? "" : fmt::format("expected a whole number from 0 to 999999999999, got \"{}\"", text);
}

void note(const std::string& text) { std::fputs(fmt::format("{}: {}\n", kProgram, text).c_str(), stderr); }

void describe_options(CLI::App& app, Arguments& arguments) {
  app.add_option(
         "--index", arguments.index,
         "a Debian package index, plain or compressed, - for standard input (default: what apt-cache dumpavail prints)")
      ->check([](const std::string& path) { return path.empty() ? "expected a file name" : ""; });
  app.add_flag("--recommends", arguments.build.recommends, "count Recommends as dependencies");
  app.add_option("--churn", arguments.churn.packages, "before answering, drop and re-read N random packages")
      ->type_name("N")
      ->check(check_count);
  app.add_option("--seed", arguments.churn.seed, "which packages (default 1)")->type_name("S")->check(check_count);
  app.add_option("--threads", arguments.churn.threads, "mutators that churn at once (default 1)")
      ->type_name("N")
      ->check(CLI::Range(1, 256));
  app.add_flag("--check", arguments.check, "prove the graph's invariants, the answer, and that churn changed nothing");
  app.add_flag("--stats", arguments.stats, "end with a line on what the collector cost, on stderr");
}

void describe_questions(CLI::App& app, Arguments& arguments) {
  CLI::App& rdeps_app = *app.add_subcommand("rdeps", "who depends on PACKAGE");
  rdeps_app.add_option("PACKAGE", arguments.package)->required();
  rdeps_app.add_flag("--recursive", arguments.recursive, "directly or not");
  CLI::App& why_app = *app.add_subcommand("why", "a shortest chain of dependencies from A to B");
  why_app.add_option("A", arguments.from)->required();
  why_app.add_option("B", arguments.to)->required();
  CLI::App& cycles_app = *app.add_subcommand("cycles", "packages that depend on each other in a circle");
  cycles_app.add_option("--limit", arguments.limit, "show at most N (default 20; 0: all)")
      ->type_name("N")
      ->check(check_count);
  cycles_app.add_flag("--first-choices", arguments.first_choices, "follow only what is installed by default");
  CLI::App& largest_app = *app.add_subcommand("largest", "the largest packages, alone and with all they depend on");
  largest_app.add_option("N", arguments.count, "how many (default 10)")->check(check_count);
  app.add_subcommand("stats", "what the graph holds");
}

Answer answer(const CLI::App& app, const Arguments& arguments, const Question& question) {
  if (app.got_subcommand("rdeps")) return rdeps(question, arguments.package, arguments.recursive);
  if (app.got_subcommand("why")) return why(question, arguments.from, arguments.to);
  if (app.got_subcommand("cycles")) {
    return cycles(question, arguments.first_choices ? Follow::kFirst : Follow::kAll, arguments.limit);
  }
  if (app.got_subcommand("largest")) return largest(question, arguments.count);
  return summary(question);
}

// That the churned graph is what a fresh reading of the same index gives.
void compare_with_fresh(memgc::Mutator& me, const GraphStore& store, const IndexSource& source) {
  GraphStore fresh(store.options());
  StanzaReader reader(source.name(), source.reread_all(me));
  fresh.load(me, reader);
  const std::uint64_t expected = digest(me, fresh.graph());
  const std::uint64_t got = digest(me, store.graph());
  require(expected == got, fmt::format("after churn the digest is {:016x}, a fresh graph's is {:016x}", got, expected));
  note(fmt::format("check: {} packages, {} edges, digest {:016x}: as in a fresh graph", store.graph().packages,
                   store.graph().edges, got));
}

int run(const CLI::App& app, const Arguments& arguments, memgc::Heap& heap) {
  memgc::Mutator me(heap);
  const bool churns = arguments.churn.packages > 0;
  IndexSource source(arguments.index, churns ? IndexSource::Keep::kForRereading : IndexSource::Keep::kNo);
  GraphStore store(arguments.build);
  StanzaReader reader(source.name(), [&](char* buffer, std::size_t size) { return source.read(me, buffer, size); });
  store.load(me, reader);
  if (store.graph().packages == 0) {
    throw InputError(
        fmt::format("{}: expected a package index, got no package at all{}", source.name(),
                    arguments.index.empty() ? " (apt-get update fetches one; --index FILE names another)" : ""));
  }
  if (churns) churn(heap, me, store, source, arguments.churn);
  if (arguments.check) check_graph(me, store.graph());
  if (arguments.check && churns) compare_with_fresh(me, store, source);
  const Answer said = answer(app, arguments, Question{me, store.graph(), arguments.check});
  memgc::BlockingScope io(me);
  std::fputs(said.text.c_str(), stdout);
  if (std::fflush(stdout) != 0) throw InputError("standard output: cannot write");
  return said.found ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Answers questions about the dependencies in a Debian package index.", std::string(kProgram));
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", MEMGC_VERSION_STRING);
  describe_options(app, arguments);
  describe_questions(app, arguments);
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty())
      throw InputError(fmt::format("expected a question: {} (see --help)", kQuestions));
    memgc::Heap heap;
    const int status = run(app, arguments, heap);
    if (arguments.stats) memgc_tools::print_stats_line(stderr, heap, kProgram);
    return status;
  } catch (const CLI::Success& request) {  // --help, --version
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    note(fmt::format("{} (see --help)", error.what()));
    return 2;
  } catch (const CheckFailed& error) {
    note(fmt::format("check failed: {}", error.what()));
    return 3;
  } catch (const std::bad_alloc&) {
    note("out of memory");
    return 2;
  } catch (const std::exception& error) {  // InputError, memgc::ConfigError
    note(error.what());
    return 2;
  }
}
