// Job: workloads/splay_tree.h in Go.

package main

type splayNode struct {
	left, right *splayNode
	payload     *splayPart
	key         uint64
}

type splayTree struct {
	live, steps, firstKey uint64
	keysSum               uint64
	root                  *splayNode
}

func newSplayTree(s sizes, index int) workload {
	return &splayTree{live: s.splayLive, steps: s.splaySteps, firstKey: uint64(index) << 48}
}

func (t *splayTree) run() {
	for i := uint64(0); i < t.live; i++ {
		t.insert(mix64(t.firstKey + i))
	}
	for i := uint64(0); i < t.steps; i++ {
		key := mix64(t.firstKey + t.live + i)
		t.insert(key)
		t.remove(t.keyBelow(key))
	}
}

func (t *splayTree) verify() {
	t.straighten()
	var nodes, sum, last uint64
	for node := t.root; node != nil; node = node.right {
		if nodes > 0 && node.key <= last {
			wrongAnswer("a key", node.key, last+1)
		}
		nodes++
		last = node.key
		sum += node.key
		node.payload.checkAll(node.key, 1)
	}
	expectEqual("the number of keys", nodes, t.live)
	expectEqual("the sum of the keys", sum, t.keysSum)
}

func (t *splayTree) insert(key uint64) {
	node := &splayNode{payload: makeSplayPart(key, 1), key: key}
	t.keysSum += key
	if t.root != nil {
		t.splay(key)
		root := t.root
		switch {
		case root.key == key:
			wrongAnswer("a new key", key, key+1)
		case key < root.key:
			node.right = root
			node.left = root.left
			root.left = nil
		default:
			node.left = root
			node.right = root.right
			root.right = nil
		}
	}
	t.root = node
}

// keyBelow: `key` is at the root. The greatest below it, or itself where there is none.
func (t *splayTree) keyBelow(key uint64) uint64 {
	below := t.root.left
	if below == nil {
		return key
	}
	for below.right != nil {
		below = below.right
	}
	return below.key
}

func (t *splayTree) remove(key uint64) {
	t.splay(key)
	victim := t.root
	expectEqual("the key to be removed", victim.key, key)
	t.keysSum -= key
	victim.payload.checkPath(key)
	if victim.left == nil {
		t.root = victim.right
	} else {
		t.root = victim.left
		t.splay(key) // brings up the greatest of them, which has nothing on its right
		t.root.right = victim.right
	}
}

// splay brings up `key` or a neighbour of it, top-down (Sleator and Tarjan, JACM 1985): what is smaller is gathered on
// the right of `sides`, what is greater on its left. By one level, or by two, the upper of which is then hung below the
// lower.
func (t *splayTree) splay(key uint64) {
	var sides splayNode
	smaller, greater, node := &sides, &sides, t.root
search:
	for {
		switch {
		case key < node.key:
			if child := node.left; child != nil && key < child.key {
				node.left = child.right
				child.right = node
				node = child
			}
			if node.left == nil {
				break search
			}
			greater.left = node
			greater = node
			node = node.left
		case key > node.key:
			if child := node.right; child != nil && key > child.key {
				node.right = child.left
				child.left = node
				node = child
			}
			if node.right == nil {
				break search
			}
			smaller.right = node
			smaller = node
			node = node.right
		default:
			break search
		}
	}
	smaller.right = node.left
	greater.left = node.right
	node.left = sides.right
	node.right = sides.left
	t.root = node
}

// straighten turns the tree into a list by `right`, in the order of the keys.
func (t *splayTree) straighten() {
	link := &t.root
	for *link != nil {
		node := *link
		if node.left == nil {
			link = &node.right
			continue
		}
		child := node.left
		node.left = child.right
		child.right = node
		*link = child
	}
}
