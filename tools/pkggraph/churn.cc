// Job: see churn.h.
#include "churn.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <random>
#include <thread>
#include <vector>

#include "errors.h"

namespace pkggraph {

namespace {

// Packages that are out of the graph at the same time: a sixteenth of a thread's share, so that names and lists truly
// come and go, and the graph stays large.
constexpr std::size_t kShareOfBatch = 16;

// One thread's part of the work.
class Churner {
 public:
  Churner(GraphStore& store, const IndexSource& source, std::uint64_t seed)
      : store_(store), source_(source), builder_(store.options()), random_(seed) {}

  void run(memgc::Mutator& me, PackageArray& mine, std::uint64_t turns) {
    const std::size_t most = std::max<std::size_t>(1, mine.size() / kShareOfBatch);
    while (turns > 0) {
      const std::size_t batch = static_cast<std::size_t>(std::min<std::uint64_t>(turns, most));
      for (std::size_t i = 0; i < batch; ++i) {
        const std::size_t chosen = i + below(mine.size() - i);
        Package* package = mine[chosen];
        mine[chosen] = mine[i];
        mine[i] = package;
        store_.remove(me, package);
      }
      for (std::size_t i = batch; i-- > 0;) mine[i] = read_again(me, mine[i]);
      turns -= batch;
    }
  }

 private:
  // Not std::uniform_int_distribution, whose results differ between standard libraries. The bias is below 2^-40.
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }

  Package* read_again(memgc::Mutator& me, const Package* old) {
    text_.resize(old->source_bytes);
    source_.reread(me, old->source_offset, text_.data(), text_.size());
    std::size_t position = 0;
    StanzaReader reader(
        source_.name(),
        [&](char* buffer, std::size_t size) {
          const std::size_t chunk = std::min(size, text_.size() - position);
          std::copy_n(text_.data() + position, chunk, buffer);
          position += chunk;
          return chunk;
        },
        old->source_line, text_.size() + 1);
    const bool is_same =
        reader.next(stanza_) && stanza_.package.text == old->name_view() && stanza_.version.text == old->version_view();
    if (!is_same) {
      throw InputError(fmt::format("{}:{}: expected the stanza of {} {}: the file has changed since it was read",
                                   source_.name(), old->source_line, old->name_view(), old->version_view()));
    }
    stanza_.offset = old->source_offset;
    Package* package = store_.insert(me, builder_, stanza_, source_.name());
    if (package == nullptr)
      throw CheckFailed(fmt::format("{} is in the graph although it was dropped", old->name_view()));
    return package;
  }

  GraphStore& store_;
  const IndexSource& source_;
  PackageBuilder builder_;
  std::mt19937_64 random_;
  std::vector<char> text_;
  Stanza stanza_;
};

// Deals the packages out, one array per thread. Nothing but the graph and these arrays refers to a package afterwards:
// the array of all is emptied as it is dealt, lest it keep what churn drops.
std::vector<memgc::Root<PackageArray>> deal(memgc::Mutator& me, const Graph& graph, unsigned threads) {
  PackageArray* all = order_packages(me, graph);
  std::vector<memgc::Root<PackageArray>> shares;
  for (unsigned index = 0; index < threads; ++index) {
    const std::size_t count = (all->size() + threads - 1 - index) / threads;
    PackageArray* share = memgc::make_array<memgc::Member<Package>>(count);
    for (std::size_t i = 0; i < count; ++i) {
      me.safepoint();
      (*share)[i] = (*all)[index + i * threads];
      (*all)[index + i * threads] = nullptr;
    }
    shares.emplace_back(share);
  }
  return shares;
}

}  // namespace

void churn(memgc::Heap& heap, memgc::Mutator& me, GraphStore& store, const IndexSource& source,
           const ChurnOptions& options) {
  if (store.graph().packages == 0) return;
  const auto threads = static_cast<unsigned>(std::clamp<std::uint64_t>(options.threads, 1, store.graph().packages));
  const std::vector<memgc::Root<PackageArray>> shares = deal(me, store.graph(), threads);
  const auto turns_of = [&](unsigned index) {
    return options.packages / threads + (index < options.packages % threads);
  };
  std::vector<std::exception_ptr> failures(threads);
  const auto work = [&](memgc::Mutator& mutator, unsigned index) {
    try {
      Churner(store, source, options.seed + index).run(mutator, *shares[index], turns_of(index));
    } catch (...) {
      failures[index] = std::current_exception();
    }
  };
  if (threads == 1) {
    work(me, 0);
  } else {
    memgc::BlockingScope waiting(me);
    std::vector<std::thread> helpers;
    for (unsigned index = 0; index < threads; ++index) {
      helpers.emplace_back([&, index] {
        memgc::Mutator mutator(heap);
        work(mutator, index);
      });
    }
    for (std::thread& helper : helpers) helper.join();
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure != nullptr) std::rethrow_exception(failure);
  }
}

}  // namespace pkggraph
