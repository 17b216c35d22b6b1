// Job: messages that one half of the threads makes and the other half checks and drops, through bounded queues.
//
// Every consumer has a queue, and every producer sends to all of them in turn. Objects live about as long as a queue is
// deep and are freed by threads that never make any: the one-way traffic that allocators with a cache per thread must
// carry back. The answers: each message of each producer comes out once, in its turn, with its own bytes.
//
// Threads: a message is written by its producer before it is put and touched by its consumer alone after it was taken;
// a Channel orders the two, so there is no data race. Nothing else is shared.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "harness/check.h"
#include "harness/random.h"
#include "policies/policy.h"
#include "workloads/channel.h"
#include "workloads/sizes.h"

namespace memgc_bench {

template <class Policy>
class ProducerConsumer {
  using Payload = typename Policy::template Array<unsigned char>;

  struct Message {
    typename Policy::template Ref<Payload> payload;
    std::uint64_t producer, number;
    static constexpr auto fields = Policy::fields(&Message::payload);
  };
  using Local = typename Policy::template Local<Message>;

 public:
  using Options = ProducerConsumerOptions;
  static constexpr bool kUsesRegions = false;

  using Thread = typename Policy::Thread;

  struct Shared {
    Shared(const Options&, unsigned threads) : queues(threads / 2) {
      if (threads < 2 || threads % 2 != 0) throw std::invalid_argument("producers and consumers: an even number");
    }
    void abandon() {
      for (auto& queue : queues) queue.abandon();
    }

    std::vector<Channel<Policy, Message>> queues;  // by consumer
  };

  ProducerConsumer(Thread& thread, const Options& options, unsigned index, unsigned threads, Shared& shared)
      : thread_(thread),
        pairs_(threads / 2),
        produces_(index < pairs_),
        rank_(index % pairs_),
        // From each producer to each consumer.
        messages_(std::max<std::uint64_t>(options.messages / pairs_ / pairs_, 1)),
        queues_(shared.queues),
        received_(pairs_) {
    if (!produces_) queues_[rank_].open(thread, std::max<std::size_t>(options.slots / pairs_, 1), pairs_);
  }

  ~ProducerConsumer() {
    if (!produces_) queues_[rank_].free_slots(thread_);
  }

  void run() {
    if (produces_) {
      produce();
    } else {
      consume();
    }
  }

  void verify() {
    if (produces_) return;
    for (std::uint64_t count : received_) expect_equal("the number of messages from a producer", count, messages_);
  }

 private:
  static std::uint64_t identity(std::uint64_t producer, std::uint64_t number) { return producer << 48 | number; }
  static std::uint64_t payload_size(std::uint64_t identity) {
    return Options::kMinPayload + mix64(identity) % (Options::kMaxPayload - Options::kMinPayload + 1) -
           sizeof(std::size_t);
  }
  static unsigned char byte_of(std::uint64_t identity) {
    return static_cast<unsigned char>((identity >> 48) * 31 + identity * 7 + 1);
  }

  void produce() {
    for (std::uint64_t number = 0; number < messages_ * pairs_; ++number) {
      queues_[number % pairs_].put(thread_, make_message(number));
    }
    for (auto& queue : queues_) queue.close(thread_);
  }

  [[gnu::noinline]] Local make_message(std::uint64_t number) {
    const std::uint64_t name = identity(rank_, number);
    auto payload = thread_.template make_leaves<unsigned char>(payload_size(name));
    std::memset(payload->data(), byte_of(name), payload->size());
    return thread_.template make<Message>(std::move(payload), std::uint64_t{rank_}, number);
  }

  void consume() {
    while (Local message = queues_[rank_].take(thread_)) {
      check(*message);
      thread_.free(static_cast<Payload*>(message->payload));
      thread_.free(message);
    }
  }

  void check(Message& message) {
    if (message.producer >= pairs_) wrong_answer("a message's producer", message.producer, pairs_ - 1);
    expect_equal("a message's number", message.number, received_[message.producer]++ * pairs_ + rank_);
    if (message.payload == nullptr) wrong_answer("the payload of a message", 0, message.number);
    const std::uint64_t name = identity(message.producer, message.number);
    Payload& payload = *message.payload;
    expect_equal("a message's size", payload.size(), payload_size(name));
    expect_equal("a message's first byte", payload[0], byte_of(name));
    expect_equal("a message's last byte", payload[payload.size() - 1], byte_of(name));
  }

  Thread& thread_;
  const unsigned pairs_;  // of a producer and a consumer
  const bool produces_;
  const unsigned rank_;  // among producers or consumers
  const std::uint64_t messages_;
  std::vector<Channel<Policy, Message>>& queues_;
  std::vector<std::uint64_t> received_;  // by producer
};

}  // namespace memgc_bench
