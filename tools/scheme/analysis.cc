// Job: what the code generator must know of the whole tree: loops, homes, boxes, checks.
//
// Loops. A letrec-bound procedure all of whose uses are calls in tail position with respect to its letrec needs no
// closure: all its calls go on to the same place, so they are jumps, its parameters are registers of the frame around
// it, and the code stands where the first call from outside is. This is what named let and do become. Inner letrecs
// come first, so that the jump of an outer loop may stand in an inner one.
//
// Boxes. A variable that is assigned to lives in a Box, whether captured or not: a continuation that is entered twice
// must find the latest value, and frames are copied. Closures capture values. A letrec-bound variable that is captured
// before its init has run is boxed too, unless it is a procedure and so is the capturer: that is patched (kPatch).
//
// Checks. A reference that may come before its letrec's init has run (`unsafe`) is checked, no other.
#include "compiler.h"

namespace scheme {
namespace {

class LoopFinder {
 public:
  explicit LoopFinder(Vm& vm) : vm_(vm) {}

  void visit_list(Node* list) {
    for (; list != nullptr; list = list->next) visit(list);
  }
  void visit(Node* n) {
    if (n == nullptr) return;
    vm_.guard_native_stack("compiling");
    if (n->kind == NodeKind::kSequence || n->kind == NodeKind::kAnd || n->kind == NodeKind::kOr ||
        n->kind == NodeKind::kCaseLambda) {
      visit_list(n->a);
      return;
    }
    visit(n->a);
    visit_list(n->b);
    visit(n->c);
    if (n->kind != NodeKind::kLetrec) return;
    for (Local* local = n->local; local != nullptr; local = local->next) visit(local->init);
    for (Local* local = n->local; local != nullptr; local = local->next) {
      Node* init = local->init;
      if (init->kind != NodeKind::kLambda || init->flag || local->assigned) continue;
      if (local->references == 0 || local->references != local->calls) continue;
      bool only_jumps = only_jumped_to(n->a, local, true) && only_jumped_to(init->a, local, true);
      for (Local* other = n->local; other != nullptr; other = other->next) {
        only_jumps = only_jumps && (other == local || (other->looped && only_jumped_to(other->init->a, local, true)) ||
                                    only_jumped_to(other->init, local, false));
      }
      // Something must enter it from the letrec's body; what is never entered stays a closure.
      local->looped = init->looped = only_jumps && mentions(n->a, local);
    }
  }

 private:
  static bool all(Node* list, Local* local) {
    for (; list != nullptr; list = list->next) {
      if (!only_jumped_to(list, local, false)) return false;
    }
    return true;
  }
  /// Whether every use of `local` in `n` is a fitting call in tail position, `n` itself being in one if `tail`.
  static bool only_jumped_to(Node* n, Local* local, bool tail) {
    if (n == nullptr) return true;
    switch (n->kind) {
      case NodeKind::kReference:
        return n->local != local;
      case NodeKind::kIf:
        return only_jumped_to(n->a, local, false) && only_jumped_to(n->b, local, tail) &&
               only_jumped_to(n->c, local, tail);
      case NodeKind::kSequence:
      case NodeKind::kAnd:
      case NodeKind::kOr:
        for (Node* item = n->a; item != nullptr; item = item->next) {
          if (!only_jumped_to(item, local, tail && item->next == nullptr)) return false;
        }
        return true;
      case NodeKind::kCall:
        if (n->a->kind == NodeKind::kReference && n->a->local == local) {
          return tail && node_count(n->b) == local->init->number && all(n->b, local);
        }
        return only_jumped_to(n->a, local, false) && all(n->b, local);
      case NodeKind::kLambda:
        return only_jumped_to(n->a, local, false);
      case NodeKind::kCaseLambda:
        return all(n->a, local);
      case NodeKind::kLet:
        return all(n->b, local) && only_jumped_to(n->a, local, tail);
      case NodeKind::kLetrec:
        for (Local* l = n->local; l != nullptr; l = l->next) {
          if (!(l->looped ? only_jumped_to(l->init->a, local, tail) : only_jumped_to(l->init, local, false)))
            return false;
        }
        return only_jumped_to(n->a, local, tail);
      default:
        return only_jumped_to(n->a, local, false) && all(n->b, local);
    }
  }
  static bool mentions(Node* n, Local* local) {
    if (n == nullptr) return false;
    if (n->kind == NodeKind::kReference) return n->local == local;
    if (n->kind == NodeKind::kLetrec) {
      for (Local* l = n->local; l != nullptr; l = l->next) {
        if (mentions(l->init, local)) return true;
      }
    }
    for (Node* item = n->a; item != nullptr; item = item->next) {
      if (mentions(item, local)) return true;
    }
    for (Node* item = n->b; item != nullptr; item = item->next) {
      if (mentions(item, local)) return true;
    }
    return mentions(n->c, local);
  }

  Vm& vm_;
};

class HomeFinder {
 public:
  void visit_list(Node* list, Node* home) {
    for (; list != nullptr; list = list->next) visit(list, home);
  }
  void visit(Node* n, Node* home) {
    if (n == nullptr) return;
    switch (n->kind) {
      case NodeKind::kReference:
      case NodeKind::kSetLocal: {
        Local* local = n->local;
        if (n->kind == NodeKind::kReference) n->flag = local->unsafe;
        if (!local->started && local->home != home && !local->looped) local->assigned = true;
        visit(n->a, home);
        return;
      }
      case NodeKind::kLambda:
        settle(n->local, n->looped ? home : n);
        visit(n->a, n->looped ? home : n);
        return;
      case NodeKind::kLet:
        visit_list(n->b, home);
        settle(n->local, home);
        visit(n->a, home);
        return;
      case NodeKind::kLetrec:
        letrec(n, home);
        return;
      case NodeKind::kSequence:
      case NodeKind::kAnd:
      case NodeKind::kOr:
      case NodeKind::kCaseLambda:
        visit_list(n->a, home);
        return;
      default:
        visit(n->a, home);
        visit_list(n->b, home);
        visit(n->c, home);
    }
  }

 private:
  static void settle(Local* list, Node* home) {
    for (; list != nullptr; list = list->next) list->home = home;
  }
  static bool is_closure_init(const Local* l) { return l->init->kind == NodeKind::kLambda; }

  void letrec(Node* n, Node* home) {
    settle(n->local, home);
    for (Local* current = n->local; current != nullptr; current = current->next) {
      if (current->looped) continue;
      // From here on: procedures of the same run of procedures are safe and patched, all else is neither.
      bool same_run = is_closure_init(current);
      for (Local* later = current; later != nullptr; later = later->next) {
        same_run = same_run && is_closure_init(later);
        later->unsafe = !same_run && !later->looped;
        later->started = is_closure_init(current) && is_closure_init(later);
      }
      visit(current->init, home);
    }
    for (Local* local = n->local; local != nullptr; local = local->next) {
      local->unsafe = false;
      local->started = true;
    }
    for (Local* local = n->local; local != nullptr; local = local->next) {
      if (local->looped) visit(local->init, home);
    }
    visit(n->a, home);
  }
};

}  // namespace

void analyse(Vm& vm, Node* root) {
  LoopFinder(vm).visit(root);
  HomeFinder().visit(root, nullptr);
}

}  // namespace scheme
