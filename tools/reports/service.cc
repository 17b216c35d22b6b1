// Job: see service.h.
#include "service.h"

#include <fmt/format.h>
#include <httplib.h>
#include <memgc/memgc.h>
#include <signal.h>

#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>

#include "report.h"

namespace reports {
namespace {

constexpr std::size_t kMostRows = 1'000'000;

const char* name_of(memgc::Pressure pressure) {
  switch (pressure) {
    case memgc::Pressure::kBelow:
      return "below";
    case memgc::Pressure::kNear:
      return "near";
    case memgc::Pressure::kOver:
      return "over";
  }
  return "?";
}

class Service {
 public:
  explicit Service(const ServiceOptions& options) : options_(options), heap_(heap_options(options)) {
    heap_.on_pressure([](memgc::Pressure now) { fmt::print(stderr, "memgc-reports: pressure: {}\n", name_of(now)); });
    server_.new_task_queue = [this] { return new httplib::ThreadPool(options_.threads); };
    server_.set_keep_alive_max_count(1);
    server_.Get("/report",
                [this](const httplib::Request& request, httplib::Response& response) { answer(request, response); });
    server_.Get("/stats", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(figures(), "text/plain");
    });
  }

  int run() {
    const int port = bind();
    if (port < 0) {
      fmt::print(stderr, "memgc-reports: cannot listen on 127.0.0.1:{}: is the port taken?\n", options_.port);
      return 1;
    }
    std::thread stopper([this] { stop_on_signal(); });
    fmt::print("listening on 127.0.0.1:{}\n", port);
    std::fflush(stdout);
    server_.listen_after_bind();
    stopper.join();
    fmt::print("{}", figures());
    return 0;
  }

 private:
  // The port, or -1.
  int bind() {
    if (options_.port == 0) return server_.bind_to_any_port("127.0.0.1");
    return server_.bind_to_port("127.0.0.1", options_.port) ? options_.port : -1;
  }

  static memgc::Options heap_options(const ServiceOptions& options) {
    memgc::Options out;
    out.max_bytes = options.max_bytes;
    return memgc::Options::from_env(out);
  }

  // The signals are blocked in all threads, and waited for here.
  void stop_on_signal() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    int got = 0;
    sigwait(&signals, &got);
    server_.stop();
  }

  void answer(const httplib::Request& request, httplib::Response& response) {
    const std::string text = request.get_param_value("rows");
    std::size_t rows = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rows);
    if (error != std::errc() || end != text.data() + text.size() || rows > kMostRows) {
      response.status = 400;
      response.set_content(fmt::format("rows={}: accepted is a number up to {}\n", text, kMostRows), "text/plain");
      return;
    }
    if (options_.shedding && heap_.pressure() != memgc::Pressure::kBelow) return shed(early_, response);
    try {
      memgc::Mutator me(heap_);
      const auto wait = options_.shedding ? std::optional(options_.wait) : std::nullopt;
      response.set_content(fmt::format("{}\n", report(me, rows, options_.hold, Patience{wait})), "text/plain");
      ++answered_;
    } catch (const NoRoom&) {
      shed(late_, response);
    } catch (const std::bad_alloc&) {
      fmt::print(stderr, "memgc-reports: out of memory\n");
      std::_Exit(kOutOfMemory);
    }
  }

  static void shed(std::atomic<std::uint64_t>& count, httplib::Response& response) {
    ++count;
    response.status = 429;
    response.set_header("Retry-After", "1");
    response.set_content("busy\n", "text/plain");
  }

  std::string figures() {
    const memgc::Stats stats = heap_.stats();
    return fmt::format("answered {}, shed before {}, shed on the way {}; {} cycles, {:.1f} MiB held of {:.1f}\n",
                       answered_.load(), early_.load(), late_.load(), stats.cycles,
                       static_cast<double>(stats.managed_bytes) / 0x1p20,
                       static_cast<double>(options_.max_bytes) / 0x1p20);
  }

  const ServiceOptions options_;
  memgc::Heap heap_;
  httplib::Server server_;
  std::atomic<std::uint64_t> answered_{0}, early_{0}, late_{0};
};

}  // namespace

int serve(const ServiceOptions& options) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before there are threads, so for all of them
  return Service(options).run();
}

}  // namespace reports
