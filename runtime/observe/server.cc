// Job: see memgc/observe/server.h.
#include "memgc/observe/server.h"

#include <fmt/format.h>
#include <httplib.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <exception>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "memgc/observe/error.h"
#include "memgc/observe/metrics.h"
#include "memgc/observe/profile.h"
#include "runtime/observe/bounded_pool.h"

namespace memgc {
namespace {

using httplib::Request;
using httplib::Response;

constexpr const char* kPlain = "text/plain; charset=utf-8";

// Within its life all signals are blocked, and threads that are made inherit that: no handler of the program runs on
// them, and a client that goes away early is an error of a write, not a SIGPIPE.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// httplib's constructor ignores SIGPIPE for the whole process; what to do with it is the program's choice.
class PipeSignalKept {
 public:
  PipeSignalKept() { sigaction(SIGPIPE, nullptr, &before_); }
  ~PipeSignalKept() { sigaction(SIGPIPE, &before_, nullptr); }
  PipeSignalKept(const PipeSignalKept&) = delete;
  PipeSignalKept& operator=(const PipeSignalKept&) = delete;

 private:
  struct sigaction before_ = {};
};

void answer(Response& response, int status, const std::string& line) {
  response.status = status;
  response.set_content(line + '\n', kPlain);
}

bool is_this_machine(std::string host, int port) {
  std::transform(host.begin(), host.end(), host.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const std::string_view name : {"localhost", "127.0.0.1", "[::1]"}) {
    if (host == name || (port != 0 && host == fmt::format("{}:{}", name, port))) return true;
  }
  return false;
}

}  // namespace

class ObserveServer::Impl {
 public:
  explicit Impl(const ObserveOptions& options) : options_(options) {
    if (options.threads < 1 || options.threads > 64) {
      throw ObserveError(fmt::format("threads is {}: accepted are 1 to 64", options.threads));
    }
    {
      const PipeSignalKept kept;
      server_.emplace();
    }
    set_up();
    listen();
  }
  ~Impl() { stop(); }

  void add(std::string name, Heap& heap) {
    check_heap_name(name);
    const std::lock_guard guard(lock_);
    for (const Shown& shown : heaps_) {
      if (shown.name == name || shown.heap == &heap) {
        throw std::invalid_argument(fmt::format("\"{}\" or its heap is shown already", name));
      }
    }
    heaps_.push_back({std::move(name), &heap});
  }

  void remove(const Heap& heap) {
    const std::lock_guard guard(lock_);
    std::erase_if(heaps_, [&](const Shown& shown) { return shown.heap == &heap; });
  }

  int port() const { return port_; }

  void stop() {
    if (!listener_.joinable()) return;
    server_->stop();
    listener_.join();
    if (!options_.unix_socket.empty()) unlink(options_.unix_socket.c_str());
  }

 private:
  struct Shown {
    std::string name;
    Heap* heap;
  };

  void set_up() {
    server_->new_task_queue = [threads = options_.threads] { return new observe::BoundedPool(threads); };
    server_->set_keep_alive_max_count(1);
    server_->set_read_timeout(options_.patience);
    server_->set_write_timeout(options_.patience);
    server_->set_payload_max_length(0);
    server_->set_default_headers({{"X-Content-Type-Options", "nosniff"}, {"Cache-Control", "no-store"}});
    server_->set_pre_routing_handler([this](const Request& request, Response& response) {
      return refuse(request, response) ? httplib::Server::HandlerResponse::Handled
                                       : httplib::Server::HandlerResponse::Unhandled;
    });
    server_->Get("/metrics", [this](const Request& request, Response& response) {
      const MetricsFormat format = accepted_format(request.get_header_value("Accept"));
      response.set_content(prometheus_text(gather(), format), content_type(format));
    });
    server_->Get("/debug/stats", [this](const Request&, Response& response) {
      response.set_content(metrics_json(gather()), "application/json");
    });
    server_->Get("/debug/pprof/heap",
                 [this](const Request& request, Response& response) { profile(request, response, &profile_text); });
    server_->Get("/debug/pprof/waiting", [this](const Request& request, Response& response) {
      profile(request, response, &waiting_profile_text);
    });
    server_->Get(".*", [](const Request&, Response& response) {
      answer(response, 404, "there are /metrics, /debug/stats, /debug/pprof/heap and /debug/pprof/waiting");
    });
    server_->set_exception_handler([](const Request&, Response& response, const std::exception_ptr&) {
      answer(response, 500, "no memory for an answer, or the like");
    });
  }

  // Whether it was refused. Before the request's body, if it has one, is read.
  bool refuse(const Request& request, Response& response) const {
    if (request.get_header_value_count("Host") != 1 || !is_this_machine(request.get_header_value("Host"), port_)) {
      answer(response, 403, "Host is not localhost, 127.0.0.1 or [::1]");
      return true;
    }
    if (request.method == "GET") return false;
    response.set_header("Allow", "GET");
    answer(response, 405, "only GET is answered");
    return true;
  }

  // Of the heap that is asked for with ?heap=NAME, or of the first.
  void profile(const Request& request, Response& response, std::string (*text)(Heap&)) {
    const std::shared_lock guard(lock_);
    const std::string name = request.get_param_value("heap");
    const auto wanted = [&](const Shown& shown) { return !request.has_param("heap") || shown.name == name; };
    const auto found = std::find_if(heaps_.begin(), heaps_.end(), wanted);
    if (found == heaps_.end()) return answer(response, 404, "there is no heap of that name; /debug/stats has them");
    response.set_header("Content-Disposition", "attachment; filename=\"heap.pb.gz\"");
    response.set_content(text(*found->heap), "application/octet-stream");
  }

  std::vector<NamedMetrics> gather() const {
    std::vector<NamedMetrics> out;
    const std::shared_lock guard(lock_);
    out.reserve(heaps_.size());
    for (const Shown& shown : heaps_) out.push_back({shown.name, shown.heap->metrics()});
    return out;
  }

  void listen() {
    if (options_.unix_socket.empty()) {
      bind_port();
    } else {
      bind_path();
    }
    const SignalsBlocked blocked;
    listener_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "memgc-observe");
      server_->listen_after_bind();
      ended_ = true;
    });
    // Until it runs, httplib's stop() does nothing.
    while (!server_->is_running() && !ended_) std::this_thread::yield();
  }

  void bind_port() {
    if (options_.port < 0 || options_.port > 65'535) {
      throw ObserveError(fmt::format("port is {}: accepted are 0 to 65535", options_.port));
    }
    // httplib asks for SO_REUSEPORT, with which two servers would share a port and half of the requests.
    server_->set_socket_options([](int socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    errno = 0;
    port_ = options_.port == 0                                  ? server_->bind_to_any_port("127.0.0.1")
            : server_->bind_to_port("127.0.0.1", options_.port) ? options_.port
                                                                : -1;
    if (port_ < 0) {
      throw ObserveError(fmt::format("127.0.0.1:{}: cannot listen: {}", options_.port, std::strerror(errno)));
    }
  }

  void bind_path() {
    const std::string& path = options_.unix_socket;
    if (path.size() >= sizeof(sockaddr_un::sun_path) || path.find('\0') != std::string::npos) {
      throw ObserveError(fmt::format("a socket's path of {} bytes: accepted are up to {}, none of them zero",
                                     path.size(), sizeof(sockaddr_un::sun_path) - 1));
    }
    server_->set_address_family(AF_UNIX);
    server_->set_socket_options([](int) {});
    errno = 0;
    if (!server_->bind_to_port(path, 80)) {  // a number that httplib wants and nobody uses
      throw ObserveError(fmt::format("{}: cannot listen: {}", path, std::strerror(errno)));
    }
    chmod(path.c_str(), S_IRUSR | S_IWUSR);
  }

  const ObserveOptions options_;
  std::optional<httplib::Server> server_;
  int port_ = 0;
  std::thread listener_;
  std::atomic<bool> ended_{false};  // the listener is through

  mutable std::shared_mutex lock_;  // guards heaps_, and is held while they are read
  std::vector<Shown> heaps_;
};

ObserveServer::ObserveServer(const ObserveOptions& options) : impl_(std::make_unique<Impl>(options)) {}
ObserveServer::ObserveServer(Heap& heap, const ObserveOptions& options) : ObserveServer(options) { add("1", heap); }
ObserveServer::~ObserveServer() = default;

void ObserveServer::add(std::string name, Heap& heap) { impl_->add(std::move(name), heap); }
void ObserveServer::remove(Heap& heap) { impl_->remove(heap); }
int ObserveServer::port() const noexcept { return impl_->port(); }
void ObserveServer::stop() { impl_->stop(); }

}  // namespace memgc
