// Job: a splay tree whose nodes carry trees of data: each step inserts a new key and removes the one below it; see
// workloads/splay_tree.h, whose answers it checks. Keys are ordered as unsigned words.
final class SplayTree implements Workload {
  private static final class Node {
    Node left, right;
    final SplayPayload.Part payload;
    final long key;

    Node(SplayPayload.Part payload, long key) {
      this.payload = payload;
      this.key = key;
    }
  }

  private final long live, steps;
  private final Node sides = new Node(null, 0); // splay()'s, empty between calls
  private Node root;
  private long keysSum;

  SplayTree(Sizes sizes) {
    live = sizes.of(Size.SPLAY_LIVE);
    steps = sizes.of(Size.SPLAY_STEPS);
  }

  @Override
  public void run() {
    for (long i = 0; i < live; i++) insert(SplitMix64.mix64(i));
    for (long i = 0; i < steps; i++) {
      final long key = SplitMix64.mix64(live + i);
      insert(key);
      remove(keyBelow(key));
    }
  }

  @Override
  public void verify() {
    straighten();
    long nodes = 0, sum = 0, last = 0;
    for (Node node = root; node != null; node = node.right) {
      if (nodes++ > 0 && !less(last, node.key)) throw new WrongAnswer("a key", node.key, last + 1);
      last = node.key;
      sum += node.key;
      SplayPayload.checkAll(node.payload, node.key);
    }
    WrongAnswer.expectEqual("the number of keys", nodes, live);
    WrongAnswer.expectEqual("the sum of the keys", sum, keysSum);
  }

  private static boolean less(long a, long b) {
    return Long.compareUnsigned(a, b) < 0;
  }

  private void insert(long key) {
    final Node node = new Node(SplayPayload.make(key), key);
    keysSum += key;
    if (root != null) {
      splay(key);
      if (root.key == key) throw new WrongAnswer("a new key", key, key + 1);
      if (less(key, root.key)) {
        node.right = root;
        node.left = root.left;
        root.left = null;
      } else {
        node.left = root;
        node.right = root.right;
        root.right = null;
      }
    }
    root = node;
  }

  // `key` is at the root. The greatest below it, or itself where there is none.
  private long keyBelow(long key) {
    Node below = root.left;
    if (below == null) return key;
    while (below.right != null) below = below.right;
    return below.key;
  }

  private void remove(long key) {
    splay(key);
    final Node victim = root;
    WrongAnswer.expectEqual("the key to be removed", victim.key, key);
    keysSum -= key;
    SplayPayload.checkPath(victim.payload, key);
    if (victim.left == null) {
      root = victim.right;
    } else {
      root = victim.left;
      splay(key); // brings up the greatest of them, which has nothing on its right
      root.right = victim.right;
    }
  }

  // Brings up `key` or a neighbour of it, top-down (Sleator and Tarjan, JACM 1985): what is smaller is gathered on the
  // right of `sides`, what is greater on its left. Two levels at once are turned round first.
  private void splay(long key) {
    Node smaller = sides; // where the next smaller node goes: on its right
    Node greater = sides; // and the next greater one: on its left
    Node node = root;
    while (node.key != key) {
      if (less(key, node.key)) {
        final Node child = node.left;
        if (child != null && less(key, child.key)) {
          node.left = child.right;
          child.right = node;
          node = child;
        }
        if (node.left == null) break;
        greater.left = node;
        greater = node;
        node = node.left;
      } else {
        final Node child = node.right;
        if (child != null && less(child.key, key)) {
          node.right = child.left;
          child.left = node;
          node = child;
        }
        if (node.right == null) break;
        smaller.right = node;
        smaller = node;
        node = node.right;
      }
    }
    smaller.right = node.left;
    greater.left = node.right;
    node.left = sides.right;
    node.right = sides.left;
    sides.left = null;
    sides.right = null;
    root = node;
  }

  // Turns the tree into a list by `right`, in the order of the keys.
  private void straighten() {
    Node last = sides, node = root;
    while (node != null) {
      if (node.left == null) {
        last.right = node;
        last = node;
        node = node.right;
      } else {
        final Node child = node.left;
        node.left = child.right;
        child.right = node;
        node = child;
      }
    }
    root = sides.right;
    sides.right = null;
  }
}
