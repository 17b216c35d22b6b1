// Job: GCBench (Ellis, Kovac, Boehm), as workloads/gcbench.h has it, whose answers it checks.
final class GcBench implements Workload {
  private static final int MIN_DEPTH = 4;

  private static final class Node {
    Node left, right;
    int i, j;

    Node() {}

    Node(Node left, Node right) {
      this.left = left;
      this.right = right;
    }
  }

  private final int depth, stretchDepth, arraySize;
  private Node longLived;
  private double[] array;

  GcBench(Sizes sizes) {
    depth = sizes.intOf(Size.GCBENCH_DEPTH);
    stretchDepth = depth + 2;
    arraySize = 8 << depth;
  }

  @Override
  public void run() {
    bottomUp(stretchDepth);
    longLived = new Node();
    populate(longLived, depth);
    array = new double[arraySize];
    for (int i = 0; i < arraySize; i++) array[i] = element(i);
    for (int smaller = MIN_DEPTH; smaller <= depth; smaller += 2) {
      final long trees = 2 * nodes(stretchDepth) / nodes(smaller);
      for (long i = 0; i < trees; i++) topDown(smaller);
      for (long i = 0; i < trees; i++) bottomUp(smaller);
    }
  }

  @Override
  public void verify() {
    WrongAnswer.expectEqual("the long-lived tree's node count", count(longLived), nodes(depth));
    WrongAnswer.expectEqual("the array's size", array.length, arraySize);
    for (int i = 0; i < arraySize; i++) {
      if (array[i] != element(i)) throw new WrongAnswer("an element of the array", i, i);
    }
  }

  private static long nodes(int depth) {
    return (2L << depth) - 1;
  }

  private static double element(int i) {
    return 1.0 / (i + 1);
  }

  private static void populate(Node node, int depth) {
    if (depth == 0) return;
    node.left = new Node();
    node.right = new Node();
    populate(node.left, depth - 1);
    populate(node.right, depth - 1);
  }

  private static Node build(int depth) {
    if (depth == 0) return new Node();
    return new Node(build(depth - 1), build(depth - 1));
  }

  private static void topDown(int depth) {
    final Node tree = new Node();
    populate(tree, depth);
    checkSpines(tree, depth);
  }

  private static void bottomUp(int depth) {
    checkSpines(build(depth), depth);
  }

  private static void checkSpines(Node tree, int depth) {
    int left = 0, right = 0;
    for (Node node = tree.left; node != null; node = node.left) left++;
    for (Node node = tree.right; node != null; node = node.right) right++;
    WrongAnswer.expectEqual("the length of a tree's left spine", left, depth);
    WrongAnswer.expectEqual("the length of a tree's right spine", right, depth);
  }

  private static long count(Node node) {
    return node.left == null ? 1 : 1 + count(node.left) + count(node.right);
  }
}
