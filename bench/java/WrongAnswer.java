// Job: how a workload says that its own answers are wrong: the run is then an error, never a figure.
final class WrongAnswer extends RuntimeException {
  private static final long serialVersionUID = 1;

  WrongAnswer(String message) {
    super(message);
  }

  WrongAnswer(String what, long found, long expected) {
    this("wrong answer: %s is %s, expected %s"
            .formatted(what, Long.toUnsignedString(found), Long.toUnsignedString(expected)));
  }

  static void expectEqual(String what, long found, long expected) {
    if (found != expected) throw new WrongAnswer(what, found, expected);
  }
}
