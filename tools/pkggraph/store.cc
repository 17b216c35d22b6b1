// Job: see store.h.
#include "store.h"

#include "text_util.h"

namespace pkggraph {

namespace {

// The architecture-neutral part of what an edge and a provision say besides the name.
Text* text_or_null(std::string_view text) { return text.empty() ? nullptr : make_text(text); }

Clause* make_clause(Package* owner, Kind kind, const Dependencies& parsed, std::size_t begin, std::size_t end) {
  auto* clause = memgc::make<Clause>();
  clause->owner = owner;
  clause->kind = kind;
  clause->alternatives = memgc::make_array<memgc::Member<Edge>>(end - begin);
  for (std::size_t i = begin; i < end; ++i) {
    const Alternative& alternative = parsed.alternatives[i];
    auto* edge = memgc::make<Edge>();
    edge->clause = clause;
    edge->relation = alternative.relation;
    edge->version = text_or_null(alternative.version);
    edge->qualifier = text_or_null(alternative.qualifier);
    (*clause->alternatives)[i - begin] = edge;
  }
  return clause;
}

Provision* make_provision(Package* owner, const Alternative& provided) {
  auto* provision = memgc::make<Provision>();
  provision->owner = owner;
  provision->version = text_or_null(provided.version);
  return provision;
}

std::string_view first_line(std::string_view text) { return trimmed(text.substr(0, text.find('\n'))); }

}  // namespace

Package* PackageBuilder::build(const Stanza& stanza, const std::string& source) {
  std::size_t clause_count = 0;
  for (ParsedField& part : fields_) {
    part.parsed.clear();
    if (part.kind == Kind::kRecommends && !options_.recommends) continue;
    parse_dependencies(stanza.*part.field, source, part.parsed);
    clause_count += part.parsed.clause_ends.size();
  }
  parse_provides(stanza.provides, source, provides_);

  auto* package = memgc::make<Package>();
  package->version = make_text(stanza.version.text);
  package->architecture = text_or_null(stanza.architecture.text);
  package->summary = text_or_null(first_line(stanza.description.text));
  package->installed_kib = stanza.installed_kib;
  package->source_offset = stanza.offset;
  package->source_bytes = stanza.bytes;
  package->source_line = stanza.line;
  package->clauses = memgc::make_array<memgc::Member<Clause>>(clause_count);
  std::size_t next = 0;
  for (const ParsedField& part : fields_) {
    std::size_t begin = 0;
    for (const std::size_t end : part.parsed.clause_ends) {
      (*package->clauses)[next++] = make_clause(package, part.kind, part.parsed, begin, end);
      begin = end;
    }
  }
  package->provisions = memgc::make_array<memgc::Member<Provision>>(provides_.alternatives.size());
  for (std::size_t i = 0; i < provides_.alternatives.size(); ++i) {
    (*package->provisions)[i] = make_provision(package, provides_.alternatives[i]);
  }
  return package;
}

void PackageBuilder::bind(Graph& graph, Package* package, const Stanza& stanza) const {
  package->name = intern_name(graph, stanza.package.text);
  std::size_t next_clause = 0;
  for (const ParsedField& part : fields_) {
    std::size_t alternative = 0;
    for (const std::size_t end : part.parsed.clause_ends) {
      const Clause& clause = *(*package->clauses)[next_clause++];
      for (Edge* edge : *clause.alternatives)
        edge->target = intern_name(graph, part.parsed.alternatives[alternative++].name);
      alternative = end;
    }
  }
  for (std::size_t i = 0; i < provides_.alternatives.size(); ++i) {
    (*package->provisions)[i]->target = intern_name(graph, provides_.alternatives[i].name);
  }
}

std::unique_lock<std::mutex> GraphStore::lock(memgc::Mutator& me) {
  std::unique_lock<std::mutex> held(mutex_, std::try_to_lock);
  if (!held.owns_lock()) {
    memgc::BlockingScope waiting(me);
    held.lock();
  }
  return held;
}

Package* GraphStore::insert(memgc::Mutator& me, PackageBuilder& builder, const Stanza& stanza,
                            const std::string& source, LoadReport* report) {
  Package* package = builder.build(stanza, source);
  const std::unique_lock<std::mutex> held = lock(me);
  if (Package* known = find_package(*graph_, stanza.package.text); known != nullptr) {
    if (report != nullptr) ++report->superseded;
    if (compare_versions(stanza.version.text, known->version_view()) <= 0) return nullptr;
    remove_package(*graph_, known);
  }
  builder.bind(*graph_, package, stanza);
  link_package(*graph_, package);
  return package;
}

void GraphStore::remove(memgc::Mutator& me, Package* package) {
  me.safepoint();  // nothing below allocates, and callers remove thousands in a row
  const std::unique_lock<std::mutex> held = lock(me);
  remove_package(*graph_, package);
}

LoadReport GraphStore::load(memgc::Mutator& me, StanzaReader& reader) {
  LoadReport report;
  PackageBuilder builder(options_);
  for (Stanza stanza; reader.next(stanza);) {
    ++report.stanzas;
    if (!stanza.is_installable()) {
      ++report.not_installed;
      continue;
    }
    insert(me, builder, stanza, reader.source(), &report);
  }
  return report;
}

}  // namespace pkggraph
