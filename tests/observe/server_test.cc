// Job: pins the endpoint: what it serves, whom it refuses, and that garbage, slow clients and crowds neither stop it
// nor the program, and that it stops and lets go of heaps when told to.
//
// Threads: the server's, clients', and the collectors'.
#include "memgc/observe/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <memgc/memgc.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "memgc/observe/error.h"
#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

using namespace std::chrono_literals;

int connected_to(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return socket;
}

enum class Then { kListen, kHangUp };

// All that comes back for these bytes. httplib answers nobody who has closed its half: that is for those who send what
// is no request, and would else be waited for.
std::string reply_to(int port, const std::string& bytes, Then then) {
  const int socket = connected_to(port);
  send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (then == Then::kHangUp) shutdown(socket, SHUT_WR);
  std::string reply;
  std::array<char, 4096> buffer;
  for (ssize_t n; (n = recv(socket, buffer.data(), buffer.size(), 0)) > 0;) {
    reply.append(buffer.data(), static_cast<std::size_t>(n));
  }
  close(socket);
  return reply;
}

int status_of(const std::string& reply) {
  int status = 0;
  return std::sscanf(reply.c_str(), "HTTP/1.%*d %d", &status) == 1 ? status : 0;
}

int status_with(int port, const std::string& headers, const std::string& line = "GET /metrics HTTP/1.1") {
  return status_of(reply_to(port, line + "\r\n" + headers + "\r\n", Then::kListen));
}

class ObserveServerTest : public ::testing::Test {
 protected:
  void expect_alive() {
    const auto result = httplib::Client("127.0.0.1", server_.port()).Get("/metrics");
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 200);
    EXPECT_NE(result->body.find("memgc_heap_live_bytes{heap=\"1\"} "), std::string::npos);
  }

  static ObserveOptions options() {
    ObserveOptions options;
    options.patience = 500ms;
    return options;
  }

  Heap heap_{manual_options()};
  ObserveServer server_{heap_, options()};
};

TEST_F(ObserveServerTest, ServesMetricsInTheFormThatIsAccepted) {
  httplib::Client client("127.0.0.1", server_.port());
  const auto plain = client.Get("/metrics");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->status, 200);
  EXPECT_EQ(plain->get_header_value("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  const auto open = client.Get("/metrics", {{"Accept", "application/openmetrics-text;version=1.0.0"}});
  ASSERT_TRUE(open);
  EXPECT_TRUE(open->get_header_value("Content-Type").starts_with("application/openmetrics-text;"));
  EXPECT_TRUE(open->body.ends_with("# EOF\n"));
}

TEST_F(ObserveServerTest, ServesFiguresThatAreTheHeapsOfNow) {
  heap_.collect();
  httplib::Client client("127.0.0.1", server_.port());
  const auto result = client.Get("/debug/stats");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->get_header_value("Content-Type"), "application/json");
  const nlohmann::json stats = nlohmann::json::parse(result->body);
  EXPECT_EQ(stats.at("heaps").at(0).at("full_cycles").at("forced"), 1);
  heap_.collect();
  EXPECT_EQ(nlohmann::json::parse(client.Get("/debug/stats")->body).at("heaps").at(0).at("full_cycles").at("forced"),
            2);
}

TEST_F(ObserveServerTest, ServesProfilesOfTheHeapThatIsAskedFor) {
  Heap other(manual_options());
  server_.add("other", other);
  httplib::Client client("127.0.0.1", server_.port());
  client.set_read_timeout(60s);
  for (const char* path : {"/debug/pprof/heap", "/debug/pprof/waiting", "/debug/pprof/heap?heap=other"}) {
    const auto result = client.Get(path);
    ASSERT_TRUE(result) << path;
    EXPECT_EQ(result->status, 200) << path;
    EXPECT_TRUE(result->body.starts_with("\x1f\x8b")) << "gzip: " << path;
  }
  EXPECT_EQ(client.Get("/debug/pprof/heap?heap=none")->status, 404);
  EXPECT_EQ(client.Get("/debug/pprof/heap?heap=")->status, 404);
  server_.remove(other);
}

TEST_F(ObserveServerTest, SaysWhatThereIs) {
  httplib::Client client("127.0.0.1", server_.port());
  for (const char* path : {"/", "/metric", "/metrics/", "/debug", "/../etc/passwd", "/debug/pprof/goroutine"}) {
    const auto result = client.Get(path);
    ASSERT_TRUE(result) << path;
    EXPECT_EQ(result->status, 404) << path;
    EXPECT_NE(result->body.find("/metrics"), std::string::npos);
  }
}

TEST_F(ObserveServerTest, RefusesOtherHostsNames) {
  const std::string port = std::to_string(server_.port());
  for (const std::string& host : {std::string("localhost"), "localhost:" + port, std::string("127.0.0.1"),
                                  "127.0.0.1:" + port, std::string("[::1]"), "[::1]:" + port, "LocalHost:" + port}) {
    EXPECT_EQ(status_with(server_.port(), "Host: " + host + "\r\n"), 200) << host;
  }
  for (const std::string& host :
       {std::string("evil.example"), "evil.example:" + port, "localhost.evil.example:" + port,
        std::string("localhost:1"), "127.0.0.1.nip.io:" + port, std::string("0.0.0.0"), "localhost:" + port + "0",
        std::string(), std::string("127.0.0.1:"), "localhost:" + port + " evil"}) {
    EXPECT_EQ(status_with(server_.port(), "Host: " + host + "\r\n"), 403) << host;
  }
  EXPECT_EQ(status_with(server_.port(), ""), 403) << "no name at all";
  EXPECT_EQ(status_with(server_.port(), "Host: localhost\r\nHost: evil.example\r\n"), 403) << "two names";
}

TEST_F(ObserveServerTest, AnswersGetAlone) {
  for (const char* method : {"POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"}) {
    EXPECT_EQ(status_with(server_.port(), "Host: localhost\r\n", std::string(method) + " /metrics HTTP/1.1"), 405)
        << method;
  }
  EXPECT_EQ(status_with(server_.port(), "Host: localhost\r\nContent-Length: 1000000000\r\n", "POST /metrics HTTP/1.1"),
            405)
      << "without reading what comes";
}

TEST_F(ObserveServerTest, OutlivesGarbage) {
  const std::uint64_t seed = std::random_device{}();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  std::vector<std::string> garbage{
      "",
      "\r\n\r\n",
      "GET\r\n\r\n",
      "GET /metrics\r\n\r\n",
      "GET /metrics HTTP/9.9\r\nHost: localhost\r\n\r\n",
      std::string(100'000, 'A'),
      "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n",
      "GET /%00%ff%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)};
  for (int i = 0; i < 50; ++i) {
    std::string bytes(random() % 300, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    garbage.push_back(bytes);
    std::string request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n";
    for (int n = 0; n < 3; ++n) request[random() % request.size()] = static_cast<char>(random());
    garbage.push_back(request);
  }
  for (const std::string& bytes : garbage) reply_to(server_.port(), bytes, Then::kHangUp);
  expect_alive();
}

TEST_F(ObserveServerTest, DoesNotWaitForeverForSlowClients) {
  std::vector<int> slow;
  for (int i = 0; i < 4; ++i) {  // twice as many as there are threads
    slow.push_back(connected_to(server_.port()));
    send(slow.back(), "GET /met", 8, MSG_NOSIGNAL);
  }
  httplib::Client client("127.0.0.1", server_.port());
  client.set_read_timeout(60s);
  const auto result = client.Get("/metrics");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  for (const int socket : slow) close(socket);
}

TEST_F(ObserveServerTest, AnswersACrowd) {
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 64; ++i) {
    clients.emplace_back([&] {
      httplib::Client client("127.0.0.1", server_.port());
      client.set_read_timeout(60s);
      const auto result = client.Get("/metrics");
      answered += result && result->status == 200;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, 64);
}

TEST_F(ObserveServerTest, ShowsHeapsWhileTheyAreAdded) {
  httplib::Client client("127.0.0.1", server_.port());
  {
    Heap other(manual_options());
    server_.add("other", other);
    EXPECT_NE(client.Get("/metrics")->body.find("{heap=\"other\"}"), std::string::npos);
    EXPECT_THROW(server_.add("another", other), std::invalid_argument);
    EXPECT_THROW(server_.add("other", heap_), std::invalid_argument);
    EXPECT_THROW(server_.add("no name", heap_), std::invalid_argument);
    server_.remove(other);
  }
  EXPECT_EQ(client.Get("/metrics")->body.find("{heap=\"other\"}"), std::string::npos);
  server_.remove(heap_);
  server_.remove(heap_);
  EXPECT_EQ(client.Get("/metrics")->status, 200) << "with no heap at all";
}

TEST_F(ObserveServerTest, LetsGoOfHeapsWhileRequestsCome) {
  std::atomic<bool> over{false};
  std::thread asking([&] {
    while (!over) httplib::Client("127.0.0.1", server_.port()).Get("/debug/stats");
  });
  for (int i = 0; i < 30; ++i) {
    Heap passing(manual_options());
    server_.add("passing", passing);
    std::this_thread::sleep_for(1ms);
    server_.remove(passing);
  }
  over = true;
  asking.join();
}

TEST_F(ObserveServerTest, IsReadWhileOthersAllocateAndCollect) {
  std::atomic<bool> over{false};
  std::thread allocating([&] {
    Mutator me(heap_);
    while (!over) me.make<Node>();
  });
  for (int i = 0; i < 20; ++i) {
    heap_.collect();
    expect_alive();
  }
  over = true;
  allocating.join();
}

TEST(ObserveServer, IsAttachedToNoHeapAndLeavesSignalsAlone) {
  signal(SIGPIPE, SIG_DFL);
  Heap heap(manual_options());
  const ObserveServer server(heap, {});
  EXPECT_EQ(signal(SIGPIPE, SIG_DFL), SIG_DFL) << "what SIGPIPE does is the program's choice";
  EXPECT_EQ(heap.metrics().attached_threads, 0u);
  // Somebody who asks and goes away: were SIGPIPE not blocked on the server's threads, this would be the end.
  for (int i = 0; i < 50; ++i) {
    const int socket = connected_to(server.port());
    const std::string request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    const linger at_once{1, 0};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(socket);
  }
  EXPECT_EQ(status_with(server.port(), "Host: localhost\r\n"), 200);
}

TEST(ObserveServer, StopsAtOnceAndGivesThePortBack) {
  Heap heap(manual_options());
  auto first = std::make_unique<ObserveServer>(heap, ObserveOptions{});
  ObserveOptions same;
  same.port = first->port();
  EXPECT_THROW(ObserveServer(heap, same), ObserveError) << "taken";
  first->stop();
  first->stop();
  first.reset();
  const ObserveServer second(heap, same);
  EXPECT_EQ(second.port(), same.port);
  for (int i = 0; i < 20; ++i) const ObserveServer brief(heap, {});
}

TEST(ObserveServer, ListensOnAUnixSocketForThisUserAlone) {
  Heap heap(manual_options());
  ObserveOptions options;
  options.unix_socket = "/tmp/memgc_observe_" + std::to_string(getpid());
  {
    const ObserveServer server(heap, options);
    EXPECT_EQ(server.port(), 0);
    struct stat status {};
    ASSERT_EQ(stat(options.unix_socket.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    httplib::Client client(options.unix_socket);
    client.set_address_family(AF_UNIX);
    client.set_default_headers({{"Host", "localhost"}});
    const auto result = client.Get("/metrics");
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 200);
    EXPECT_THROW(ObserveServer(heap, options), ObserveError) << "something stands there";
    ASSERT_EQ(stat(options.unix_socket.c_str(), &status), 0) << "and is left alone";
  }
  struct stat status {};
  EXPECT_NE(stat(options.unix_socket.c_str(), &status), 0) << "removed";
}

TEST(ObserveServer, RefusesOptionsThatCannotBe) {
  const auto expect_refused = [](auto&& change) {
    ObserveOptions options;
    change(options);
    EXPECT_THROW(ObserveServer{options}, ObserveError);
  };
  expect_refused([](ObserveOptions& options) { options.port = -1; });
  expect_refused([](ObserveOptions& options) { options.port = 65'536; });
  expect_refused([](ObserveOptions& options) { options.threads = 0; });
  expect_refused([](ObserveOptions& options) { options.threads = 65; });
  expect_refused([](ObserveOptions& options) { options.unix_socket = std::string(200, 'x'); });
  expect_refused([](ObserveOptions& options) { options.unix_socket = "/no/such/folder/socket"; });
}

}  // namespace
}  // namespace memgc::testing
