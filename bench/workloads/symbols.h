// Job: interned names, as a compiler or an interpreter keeps them: a hash table of chains that grows by rehashing.
//
// Each step reads a name: it makes a temporary string and looks it up; a known name's string is dropped at once, a new
// one's stays, with a symbol. Few names are frequent and most are rare: every octave of ranks is as frequent as every
// other. A symbol belongs to the scope that was open when its name was first read; of the newest kScopes scopes all are
// kept, and when the oldest closes, its symbols leave the table and die together. The answers: a name that is found has
// the value it was given; each symbol that leaves stands in its chain and has the name it was entered under; in the end
// every symbol is the only one found under its name.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "harness/check.h"
#include "harness/random.h"
#include "policies/policy.h"
#include "workloads/sizes.h"

namespace memgc_bench {

template <class Policy>
class Symbols {
 public:
  using Options = SymbolsOptions;

  static constexpr bool kUsesRegions = false;

  using Thread = typename Policy::Thread;

  Symbols(Thread& thread, const Options& options, unsigned index, unsigned)
      : thread_(thread),
        octaves_(static_cast<unsigned>(std::bit_width(std::max(options.names, Options::kMinNames) - 1))),
        scope_lookups_((std::uint64_t{1} << octaves_) / Options::kLookupShare / kScopes),
        lookups_(options.lookups),
        random_(index + 1),
        chains_(nullptr),
        scopes_(nullptr) {}

  ~Symbols() {
    if constexpr (Policy::kFreesByHand) {
      if (scopes_.get() == nullptr) return;
      for (std::size_t scope = 0; scope < kScopes; ++scope) free_scope(scope);
      thread_.free(scopes_.get());
      thread_.free(chains_.get());
    }
  }

  void run() {
    chains_ = thread_.template make_refs<Symbol>(kFirstChains);
    scopes_ = thread_.template make_refs<Symbol>(kScopes);
    for (std::uint64_t i = 0; i < lookups_; ++i) {
      if (i % scope_lookups_ == 0) {
        scope_ = i / scope_lookups_ % kScopes;
        close_scope(scope_);
      }
      read_name(next_rank());
    }
  }

  void verify() {
    std::uint64_t found = 0;
    for (std::size_t scope = 0; scope < kScopes; ++scope) {
      for (Symbol* symbol = (*scopes_.get())[scope]; symbol != nullptr; symbol = symbol->next_in_scope) {
        check(*symbol);
        if (find(symbol->hash, *symbol->name) != symbol) wrong_answer("the symbol under a name", 0, symbol->value);
        ++found;
      }
    }
    expect_equal("the number of symbols", found, symbols_);
  }

 private:
  static constexpr std::size_t kFirstChains = 256, kScopes = 16;

  using Text = typename Policy::template Array<unsigned char>;
  using LocalText = typename Policy::template Local<Text>;

  struct Symbol {
    typename Policy::template Ref<Symbol> next_in_chain;
    typename Policy::template Ref<Symbol> next_in_scope;
    typename Policy::template Ref<Text> name;
    std::uint64_t hash;
    std::uint64_t value;
    static constexpr auto fields = Policy::fields(&Symbol::next_in_chain, &Symbol::next_in_scope, &Symbol::name);
  };
  using Local = typename Policy::template Local<Symbol>;
  using Chains = typename Policy::template Array<typename Policy::template Ref<Symbol>>;

  std::uint64_t next_rank() {
    const std::uint64_t octave = std::uint64_t{1} << random_.below(octaves_);
    return octave + random_.below(octave);
  }

  // No two ranks have the same name: it says how many letters are the rank's, then these, then as many as make it up to
  // a length that depends on the rank.
  [[gnu::noinline]] LocalText make_name(std::uint64_t rank) {
    const std::size_t digits =
        std::max<std::size_t>((static_cast<std::size_t>(std::bit_width(rank)) + 3) / 4, Options::kMinName - 1);
    std::uint64_t bits = mix64(rank);
    const std::size_t length = digits + 1 + bits % (Options::kMaxName - digits);
    auto name = thread_.template make_leaves<unsigned char>(length);
    unsigned char* const letters = name->data();
    letters[0] = letter(digits);
    for (std::size_t i = 1; i <= digits; ++i, rank >>= 4) letters[i] = letter(rank);
    for (std::size_t i = digits + 1; i < length; ++i, bits = std::rotr(bits, 4)) letters[i] = letter(bits);
    return name;
  }
  static unsigned char letter(std::uint64_t bits) { return static_cast<unsigned char>('a' + bits % 16); }

  auto& chain(std::uint64_t hash) {
    Chains& chains = *chains_.get();
    return chains[hash & (chains.size() - 1)];
  }

  Symbol* find(std::uint64_t hash, Text& name) {
    Symbol* symbol = chain(hash);
    while (symbol != nullptr && !(symbol->hash == hash && equal(*symbol->name, name))) symbol = symbol->next_in_chain;
    return symbol;
  }
  static bool equal(Text& a, Text& b) { return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0; }

  void read_name(std::uint64_t rank) {
    LocalText name = make_name(rank);
    const std::uint64_t hash = hash_bytes(name->data(), name->size());
    if (Symbol* const symbol = find(hash, *name); symbol != nullptr) {
      expect_equal("a symbol's value", symbol->value, rank);
      thread_.free(name);
    } else {
      enter(name, hash, rank);
    }
  }

  [[gnu::noinline]] void enter(const LocalText& name, std::uint64_t hash, std::uint64_t value) {
    if (symbols_ == chains_.get()->size()) grow();
    auto& scope = (*scopes_.get())[scope_];
    Local symbol = thread_.template make<Symbol>(chain(hash), scope, name, hash, value);
    chain(hash) = symbol;
    scope = symbol;
    ++symbols_;
  }

  [[gnu::noinline]] void grow() {
    typename Policy::template Local<Chains> old = chains_.get();
    chains_ = thread_.template make_refs<Symbol>(2 * old->size());
    std::uint64_t moved = 0;
    for (std::size_t i = 0; i < old->size(); ++i) {
      for (Local symbol = (*old)[i]; symbol != nullptr; ++moved) {
        Local next = symbol->next_in_chain;
        symbol->next_in_chain = chain(symbol->hash);
        chain(symbol->hash) = symbol;
        symbol = next;
      }
    }
    expect_equal("the number of symbols moved", moved, symbols_);
    thread_.free(old);
  }

  [[gnu::noinline]] void close_scope(std::size_t scope) {
    auto& first = (*scopes_.get())[scope];
    while (first != nullptr) {
      Local symbol = first;
      check(*symbol);
      unchain(*symbol);
      first = symbol->next_in_scope;
      thread_.free(static_cast<Text*>(symbol->name));
      thread_.free(symbol);
      --symbols_;
    }
  }

  void unchain(Symbol& victim) {
    auto* link = &chain(victim.hash);
    while (*link != &victim) {
      if (*link == nullptr) [[unlikely]]
        wrong_answer("a symbol in its chain", 0, victim.value);
      link = &(*link)->next_in_chain;
    }
    *link = victim.next_in_chain;
  }

  static void check(Symbol& symbol) {
    if (symbol.name == nullptr) [[unlikely]]
      wrong_answer("a symbol's name", 0, symbol.value);
    Text& name = *symbol.name;
    expect_equal("the hash of a symbol's name", hash_bytes(name.data(), name.size()), symbol.hash);
  }

  void free_scope(std::size_t scope) {
    for (Symbol* symbol = (*scopes_.get())[scope]; symbol != nullptr;) {
      Symbol* const next = symbol->next_in_scope;
      thread_.free(static_cast<Text*>(symbol->name));
      thread_.free(symbol);
      symbol = next;
    }
  }

  Thread& thread_;
  const unsigned octaves_;
  const std::uint64_t scope_lookups_, lookups_;
  Random random_;
  std::size_t scope_ = 0;  // the one open
  std::uint64_t symbols_ = 0;
  typename Policy::template Root<Chains> chains_;
  typename Policy::template Root<Chains> scopes_;  // the symbols of each
};

}  // namespace memgc_bench
