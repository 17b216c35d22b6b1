import static java.lang.Math.max;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

// Job: messages that one half of the threads makes and the other half checks and drops, through bounded queues; see
// workloads/producer_consumer.h, whose answers it checks.
//
// Threads: a message is written by its producer before it is put and touched by its consumer alone after it was taken;
// a Channel orders the two. Nothing else is shared.
final class ProducerConsumer {
  private static final int MIN_PAYLOAD = 16, MAX_PAYLOAD = 512; // bytes, with the length word

  private record Message(byte[] payload, long producer, long number) {}

  private ProducerConsumer() {}

  /** The threads of a run: producers first. */
  static final class Threads implements Team {
    private final int pairs; // of a producer and a consumer
    private final long messages; // from each producer to each consumer
    private final List<Channel<Message>> queues = new ArrayList<>(); // by consumer

    Threads(Sizes sizes, int threads) {
      pairs = threads / 2;
      messages = max(sizes.of(Size.CHANNEL_MESSAGES) / pairs / pairs, 1);
      final int slots = max(sizes.intOf(Size.CHANNEL_SLOTS) / pairs, 1);
      for (int i = 0; i < pairs; i++) queues.add(new Channel<>(slots, pairs));
    }

    @Override
    public Workload member(int index) {
      return index < pairs ? new Producer(queues, messages, index)
                           : new Consumer(queues.get(index - pairs), messages, index - pairs, pairs);
    }

    @Override
    public void abandon() {
      queues.forEach(Channel::abandon);
    }
  }

  private record Producer(List<Channel<Message>> queues, long messages, int rank) implements Workload {
    @Override
    public void run() {
      final int pairs = queues.size();
      for (long number = 0; number < messages * pairs; number++) {
        queues.get((int) (number % pairs)).put(makeMessage(number));
      }
      queues.forEach(Channel::close);
    }

    @Override
    public void verify() {}

    private Message makeMessage(long number) {
      final long name = identity(rank, number);
      final byte[] payload = new byte[payloadSize(name)];
      Arrays.fill(payload, byteOf(name));
      return new Message(payload, rank, number);
    }
  }

  private static final class Consumer implements Workload {
    private final Channel<Message> queue;
    private final long messages;
    private final int rank;
    private final long[] received; // by producer

    Consumer(Channel<Message> queue, long messages, int rank, int pairs) {
      this.queue = queue;
      this.messages = messages;
      this.rank = rank;
      received = new long[pairs];
    }

    @Override
    public void run() {
      for (Message message = queue.take(); message != null; message = queue.take()) check(message);
    }

    @Override
    public void verify() {
      for (long count : received) WrongAnswer.expectEqual("the number of messages from a producer", count, messages);
    }

    private void check(Message message) {
      final int producer = (int) message.producer;
      WrongAnswer.expectEqual("a message's number", message.number, received[producer]++ * received.length + rank);
      final long name = identity(message.producer, message.number);
      final byte[] payload = message.payload;
      WrongAnswer.expectEqual("a message's size", payload.length, payloadSize(name));
      WrongAnswer.expectEqual("a message's first byte", payload[0], byteOf(name));
      WrongAnswer.expectEqual("a message's last byte", payload[payload.length - 1], byteOf(name));
    }
  }

  private static long identity(long producer, long number) {
    return producer << 48 | number;
  }

  private static int payloadSize(long identity) {
    return SplitMix64.sizeOf(SplitMix64.mix64(identity), MIN_PAYLOAD, MAX_PAYLOAD) - Long.BYTES;
  }

  private static byte byteOf(long identity) {
    return (byte) ((identity >>> 48) * 31 + identity * 7 + 1);
  }
}
