// Job: the binary trees of the Computer Language Benchmarks Game, as workloads/binary_trees.h has them.
final class BinaryTrees implements Workload {
  private static final int MIN_DEPTH = 4;

  private record Node(Node left, Node right) {}

  private final int depth;
  private Node longLived;

  BinaryTrees(Sizes sizes, int threads) {
    // One level less halves a tree.
    final int levels = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(threads);
    depth = Math.max(sizes.intOf(Size.TREES_DEPTH), MIN_DEPTH + 2 + levels) - levels;
  }

  @Override
  public void run() {
    shortLived(depth + 1);
    longLived = build(depth);
    for (int smaller = MIN_DEPTH; smaller <= depth; smaller += 2) {
      final long trees = 1L << depth - smaller + MIN_DEPTH;
      for (long i = 0; i < trees; i++) shortLived(smaller);
    }
    WrongAnswer.expectEqual("the long-lived tree's node count", count(longLived), nodes(depth));
  }

  @Override
  public void verify() {} // every answer is part of the benchmark

  private static long nodes(int depth) {
    return (2L << depth) - 1;
  }

  private static Node build(int depth) {
    if (depth == 0) return new Node(null, null);
    return new Node(build(depth - 1), build(depth - 1));
  }

  private static long count(Node node) {
    return node.left == null ? 1 : 1 + count(node.left) + count(node.right);
  }

  private static void shortLived(int depth) {
    WrongAnswer.expectEqual("a short-lived tree's node count", count(build(depth)), nodes(depth));
  }
}
