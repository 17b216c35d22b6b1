// Job: see bounded_pool.h.
#include "runtime/observe/bounded_pool.h"

#include <utility>

namespace memgc::observe {

BoundedPool::BoundedPool(unsigned threads) {
  threads_.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

BoundedPool::~BoundedPool() { shutdown(); }

void BoundedPool::enqueue(std::function<void()> task) {
  std::unique_lock guard(lock_);
  changed_.wait(guard, [this] { return tasks_.size() < kMostWaiting; });
  tasks_.push_back(std::move(task));
  changed_.notify_all();
}

void BoundedPool::shutdown() {
  {
    const std::lock_guard guard(lock_);
    over_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void BoundedPool::run() {
  std::unique_lock guard(lock_);
  for (;;) {
    changed_.wait(guard, [this] { return over_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    changed_.notify_all();
    guard.unlock();
    task();
    guard.lock();
  }
}

}  // namespace memgc::observe
