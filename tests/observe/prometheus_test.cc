// Job: pins that a real Prometheus server scrapes the endpoint and answers queries with the heap's figures.
//
// The server has a folder and a port of its own, and knows of nothing but 127.0.0.1. Threads: the endpoint's.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <memgc/memgc.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "memgc/observe/server.h"
#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

using namespace std::chrono_literals;

// Free a moment ago.
int free_port() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(bind(socket, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(socket);
  return ntohs(address.sin_port);
}

class Prometheus {
 public:
  explicit Prometheus(int target) : port_(free_port()) {
    char folder[] = "/tmp/memgc_prometheus_XXXXXX";
    folder_ = mkdtemp(folder);
    std::ofstream(folder_ / "config.yml") << "global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: memgc\n"
                                             "    static_configs:\n      - targets: ['127.0.0.1:"
                                          << target << "']\n";
    process_ = fork();
    if (process_ == 0) {
      const std::string config = "--config.file=" + (folder_ / "config.yml").string();
      const std::string data = "--storage.tsdb.path=" + (folder_ / "data").string();
      const std::string listen = "--web.listen-address=127.0.0.1:" + std::to_string(port_);
      const std::string log = (folder_ / "log").string();
      if (freopen(log.c_str(), "w", stderr) == nullptr) _exit(126);
      execlp("prometheus", "prometheus", config.c_str(), data.c_str(), listen.c_str(), nullptr);
      _exit(127);
    }
  }
  ~Prometheus() {
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }

  // The first value that the query has, waited for; "" if there is none in a minute.
  std::string value(const std::string& query) const {
    for (int i = 0; i < 600; ++i) {
      httplib::Client client("127.0.0.1", port_);
      const auto result = client.Get("/api/v1/query?query=" + httplib::detail::encode_query_param(query));
      if (result && result->status == 200) {
        const nlohmann::json read = nlohmann::json::parse(result->body);
        const nlohmann::json& found = read.at("data").at("result");
        if (!found.empty()) return found.at(0).at("value").at(1).get<std::string>();
      }
      std::this_thread::sleep_for(100ms);
    }
    return "";
  }

 private:
  int port_;
  std::filesystem::path folder_;
  pid_t process_ = -1;
};

TEST(Prometheus, ScrapesTheEndpoint) {
  if (std::system("command -v prometheus > /dev/null") != 0) GTEST_SKIP() << "no prometheus here";
  Heap heap(manual_options());
  Root<Array<char>> keep;
  on_another_thread(heap, [&](Mutator& me) { keep = me.make_array<char>(5 << 20); });
  for (int i = 0; i < 3; ++i) heap.collect();
  const ObserveServer server(heap, {});
  const Prometheus prometheus(server.port());
  EXPECT_EQ(prometheus.value("up{job=\"memgc\"} == 1"), "1");
  const Metrics metrics = heap.metrics();
  EXPECT_EQ(prometheus.value("memgc_heap_live_bytes{heap=\"1\"}"), std::to_string(metrics.live_bytes));
  EXPECT_EQ(prometheus.value("memgc_gc_cycles_total{cause=\"forced\",kind=\"full\"}"), "3");
  EXPECT_EQ(prometheus.value("memgc_gc_pause_seconds_bucket{le=\"+Inf\"}"), std::to_string(metrics.stops.count()));
  EXPECT_EQ(prometheus.value("memgc_heap_goal_bytes"), "+Inf");
  EXPECT_EQ(prometheus.value("memgc_info{version=\"" MEMGC_VERSION_STRING "\"}"), "1");
}

}  // namespace
}  // namespace memgc::testing
