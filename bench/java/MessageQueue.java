import static java.lang.Math.max;

import java.util.Arrays;

// Job: a queue of messages that grows at one end and dies at the other; see workloads/message_queue.h, whose answers it
// checks. A popped message keeps its link to the next.
final class MessageQueue implements Workload.Served {
  private static final int MIN_PAYLOAD = 16, MAX_PAYLOAD = 512; // bytes, with the length word

  private static final class Message {
    Message next;
    final byte[] payload;
    final long number;

    Message(byte[] payload, long number) {
      this.payload = payload;
      this.number = number;
    }
  }

  private final long live, messages;
  private long sent;
  private Message first, last;

  MessageQueue(Sizes sizes) {
    live = sizes.of(Size.QUEUE_LIVE);
    messages = max(sizes.of(Size.QUEUE_MESSAGES), live);
  }

  @Override
  public void run() {
    while (sent < messages) step();
  }

  @Override
  public void prepare() {}

  /** A message leaves once enough are waiting, and one comes. */
  @Override
  public void step() {
    final long number = sent++;
    if (number >= live) receive(number - live);
    send(number);
  }

  @Override
  public long stepsUntilSteady() {
    return 2 * live;
  }

  @Override
  public void verify() {
    long number = sent - live;
    for (Message message = first; message != null; message = message.next) check(message, number++);
    WrongAnswer.expectEqual("the number of messages sent", number, sent);
  }

  private static int payloadSize(long number) {
    return SplitMix64.sizeOf(SplitMix64.mix64(number), MIN_PAYLOAD, MAX_PAYLOAD) - Long.BYTES;
  }

  private static byte byteOf(long number) {
    return (byte) (number * 7 + 1);
  }

  private void send(long number) {
    final byte[] payload = new byte[payloadSize(number)];
    Arrays.fill(payload, byteOf(number));
    final Message message = new Message(payload, number);
    if (last != null) {
      last.next = message;
    } else {
      first = message;
    }
    last = message;
  }

  private void receive(long number) {
    if (first == null) throw new WrongAnswer("the first message", 0, number);
    check(first, number);
    first = first.next;
    if (first == null) last = null;
  }

  private static void check(Message message, long number) {
    WrongAnswer.expectEqual("a message's number", message.number, number);
    final byte[] payload = message.payload;
    WrongAnswer.expectEqual("a message's size", payload.length, payloadSize(number));
    WrongAnswer.expectEqual("a message's first byte", payload[0], byteOf(number));
    WrongAnswer.expectEqual("a message's last byte", payload[payload.length - 1], byteOf(number));
  }
}
