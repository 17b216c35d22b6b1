// Job: workloads/gcbench.h in Go. A node is two pointers and two numbers.

package main

type gcbenchNode struct {
	left, right *gcbenchNode
	i, j        int32
}

type gcbench struct {
	depth     int
	longLived *gcbenchNode
	array     []float64
}

func newGcBench(s sizes) workload { return &gcbench{depth: int(s.gcbenchDepth)} }

func (g *gcbench) stretchDepth() int { return g.depth + 2 }

func gcbenchElement(i int) float64 { return 1 / float64(i+1) }

func (g *gcbench) run() {
	buildGcbench(g.stretchDepth()).checkSpines(g.stretchDepth())
	g.longLived = &gcbenchNode{}
	g.longLived.populate(g.depth)
	g.array = make([]float64, 8<<g.depth)
	for i := range g.array {
		g.array[i] = gcbenchElement(i)
	}
	for depth := gcbenchMinDepth; depth <= g.depth; depth += 2 {
		trees := 2 * nodesOfTree(g.stretchDepth()) / nodesOfTree(depth)
		for i := uint64(0); i < trees; i++ {
			tree := &gcbenchNode{}
			tree.populate(depth)
			tree.checkSpines(depth)
		}
		for i := uint64(0); i < trees; i++ {
			buildGcbench(depth).checkSpines(depth)
		}
	}
}

func (g *gcbench) verify() {
	expectEqual("the long-lived tree's node count", g.longLived.count(), nodesOfTree(g.depth))
	expectEqual("the array's size", uint64(len(g.array)), 8<<g.depth)
	for i, element := range g.array {
		if element != gcbenchElement(i) {
			wrongAnswer("an element of the array", uint64(i), uint64(i))
		}
	}
}

func (n *gcbenchNode) populate(depth int) {
	if depth == 0 {
		return
	}
	n.left = &gcbenchNode{}
	n.right = &gcbenchNode{}
	n.left.populate(depth - 1)
	n.right.populate(depth - 1)
}

func buildGcbench(depth int) *gcbenchNode {
	if depth == 0 {
		return &gcbenchNode{}
	}
	left := buildGcbench(depth - 1)
	right := buildGcbench(depth - 1)
	return &gcbenchNode{left: left, right: right}
}

func (n *gcbenchNode) checkSpines(depth int) {
	var left, right int
	for node := n.left; node != nil; node = node.left {
		left++
	}
	for node := n.right; node != nil; node = node.right {
		right++
	}
	expectEqual("the length of a tree's left spine", uint64(left), uint64(depth))
	expectEqual("the length of a tree's right spine", uint64(right), uint64(depth))
}

func (n *gcbenchNode) count() uint64 {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.count() + n.right.count()
}
