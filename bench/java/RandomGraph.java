// Job: a graph that changes all the time; see workloads/random_graph.h, whose answers it checks.
final class RandomGraph implements Workload {
  private static final int MIN_EDGES = 2, MAX_EDGES = 8; // of a node

  private static final class Node {
    Node[] edges; // null: dropped
    final long name; // never 0
    long sum; // of the names that its edges lead to

    Node(Node[] edges, long name) {
      this.edges = edges;
      this.name = name;
    }
  }

  private final int size;
  private final long steps;
  private final SplitMix64 random = new SplitMix64(1);
  private int filled; // slots that have a node
  private long made, names; // names: of the living, summed up
  private Node[] nodes;

  RandomGraph(Sizes sizes) {
    size = sizes.intOf(Size.GRAPH_NODES);
    steps = sizes.of(Size.GRAPH_STEPS);
  }

  @Override
  public void run() {
    nodes = new Node[size];
    while (filled < size) putNewNode(filled++);
    for (long i = 0; i < steps; i++) step();
  }

  @Override
  public void verify() {
    long sum = 0;
    for (Node node : nodes) {
      check(node);
      sum += node.name;
    }
    WrongAnswer.expectEqual("the sum of all nodes' names", sum, names);
  }

  private Node anyNode() {
    return nodes[random.below(filled)];
  }

  private Node[] makeEdges() {
    return new Node[MIN_EDGES + random.below(MAX_EDGES - MIN_EDGES + 1)];
  }

  private void step() {
    final int slot = random.below(size);
    final Node node = nodes[slot];
    visit(node);
    final Node[] edges = node.edges;
    visit(edges[random.below(edges.length)]);
    switch (random.below(8)) {
      case 0, 1, 2, 3 -> {
        putNewNode(slot);
        drop(node);
      }
      case 4, 5, 6 -> resize(node);
      default -> turn(node, random.below(edges.length));
    }
  }

  private void putNewNode(int slot) {
    final Node[] edges = makeEdges();
    final Node node = new Node(edges, SplitMix64.mix64(++made));
    names += node.name;
    nodes[slot] = node;
    for (int i = 0; i < edges.length; i++) connect(node, edges, i);
  }

  private void drop(Node node) {
    names -= node.name;
    node.edges = null;
  }

  // Its first edges stay, as many as there is room for.
  private void resize(Node node) {
    final Node[] old = node.edges, edges = makeEdges();
    node.edges = edges;
    for (int i = 0; i < edges.length; i++) {
      if (i < old.length) {
        edges[i] = old[i];
      } else {
        connect(node, edges, i);
      }
    }
    for (int i = edges.length; i < old.length; i++) node.sum -= old[i].name;
  }

  private void turn(Node node, int edge) {
    node.sum -= node.edges[edge].name;
    connect(node, node.edges, edge);
  }

  private void connect(Node from, Node[] edges, int edge) {
    final Node to = anyNode();
    edges[edge] = to;
    from.sum += to.name;
  }

  private void visit(Node node) {
    check(node);
    final Node[] edges = node.edges;
    for (int i = 0; i < edges.length; i++) {
      if (edges[i].edges == null) turn(node, i);
    }
  }

  private static void check(Node node) {
    if (node.edges == null) throw new WrongAnswer("the edge array of a node in use", 0, node.name);
    long sum = 0;
    for (Node neighbour : node.edges) sum += neighbour.name;
    WrongAnswer.expectEqual("the sum of the neighbours' names", sum, node.sum);
  }
}
