/* Job: names that do not matter. Cells are renamed, mutators exchanged and the two bitmaps exchanged so that states
   which differ in nothing else become one: up to 24 times fewer. Compiled into the verifier that spin makes from
   collector.pml, with -DSYMMETRY.

   Of the six ways to name the cells the one whose state compares lowest is taken; of two mutators, the one whose state
   compares lower comes first. Sound as long as no step depends on a number's value: keep it so in collector.pml, and
   keep everything a mutator knows in the global variables that are listed here. */

#define GLOBAL_SETS(X) \
  X(bitmap[0])         \
  X(bitmap[1])         \
  X(fresh)             \
  X(handed)            \
  X(grey) X(scanning) X(copies) X(exists) X(before) X(weak) X(listed) X(cards) X(unvisited) X(remembered) X(spare)
#define MUTATOR_SETS(X) X(locals) X(held) X(used) X(buffer)
#define MUTATOR_CELLS(X) X(object) X(value)
#define MUTATOR_FLAGS(X) X(left) X(keeps) X(barrier) X(role) X(storing) X(blocked) X(noted) X(away)

typedef unsigned long long Word;

extern int readtrail; /* of the verifier: an error is replayed */

static const unsigned char kNames[6][4] = {{0, 1, 2, 3}, {0, 1, 3, 2}, {0, 2, 1, 3},
                                           {0, 2, 3, 1}, {0, 3, 1, 2}, {0, 3, 2, 1}};

/* The set with its cells renamed. Sets never hold cell 0. */
static Word renamed(unsigned set, const unsigned char* name) {
  return (Word)(set >> 1 & 1) << name[1] | (Word)(set >> 2 & 1) << name[2] | (Word)(set >> 3 & 1) << name[3];
}

static Word global_word(const unsigned char* name) {
  Word word = 0;
#define X(set) word = word << 3 | renamed(now.set, name) >> 1;
  GLOBAL_SETS(X)
#undef X
  unsigned char field[4];
  for (int c = 0; c < 4; ++c) field[name[c]] = name[now.field[c]];
  for (int c = 0; c < 4; ++c) word = word << 2 | field[c];
  return word;
}

static Word mutator_word(int m, const unsigned char* name) {
  Word word = now.awaited >> m & 1;
#define X(set) word = word << 3 | renamed(now.set[m], name) >> 1;
  MUTATOR_SETS(X)
#undef X
#define X(cell) word = word << 2 | name[now.cell[m]];
  MUTATOR_CELLS(X)
#undef X
#define X(flag) word = word << 3 | now.flag[m];
  MUTATOR_FLAGS(X)
#undef X
  return word;
}

static void rename_cells(const unsigned char* name) {
#define X(set) now.set = renamed(now.set, name);
  GLOBAL_SETS(X)
#undef X
  unsigned char field[4];
  for (int c = 0; c < 4; ++c) field[name[c]] = name[now.field[c]];
  for (int c = 0; c < 4; ++c) now.field[c] = field[c];
  for (int m = 0; m < 2; ++m) {
#define X(set) now.set[m] = renamed(now.set[m], name);
    MUTATOR_SETS(X)
#undef X
#define X(cell) now.cell[m] = name[now.cell[m]];
    MUTATOR_CELLS(X)
#undef X
  }
}

#define EXCHANGE(a, b)           \
  do {                           \
    const unsigned char was = a; \
    a = b;                       \
    b = was;                     \
  } while (0)

static void exchange_mutators(void) {
#define X(part) EXCHANGE(now.part[0], now.part[1]);
  MUTATOR_SETS(X)
  MUTATOR_CELLS(X)
  MUTATOR_FLAGS(X)
#undef X
  now.awaited = (now.awaited >> 1 & 1) | (now.awaited & 1) << 1;
}

static void exchange_bitmaps(void) {
  EXCHANGE(now.bitmap[0], now.bitmap[1]);
  now.occupied = 1 - now.occupied;
  now.lists_role = 1 - now.lists_role;
  for (int m = 0; m < 2; ++m) now.role[m] = 1 - now.role[m];
}

/* For a replay of an error: the state after each step, in the names of that state. */
static void show(void) {
  printf("        fields");
  for (int c = 0; c < 4; ++c) printf(" %d", now.field[c]);
#define X(set)                \
  printf(" | " #set);         \
  for (int c = 1; c < 4; ++c) \
    if (now.set >> c & 1) printf(" %d", c);
  GLOBAL_SETS(X)
#undef X
  printf("\n");
  for (int m = 0; m < 2; ++m) {
    printf("        mutator %d%s", m, now.awaited >> m & 1 ? " ASKED" : "");
#define X(set)                \
  printf(" | " #set);         \
  for (int c = 1; c < 4; ++c) \
    if (now.set[m] >> c & 1) printf(" %d", c);
    MUTATOR_SETS(X)
#undef X
#define X(cell) printf(" | " #cell " %d", now.cell[m]);
    MUTATOR_CELLS(X)
    MUTATOR_FLAGS(X)
#undef X
    printf("\n");
  }
}

static void make_canonical(void) {
  if (now.occupied == 1) exchange_bitmaps();
  const unsigned char* best_name = 0;
  Word best[3];
  for (int n = 0; n < 6; ++n) {
    const unsigned char* name = kNames[n];
    Word mine[3] = {global_word(name), mutator_word(0, name), mutator_word(1, name)};
    if (mine[1] > mine[2]) {
      const Word was = mine[1];
      mine[1] = mine[2];
      mine[2] = was;
    }
    int order = 0;
    for (int i = 0; best_name != 0 && i < 3 && order == 0; ++i) order = (mine[i] > best[i]) - (mine[i] < best[i]);
    if (best_name == 0 || order < 0) {
      best_name = name;
      for (int i = 0; i < 3; ++i) best[i] = mine[i];
    }
  }
  if (best_name != kNames[0]) rename_cells(best_name);
  if (mutator_word(0, kNames[0]) > mutator_word(1, kNames[0])) exchange_mutators();
  if (readtrail != 0) show();
}
