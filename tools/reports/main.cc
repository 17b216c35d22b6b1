// Job: memgc-reports' command line: a service that sheds load when its heap is full, and a load to try it with.
//
// Exit status: 0; 1 when requests were lost or the port is taken; 2 bad arguments; 3 out of memory.
#include <fmt/format.h>
#include <memgc/memgc.h>

#include <CLI/CLI.hpp>

#include "load.h"
#include "service.h"

int main(int argc, char** argv) {
  reports::ServiceOptions service;
  reports::LoadOptions load;
  std::size_t max_mib = service.max_bytes >> 20;
  bool keep_all = false;
  CLI::App app("A loopback service that answers 429 before its managed heap is full", "memgc-reports");
  app.set_version_flag("--version", "memgc-reports " MEMGC_VERSION_STRING);
  app.require_subcommand(1);
  CLI::App& serve_app = *app.add_subcommand("serve", "answer GET /report?rows=N and GET /stats until SIGTERM");
  serve_app.add_option("--port", service.port, "0: any that is free (default)")->check(CLI::Range(0, 65535));
  serve_app.add_option("--max-mib", max_mib, "what the heap may hold, in MiB (default 64)")
      ->check(CLI::Range(8, 1 << 20));
  serve_app.add_option("--threads", service.threads, "requests at once (default 64)")->check(CLI::Range(1, 1024));
  serve_app.add_flag("--no-shedding", keep_all, "take every request, as if there were always memory");
  CLI::App& load_app = *app.add_subcommand("load", "ask a service for more than it can do");
  load_app.add_option("--port", load.port, "where it listens")->required()->check(CLI::Range(1, 65535));
  load_app.add_option("--clients", load.clients, "at once (default 64)")->check(CLI::Range(1, 1024));
  load_app.add_option("--requests", load.requests, "of each client (default 20)")->check(CLI::Range(1, 1'000'000));
  load_app.add_option("--rows", load.rows, "of each report, 300 bytes each (default 15000)")
      ->check(CLI::Range(0, 1'000'000));
  try {
    app.parse(argc, argv);
    if (app.got_subcommand(&load_app)) return reports::load(load);
    service.max_bytes = max_mib << 20;
    service.shedding = !keep_all;
    return reports::serve(service);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const memgc::ConfigError& error) {
    fmt::print(stderr, "memgc-reports: {}\n", error.what());
    return 2;
  }
}
