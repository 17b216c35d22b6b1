import static java.lang.Math.max;

import java.util.Arrays;

// Job: interned names, as a compiler keeps them: a hash table of chains that grows by rehashing, and scopes that close;
// see workloads/symbols.h, whose answers it checks. Names are byte arrays, as there, not Strings.
final class Symbols implements Workload {
  private static final int MIN_NAME = 4, MAX_NAME = 40; // letters
  private static final int LOOKUP_SHARE = 8; // scopes are open for names / LOOKUP_SHARE look-ups together
  private static final int FIRST_CHAINS = 256, SCOPES = 16;

  private static final class Symbol {
    Symbol nextInChain;
    final Symbol nextInScope;
    final byte[] name;
    final long hash, value;

    Symbol(Symbol nextInChain, Symbol nextInScope, byte[] name, long hash, long value) {
      this.nextInChain = nextInChain;
      this.nextInScope = nextInScope;
      this.name = name;
      this.hash = hash;
      this.value = value;
    }
  }

  private final int octaves;
  private final long scopeLookups, lookups;
  private final SplitMix64 random = new SplitMix64(1);
  private int openScope;
  private long symbols;
  private Symbol[] chains, scopes; // the first of each

  Symbols(Sizes sizes) {
    octaves = bitWidth(sizes.of(Size.SYMBOLS_NAMES) - 1);
    scopeLookups = (1L << octaves) / LOOKUP_SHARE / SCOPES;
    lookups = sizes.of(Size.SYMBOLS_LOOKUPS);
  }

  @Override
  public void run() {
    chains = new Symbol[FIRST_CHAINS];
    scopes = new Symbol[SCOPES];
    for (long i = 0; i < lookups; i++) {
      if (i % scopeLookups == 0) {
        openScope = (int) (i / scopeLookups % SCOPES);
        closeScope(openScope);
      }
      readName(nextRank());
    }
  }

  @Override
  public void verify() {
    long found = 0;
    for (Symbol first : scopes) {
      for (Symbol symbol = first; symbol != null; symbol = symbol.nextInScope) {
        check(symbol);
        if (find(symbol.hash, symbol.name) != symbol) {
          throw new WrongAnswer("the symbol under a name", 0, symbol.value);
        }
        found++;
      }
    }
    WrongAnswer.expectEqual("the number of symbols", found, symbols);
  }

  private static int bitWidth(long value) {
    return Long.SIZE - Long.numberOfLeadingZeros(value);
  }

  private long nextRank() {
    final long octave = 1L << random.below(octaves);
    return octave + random.below(octave);
  }

  // No two ranks have the same name: it says how many letters are the rank's, then these, then as many as make it up to
  // a length that depends on the rank.
  private static byte[] makeName(long rank) {
    final int digits = max((bitWidth(rank) + 3) / 4, MIN_NAME - 1);
    long bits = SplitMix64.mix64(rank);
    final byte[] name = new byte[digits + 1 + (int) Long.remainderUnsigned(bits, MAX_NAME - digits)];
    name[0] = letter(digits);
    for (int i = 1; i <= digits; i++, rank >>>= 4) name[i] = letter(rank);
    for (int i = digits + 1; i < name.length; i++, bits = Long.rotateRight(bits, 4)) name[i] = letter(bits);
    return name;
  }

  private static byte letter(long bits) {
    return (byte) ('a' + (bits & 15));
  }

  private int chain(long hash) {
    return (int) hash & chains.length - 1;
  }

  private Symbol find(long hash, byte[] name) {
    Symbol symbol = chains[chain(hash)];
    while (symbol != null && !(symbol.hash == hash && Arrays.equals(symbol.name, name))) symbol = symbol.nextInChain;
    return symbol;
  }

  private void readName(long rank) {
    final byte[] name = makeName(rank);
    final long hash = SplitMix64.hashBytes(name);
    final Symbol symbol = find(hash, name);
    if (symbol != null) {
      WrongAnswer.expectEqual("a symbol's value", symbol.value, rank);
    } else {
      enter(name, hash, rank);
    }
  }

  private void enter(byte[] name, long hash, long value) {
    if (symbols == chains.length) grow();
    final int chain = chain(hash);
    final Symbol symbol = new Symbol(chains[chain], scopes[openScope], name, hash, value);
    chains[chain] = symbol;
    scopes[openScope] = symbol;
    symbols++;
  }

  private void grow() {
    final Symbol[] old = chains;
    chains = new Symbol[2 * old.length];
    long moved = 0;
    for (Symbol first : old) {
      for (Symbol symbol = first; symbol != null; moved++) {
        final Symbol next = symbol.nextInChain;
        final int chain = chain(symbol.hash);
        symbol.nextInChain = chains[chain];
        chains[chain] = symbol;
        symbol = next;
      }
    }
    WrongAnswer.expectEqual("the number of symbols moved", moved, symbols);
  }

  private void closeScope(int scope) {
    for (Symbol symbol = scopes[scope]; symbol != null; symbol = symbol.nextInScope) {
      check(symbol);
      unchain(symbol);
      symbols--;
    }
    scopes[scope] = null;
  }

  private void unchain(Symbol victim) {
    final int chain = chain(victim.hash);
    if (chains[chain] == victim) {
      chains[chain] = victim.nextInChain;
      return;
    }
    Symbol symbol = chains[chain];
    while (symbol != null && symbol.nextInChain != victim) symbol = symbol.nextInChain;
    if (symbol == null) throw new WrongAnswer("a symbol in its chain", 0, victim.value);
    symbol.nextInChain = victim.nextInChain;
  }

  private static void check(Symbol symbol) {
    WrongAnswer.expectEqual("the hash of a symbol's name", SplitMix64.hashBytes(symbol.name), symbol.hash);
  }
}
