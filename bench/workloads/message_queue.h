// Job: a queue of messages, as between the parts of a server: a linked list that grows at one end and dies at the
// other.
//
// Every message lives as long as every other, so none dies young; a popped message still points at its successor, as a
// plain program leaves it, so one dead message that a collector takes for live keeps the whole queue behind it. The
// answers: each message comes out in its turn, with its own bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "harness/check.h"
#include "harness/random.h"
#include "policies/policy.h"
#include "workloads/sizes.h"

namespace memgc_bench {

template <class Policy>
class MessageQueue {
 public:
  using Options = MessageQueueOptions;
  static constexpr bool kUsesRegions = false;

  using Thread = typename Policy::Thread;

  MessageQueue(Thread& thread, const Options& options, unsigned index, unsigned threads)
      : thread_(thread),
        live_(std::max<std::uint64_t>(options.live / threads, 1)),
        messages_(std::max(options.messages / threads, live_)),
        seed_(std::uint64_t{index} << 48),
        ends_(thread.template make<Ends>()) {}

  ~MessageQueue() {
    if constexpr (Policy::kUnlinksByHand) {
      while (ends_->first != nullptr) drop_first();
    }
    if constexpr (Policy::kFreesByHand) thread_.free(ends_.get());
  }

  void run() {
    while (sent_ < messages_) step();
  }

  void prepare() {}

  /// A message leaves once enough are waiting, and one comes.
  void step() {
    const std::uint64_t number = sent_++;
    if (number >= live_) receive(number - live_);
    send(number);
  }
  std::uint64_t steps_until_steady() const { return 2 * live_; }

  void verify() {
    std::uint64_t number = sent_ - live_;
    for (Message* message = ends_->first; message != nullptr; message = message->next) check(*message, number++);
    expect_equal("the number of messages sent", number, sent_);
  }

 private:
  using Payload = typename Policy::template Array<unsigned char>;

  struct Message {
    typename Policy::template Ref<Message> next;
    typename Policy::template Ref<Payload> payload;
    std::uint64_t number;
    static constexpr auto fields = Policy::fields(&Message::next, &Message::payload);
  };
  using Local = typename Policy::template Local<Message>;

  struct Ends {
    typename Policy::template Ref<Message> first{nullptr};
    typename Policy::template BackRef<Message> last{nullptr};
    static constexpr auto fields = Policy::fields(&Ends::first, &Ends::last);
  };

  std::uint64_t payload_size(std::uint64_t number) const {
    return Options::kMinPayload + mix64(seed_ + number) % (Options::kMaxPayload - Options::kMinPayload + 1) -
           sizeof(std::size_t);
  }
  static unsigned char byte_of(std::uint64_t number) { return static_cast<unsigned char>(number * 7 + 1); }

  [[gnu::noinline]] void send(std::uint64_t number) {
    auto payload = thread_.template make_leaves<unsigned char>(payload_size(number));
    std::memset(payload->data(), byte_of(number), payload->size());
    Local message = thread_.template make<Message>(nullptr, std::move(payload), number);
    Message* const last = ends_->last;
    ends_->last = message;
    if (last != nullptr) {
      last->next = std::move(message);
    } else {
      ends_->first = std::move(message);
    }
  }

  [[gnu::noinline]] void receive(std::uint64_t number) {
    if (ends_->first == nullptr) wrong_answer("the first message", 0, number);
    check(*ends_->first, number);
    drop_first();
  }

  void drop_first() {
    Local message = std::move(ends_->first);
    ends_->first = std::move(message->next);  // a copy to all that do not count
    if (ends_->first == nullptr) ends_->last = nullptr;
    thread_.free(static_cast<Payload*>(message->payload));
    thread_.free(message);
  }

  void check(Message& message, std::uint64_t number) const {
    expect_equal("a message's number", message.number, number);
    Payload& payload = *message.payload;
    expect_equal("a message's size", payload.size(), payload_size(number));
    expect_equal("a message's first byte", payload[0], byte_of(number));
    expect_equal("a message's last byte", payload[payload.size() - 1], byte_of(number));
  }

  Thread& thread_;
  const std::uint64_t live_, messages_, seed_;
  std::uint64_t sent_ = 0;
  typename Policy::template Root<Ends> ends_;
};

}  // namespace memgc_bench
