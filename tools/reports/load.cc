// Job: see load.h.
#include "load.h"

#include <fmt/format.h>
#include <httplib.h>

#include <atomic>
#include <thread>
#include <vector>

#include "report.h"

namespace reports {

int load(const LoadOptions& options) {
  std::atomic<std::size_t> answered{0}, shed{0}, wrong{0}, lost{0};
  const std::string path = fmt::format("/report?rows={}", options.rows);
  const std::string expected = fmt::format("{}\n", expected_sum(options.rows));
  std::vector<std::thread> clients;
  for (unsigned i = 0; i < options.clients; ++i) {
    clients.emplace_back([&] {
      for (std::size_t n = 0; n < options.requests; ++n) {
        httplib::Client client("127.0.0.1", options.port);
        client.set_read_timeout(60);
        const httplib::Result result = client.Get(path.c_str());
        if (!result) {
          ++lost;
        } else if (result->status == 429) {
          ++shed;
        } else {
          ++(result->status == 200 && result->body == expected ? answered : wrong);
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  fmt::print("answered {}, shed {}, wrong {}, lost {}\n", answered.load(), shed.load(), wrong.load(), lost.load());
  return wrong == 0 && lost == 0 ? 0 : 1;
}

}  // namespace reports
