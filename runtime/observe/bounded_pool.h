// Threads that do what is given to them, in order; who gives more than a few things ahead waits. httplib's own pool has
// a list without end, which a crowd of connections would fill.
//
// Threads: enqueue() and shutdown(), the one that accepts; its own.
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace memgc::observe {

class BoundedPool final : public httplib::TaskQueue {
 public:
  explicit BoundedPool(unsigned threads);
  ~BoundedPool() override;

  void enqueue(std::function<void()> task) override;
  // Returns when all that was given is done.
  void shutdown() override;

 private:
  static constexpr std::size_t kMostWaiting = 16;

  void run();

  std::mutex lock_;  // guards tasks_ and over_
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool over_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace memgc::observe
