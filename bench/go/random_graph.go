// Job: workloads/random_graph.h in Go: as for every collector, edges to a dropped node are not counted.

package main

type graphNode struct {
	edges []*graphNode // none: dropped
	name  uint64       // never 0
	sum   uint64       // of the names that its edges lead to
}

type randomGraph struct {
	size, steps uint64
	random      random
	filled      uint64 // slots that have a node
	made        uint64
	names       uint64 // of the living, summed up
	nodes       []*graphNode
}

func newRandomGraph(s sizes, index int) workload {
	return &randomGraph{size: s.graphNodes, steps: s.graphSteps, random: random(index + 1)}
}

func (g *randomGraph) run() {
	g.nodes = make([]*graphNode, g.size)
	for g.filled < g.size {
		slot := g.filled
		g.filled++
		g.putNewNode(slot)
	}
	for i := uint64(0); i < g.steps; i++ {
		g.step()
	}
}

func (g *randomGraph) verify() {
	var names uint64
	for _, node := range g.nodes {
		node.check()
		names += node.name
	}
	expectEqual("the sum of all nodes' names", names, g.names)
}

func (g *randomGraph) anyNode() *graphNode { return g.nodes[g.random.below(g.filled)] }

func (g *randomGraph) makeEdges() []*graphNode {
	return make([]*graphNode, graphMinEdges+g.random.below(graphMaxEdges-graphMinEdges+1))
}

func (g *randomGraph) step() {
	slot := g.random.below(g.size)
	node := g.nodes[slot]
	g.visit(node)
	edges := node.edges
	g.visit(edges[g.random.below(uint64(len(edges)))])
	switch g.random.below(8) {
	case 0, 1, 2, 3:
		g.putNewNode(slot)
		g.drop(node)
	case 4, 5, 6:
		g.resize(node)
	default:
		g.turn(node, g.random.below(uint64(len(edges))))
	}
}

func (g *randomGraph) putNewNode(slot uint64) {
	g.made++
	node := &graphNode{edges: g.makeEdges(), name: mix64(g.made)}
	g.names += node.name
	g.nodes[slot] = node
	for i := range node.edges {
		node.connect(i, g.anyNode())
	}
}

func (g *randomGraph) drop(node *graphNode) {
	g.names -= node.name
	node.edges = nil
}

// resize: its first edges stay, as many as there is room for.
func (g *randomGraph) resize(node *graphNode) {
	old := node.edges
	node.edges = g.makeEdges()
	kept := copy(node.edges, old)
	for i := kept; i < len(node.edges); i++ {
		node.connect(i, g.anyNode())
	}
	for _, lost := range old[kept:] {
		node.sum -= lost.name
	}
}

func (g *randomGraph) turn(node *graphNode, edge uint64) {
	node.sum -= node.edges[edge].name
	node.connect(int(edge), g.anyNode())
}

func (n *graphNode) connect(edge int, to *graphNode) {
	n.edges[edge] = to
	n.sum += to.name
}

func (g *randomGraph) visit(node *graphNode) {
	node.check()
	for i, to := range node.edges {
		if to.edges == nil {
			g.turn(node, uint64(i))
		}
	}
}

func (n *graphNode) check() {
	if n.edges == nil {
		wrongAnswer("the edge array of a node in use", 0, n.name)
	}
	var sum uint64
	for _, to := range n.edges {
		sum += to.name
	}
	expectEqual("the sum of the neighbours' names", sum, n.sum)
}
