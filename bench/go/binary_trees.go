// Job: workloads/binary_trees.h in Go. A node is two pointers.

package main

type treeNode struct{ left, right *treeNode }

type binaryTrees struct {
	depth     int
	longLived *treeNode
}

func newBinaryTrees(s sizes, threads int) workload {
	levels := uint64(log2(uint64(threads))) // one level less halves a tree
	return &binaryTrees{depth: int(atLeast(treesMinDepth+2+levels, s.treesDepth) - levels)}
}

func (b *binaryTrees) run() {
	shortLivedTree(b.depth + 1)
	b.longLived = buildTree(b.depth)
	for depth := treesMinDepth; depth <= b.depth; depth += 2 {
		trees := 1 << (b.depth - depth + treesMinDepth)
		for i := 0; i < trees; i++ {
			shortLivedTree(depth)
		}
	}
	expectEqual("the long-lived tree's node count", b.longLived.count(), nodesOfTree(b.depth))
}

func (b *binaryTrees) verify() {} // every answer is part of the benchmark

func shortLivedTree(depth int) {
	expectEqual("a short-lived tree's node count", buildTree(depth).count(), nodesOfTree(depth))
}

func nodesOfTree(depth int) uint64 { return 2<<depth - 1 }

func buildTree(depth int) *treeNode {
	if depth == 0 {
		return &treeNode{}
	}
	return &treeNode{buildTree(depth - 1), buildTree(depth - 1)}
}

func (n *treeNode) count() uint64 {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.count() + n.right.count()
}
