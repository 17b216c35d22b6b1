// Job: the questions that the graph answers, as text. Each proves its answer by other means when asked to.
//
// Answers depend on what the graph says alone, not on the order in which it came to be: a churned graph gives the same.
// Threads: one attached thread, while nobody changes the graph.
#pragma once

#include <string>
#include <string_view>

#include "adjacency.h"
#include "graph.h"

namespace pkggraph {

struct Answer {
  std::string text;
  bool found = true;  ///< False when the answer is "there is none".
};

struct Question {
  memgc::Mutator& me;
  const Graph& graph;
  bool check = false;  ///< Prove the answer; throws CheckFailed.
};

/// Who depends on `name`, directly or, if recursive, at all, through whatever meets a dependency.
Answer rdeps(const Question& question, std::string_view name, bool recursive);
/// A shortest chain of dependencies from one package to another, or to a virtual one.
Answer why(const Question& question, std::string_view from, std::string_view to);
/// Groups of packages that depend on each other in a circle, the largest first; at most `limit`, all when 0.
Answer cycles(const Question& question, Follow follow, std::size_t limit);
/// The packages with the largest Installed-Size, and those that bring most with them.
Answer largest(const Question& question, std::size_t count);
/// What the graph holds.
Answer summary(const Question& question);

}  // namespace pkggraph
