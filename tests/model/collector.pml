/* A model of memgc's cycle (runtime/cycle.h): two mutators and the collector on a heap of three cells, one field each.

   README.md says what stands for what, which variants there are and what each mutant (M_...) breaks.
   Every step is atomic and memory is sequentially consistent: reordered loads and stores are not modelled.

   Sets of cells are bit masks: cell c is bit c, c = 1..3; 0 is null. */

#ifndef STEPS
#define STEPS 2 /* stores, allocations and weak reads that each mutator may begin; loads and answers are not counted */
#endif
#ifndef STEPS_OF_OTHER
#define STEPS_OF_OTHER STEPS
#endif
#ifndef CYCLES
#define CYCLES 1
#endif

#define CELL(c) ((1 << (c)) & 14) /* nothing for null */
#define HAS(set, c) (((set) >> (c)) & 1)
#define NUMBER(cell) (((cell) >> 2) + 1) /* of a set of one */
#define ANY(set, c) if :: HAS(set, 1) -> c = 1 :: HAS(set, 2) -> c = 2 :: HAS(set, 3) -> c = 3 fi

/* --- The heap --- */

byte field[4];  /* field[0] is a Root: a slot outside the heap that everybody can reach */
byte bitmap[2]; /* bitmap[occupied] says what is occupied, the other what this cycle has kept so far */
bit occupied;
byte fresh;      /* the new bitmap: cells handed out since their taker answered handshake 3 */
byte handed;     /* cells handed out, by the lists of blocks */
bit lists_role;  /* the `occupied` that those lists are for */
byte grey;       /* the shared queue, and the marker's own stack */
byte scanning;   /* the marker has marked this cell and will read its field next */
byte copies;     /* what the stacks copied aside refer to */
byte cards;      /* cells that were written to since their card was cleared; of GENERATIONAL, as all below */
byte unvisited;  /* cells whose card the collector has still to look at in this cycle */
byte remembered; /* cells whose card was dirty, to be scanned */
byte spare;      /* what a mutant has to know of cells */
#define KEPT bitmap[1 - occupied]

/* What is asked by the handshake under way, and of whom the answer is awaited. */
mtype = { nothing, barriers_on, fence, copy_stacks, flush, end_cycle };
mtype asked = nothing;
byte awaited;
#define ASKED(m) ((awaited >> (m)) & 1)

byte cycles = CYCLES; /* still to come */

/* --- The mutators --- */

#define NOT_KEPT 0
#define IN_NEW_BITMAP 1
#define IN_KEPT_BITMAP 2

byte locals[2];
byte held[2]; /* a run: handed out, not bumped past */
byte used[2]; /* bumped past, not recorded as occupied */
byte buffer[2];
bit barrier[2];
byte keeps[2]; /* whether cells it is handed are kept, and where that is noted */
bit role[2];   /* the `occupied` that it has acknowledged */
byte storing[2]; /* between the barrier and the store object->field = value; no safepoint is there */
#define STORE_LEFT 1
#define CARD_LEFT 2
byte object[2], value[2];
byte left[2]; /* of STEPS */

/* Of some variants; they cost nothing in the others. */
bit blocked[2];
bit noted[2]; /* of a mutant: seen while blocked, to be answered for */
bit away[2];  /* not attached */
bit outside_shades; /* stores by threads that no handshake waits for shade */
bit outside_lock;   /* of such stores */
byte weak;    /* cells whose field does not keep what it names */
byte listed;  /* weak cells that the marker met */
mtype = { tracing, decided, cleared };
mtype weak_state = cleared; /* as the last cycle has left it */
bit weak_shaded; /* a weak read has shaded since the last round began */

#ifdef BLOCKING
#define BLOCKED(m) blocked[m]
#else
#define BLOCKED(m) 0
#endif
#ifdef THREADS
#define AWAY(m) away[m]
#define EVERYBODY ((1 - away[0]) | (1 - away[1]) << 1)
#else
#define AWAY(m) 0
#define EVERYBODY 3
#endif

/* --- What the model knows: for assertions, never for decisions --- */

byte exists;
byte before;    /* what was kept when a round began */
byte reachable; /* 0 between steps */

#ifdef WEAK
#define STRONG(c) (CELL(field[c]) * !HAS(weak, c))
#else
#define STRONG(c) CELL(field[c])
#endif

#define STEP(set, c) (HAS(set, c) * STRONG(c))
#define CLOSE(set) \
  set = set | STEP(set, 1) | STEP(set, 2) | STEP(set, 3); \
  set = set | STEP(set, 1) | STEP(set, 2) | STEP(set, 3)
/* Destructors will read what they keep. A card leads to objects that are dead, too. */
#if defined(FINALIZERS) || defined(GENERATIONAL)
#define STAYS exists
#else
#define STAYS 0
#endif
#define STEP_ALL(set, c) (HAS(set, c) * CELL(field[c]))
#define CLOSE_ALL(set) \
  set = set | STEP_ALL(set, 1) | STEP_ALL(set, 2) | STEP_ALL(set, 3); \
  set = set | STEP_ALL(set, 1) | STEP_ALL(set, 2) | STEP_ALL(set, 3)
#define FORGET(c) field[c] = field[c] * HAS(reachable, c)

#ifdef SYMMETRY
c_code {
\#include "canonical.h"
}
#define canonical() c_code { make_canonical(); }
#else
#define canonical() skip
#endif

#define MARKED_FOR(m) (bitmap[1 - role[m]] | fresh)

/* Ends each step that changes the graph. Mutators load all that they can at once: a load has no effect but on what a
   mutator holds, and one that holds more can do all that one that holds less can, and lose more. They let go of it when
   it matters: as their stack is copied. And what nobody will ever read again is made equal. */
inline look_around() {
  locals[0] = locals[0] | CELL(field[0]) * !AWAY(0);
  locals[1] = locals[1] | CELL(field[0]) * !AWAY(1);
  CLOSE(locals[0]);
  CLOSE(locals[1]);
  buffer[0] = buffer[0] & ~MARKED_FOR(0);
  buffer[1] = buffer[1] & ~MARKED_FOR(1);
  reachable = locals[0] | locals[1] | buffer[0] | buffer[1] | grey | copies | scanning | CELL(field[0]) | STAYS;
  CLOSE_ALL(reachable);
  FORGET(1); FORGET(2); FORGET(3);
  reachable = 0;
  canonical()
}

/* --- Handshakes: what mutator m does when it answers, or the collector for it --- */

#define RECORD(m) bitmap[role[m]] = bitmap[role[m]] | used[m]; used[m] = 0

/* All that was bumped past is recorded as occupied. What is left of runs is no longer kept, and goes back to the lists
   unless they are, or will be, of another epoch. */
inline retire(m, last) {
  RECORD(m);
#ifdef M_WHOLE_RUN_RECORDED
  bitmap[role[m]] = bitmap[role[m]] | held[m];
#endif
#ifndef M_REST_STAYS_KEPT
  if
  :: keeps[m] != NOT_KEPT ->
#ifndef M_REST_STAYS_OLD
    fresh = fresh & ~held[m];
#endif
    if
    :: keeps[m] == IN_KEPT_BITMAP -> bitmap[1 - role[m]] = bitmap[1 - role[m]] & ~held[m]
    :: else
    fi
  :: else
  fi;
#endif
  if
  :: !(last) && lists_role == role[m] -> handed = handed & ~held[m]
  :: else
  fi;
  held[m] = 0
}

inline let_go(m) {
  if :: skip :: locals[m] = locals[m] & ~2 fi;
  if :: skip :: locals[m] = locals[m] & ~4 fi;
  if :: skip :: locals[m] = locals[m] & ~8 fi
}

#ifdef M_STACK_AT_FIRST_HANDSHAKE
#define COPIES_STACK barriers_on
#elif defined(M_STACK_AT_SECOND_HANDSHAKE)
#define COPIES_STACK fence
#else
#define COPIES_STACK copy_stacks
#endif

inline answer(m) {
  atomic {
    if
    :: asked == COPIES_STACK ->
      let_go(m);
#ifdef RUNS
      /* and some stale words happen to name cells, of which some hold nothing */
      if :: skip :: copies = copies | 14 fi
#endif
    :: else
    fi;
    d_step {
#if defined(M_SAFEPOINT_WITHIN_STORE) || defined(BLOCKING)
      locals[m] = locals[m] | CELL(object[m]) * (storing[m] != 0) | CELL(value[m]) * (storing[m] != 0);
#endif
      if
      :: asked == COPIES_STACK ->
#ifdef M_ONE_STACK_MISSED
        copies = copies | locals[m] * m
#elif defined(M_BLOCKED_STACK_MISSED)
        copies = copies | locals[m] * !blocked[m]
#else
        copies = copies | locals[m]
#endif
      :: else
      fi;
      if
      :: asked == barriers_on ->
        barrier[m] = 1
      :: asked == fence ->
        skip
      :: asked == copy_stacks ->
#ifdef M_ONE_HANDSHAKE
        barrier[m] = 1;
#endif
#ifndef M_RUNS_OUTLIVE_THE_COPY
        retire(m, 0);
#endif
        keeps[m] = IN_NEW_BITMAP
      :: asked == flush ->
#ifndef M_NO_FLUSH
        grey = grey | buffer[m];
        buffer[m] = 0;
#endif
#ifdef M_BARRIERS_OFF_AT_FLUSH
        barrier[m] = 0;
#endif
#ifdef M_MERGE_MISSES_A_RUN
        skip
#else
        keeps[m] = IN_KEPT_BITMAP
#endif
      :: asked == end_cycle ->
#ifdef NOTHING_GREY_AT_THE_END
        assert(buffer[m] == 0);
#endif
        grey = grey | buffer[m];
        buffer[m] = 0;
        retire(m, 1);
        barrier[m] = 0;
        keeps[m] = NOT_KEPT;
        role[m] = occupied
      fi;
#ifdef M_WHITE_ALLOCATION
      keeps[m] = NOT_KEPT;
#endif
      awaited = awaited & ~(1 << m);
      noted[m] = 0;
      look_around() } }
}

/* --- Allocation --- */

#define SPEND(m) left[m]--

#define REACHABLE (locals[0] | locals[1])
#define NEWER(m) (role[m] == occupied && lists_role != occupied)
#ifdef M_REFILL_ON_OLD_ROLES
#define STALE(m) 0
#else
#define STALE(m) (role[m] != occupied && lists_role == occupied)
#endif
#define FREE_FOR(m) (~(bitmap[role[m]] | handed * !NEWER(m)) & 14)
#define MAY_REFILL(m) (!STALE(m) && FREE_FOR(m) != 0)

#ifdef M_NEW_NOT_REMEMBERED
#define BORN(m) spare = spare | held[m] * (keeps[m] != NOT_KEPT)
#else
#define BORN(m) skip
#endif

#define BUMP(m) \
  field[NUMBER(held[m])] = 0; \
  locals[m] = locals[m] | held[m]; \
  used[m] = used[m] | held[m]; \
  exists = exists | held[m]; \
  BORN(m); \
  weak = weak & ~held[m]; \
  held[m] = 0

/* Under the lock of the lists. A refill polls first, but may be overtaken by a handshake between that and the lock: so
   it names the roles that it acts on, and the lists refuse those of an epoch that somebody has left. */
inline refill(m) {
  ANY(FREE_FOR(m), value[m]);
  d_step {
    SPEND(m);
    RECORD(m);
    handed = handed * !NEWER(m);
    lists_role = (NEWER(m) -> role[m] : lists_role);
    assert(!HAS(REACHABLE | exists | held[1 - m], value[m])); /* nobody has it, nobody holds a reference to it */
    held[m] = CELL(value[m]);
    handed = handed | held[m];
    if
    :: keeps[m] == IN_NEW_BITMAP -> fresh = fresh | held[m]
    :: keeps[m] == IN_KEPT_BITMAP -> bitmap[1 - role[m]] = bitmap[1 - role[m]] | held[m]
    :: else
    fi;
    value[m] = 0
  }
}

/* --- Mutators --- */

#define SHADE(m, p) buffer[m] = buffer[m] | (CELL(p) & ~MARKED_FOR(m))
#define SHADE_OUTSIDE(p) grey = grey | (CELL(p) & ~((asked == end_cycle -> bitmap[occupied] : KEPT) | fresh))

/* Whether a store sets the card of the cell that it writes to. */
#ifndef GENERATIONAL
#define REMEMBERS(m) 0
#elif defined(M_NO_CARDS)
#define REMEMBERS(m) 0
#elif defined(M_NOT_REMEMBERED_WITH_BARRIER)
#define REMEMBERS(m) (object[m] != 0 && value[m] != 0 && !barrier[m])
#elif defined(M_NEW_NOT_REMEMBERED)
#define REMEMBERS(m) (object[m] != 0 && value[m] != 0 && !HAS(spare, object[m]))
#else
#define REMEMBERS(m) (object[m] != 0 && value[m] != 0)
#endif
#ifdef ONE_CARD
#define CARD(c) 14
#else
#define CARD(c) CELL(c)
#endif

#define RUNNING(m) (!storing[m] && !BLOCKED(m) && !AWAY(m))

proctype Mutator(byte m) {
end:
  do
#ifdef M_SAFEPOINT_WITHIN_STORE
  :: atomic { ASKED(m) -> answer(m) }
#elif defined(M_SAFEPOINT_BEFORE_CARD)
  :: atomic { ASKED(m) && !(storing[m] & STORE_LEFT) -> answer(m) }
#elif defined(M_BLOCKED_ANSWERED_WITHOUT_LOCK)
  :: atomic { ASKED(m) && (!storing[m] || BLOCKED(m) || noted[m]) -> answer(m) }
#else
  :: atomic { ASKED(m) && !AWAY(m) && (!storing[m] || BLOCKED(m)) -> answer(m) }
#endif

  /* object->field = value: the barrier, then the store */
#ifdef ROOT
  :: atomic { RUNNING(m) && left[m] != 0 ->
#else
  :: atomic { RUNNING(m) && left[m] != 0 && (locals[m] & ~weak) != 0 ->
#endif
       if
#ifdef ROOT
       :: object[m] = 0
#endif
       :: ANY(locals[m] & ~weak, object[m])
       fi;
       if
       :: value[m] = 0
       :: ANY(locals[m], value[m])
       fi;
       d_step {
         storing[m] = STORE_LEFT + CARD_LEFT * REMEMBERS(m);
         SPEND(m);
         if
         :: barrier[m] ->
#if !defined(M_NO_DELETION_SHADE) && !defined(EXCHANGE)
           SHADE(m, field[object[m]]);
#endif
#ifdef INSERTION_SHADE_ALWAYS
           SHADE(m, value[m]);
#elif !defined(M_NO_INSERTION_SHADE)
           if :: keeps[m] == NOT_KEPT -> SHADE(m, value[m]) :: else fi; /* until its stack is copied */
#endif
           skip
         :: else
         fi };
       /* a buffer that is full is given to the marker, at once or when the next flush is asked for */
       if
       :: canonical()
       :: d_step { buffer[m] != 0 -> grey = grey | buffer[m]; buffer[m] = 0; canonical() }
       fi }
  :: d_step { (storing[m] & STORE_LEFT) && !BLOCKED(m) ->
#ifdef EXCHANGE
       if :: barrier[m] -> SHADE(m, field[object[m]]) :: else fi;
#endif
       field[object[m]] = value[m];
       storing[m] = storing[m] & ~STORE_LEFT;
       object[m] = object[m] * (storing[m] != 0);
       value[m] = 0;
       look_around() }
#ifdef GENERATIONAL
  /* and the card, before the store or after it */
  :: d_step { (storing[m] & CARD_LEFT) && !BLOCKED(m) ->
       cards = cards | CARD(object[m]);
       storing[m] = storing[m] & ~CARD_LEFT;
       object[m] = object[m] * (storing[m] != 0);
       canonical() }
#endif

#ifdef RUNS
  :: d_step { RUNNING(m) && held[m] != 0 -> BUMP(m); look_around() }
  :: atomic { RUNNING(m) && left[m] != 0 && held[m] == 0 && MAY_REFILL(m) -> refill(m); canonical() }
#else
  :: atomic { RUNNING(m) && left[m] != 0 && MAY_REFILL(m) -> refill(m); d_step { BUMP(m); RECORD(m); look_around() } }
#endif

#ifdef BLOCKING
  /* A BlockingScope, in which the thread may still store to Roots; or a thread that was never attached. */
  :: d_step { RUNNING(m) && !ASKED(m) -> blocked[m] = 1; canonical() }
#ifdef M_BLOCKED_ANSWERED_WITHOUT_LOCK
  :: d_step { blocked[m] && !storing[m] -> blocked[m] = 0; noted[m] = ASKED(m); canonical() }
#else
  :: d_step { blocked[m] && !storing[m] && !ASKED(m) -> blocked[m] = 0; canonical() }
#endif
#ifdef ROOT
#ifdef M_OUTSIDE_STORE_WITHOUT_LOCK
  :: atomic { blocked[m] && !storing[m] && left[m] != 0 ->
#else
  :: atomic { blocked[m] && !storing[m] && left[m] != 0 && !outside_lock ->
#endif
       if
       :: value[m] = 0
       :: ANY(locals[m], value[m])
       fi;
       d_step {
         storing[m] = STORE_LEFT;
         SPEND(m);
#ifndef M_OUTSIDE_STORE_WITHOUT_LOCK
         outside_lock = 1;
#endif
#ifndef M_OUTSIDE_STORE_UNSHADED
         if
         :: outside_shades -> SHADE_OUTSIDE(field[0]); SHADE_OUTSIDE(value[m])
         :: else
         fi;
#endif
         canonical() } }
  :: d_step { blocked[m] && storing[m] ->
       field[0] = value[m]; storing[m] = 0; value[m] = 0; outside_lock = 0; look_around() }
#endif
#endif

#ifdef THREADS
  /* Detaching answers first, under the registry's lock, which a handshake's beginning takes too. */
#ifdef M_LEAVES_WITHOUT_ANSWER
  :: d_step { RUNNING(m) ->
#else
  :: d_step { RUNNING(m) && !ASKED(m) ->
#endif
#ifndef M_LEAVES_WITH_BUFFER
       grey = grey | buffer[m];
#endif
       buffer[m] = 0;
#ifdef M_LEAVES_RUN_KEPT
       RECORD(m); held[m] = 0;
#else
       retire(m, 0);
#endif
       barrier[m] = 0;
       keeps[m] = NOT_KEPT;
       role[m] = occupied;
       locals[m] = 0;
       away[m] = 1;
       look_around() }
  /* Attaching: as all others are, or will be when they have answered. */
  :: d_step { away[m] && !ASKED(m) ->
       away[m] = 0;
#ifndef M_ATTACHES_WITHOUT_BARRIER
       barrier[m] = asked != nothing && asked != end_cycle;
#endif
#ifndef M_ATTACHES_WHITE
       keeps[m] = (asked == copy_stacks -> IN_NEW_BITMAP : (asked == flush -> IN_KEPT_BITMAP : NOT_KEPT));
#endif
       role[m] = occupied;
       look_around() }
#endif

#ifdef WEAK
  /* A weak reference is made: a cell whose field is written once, before anybody else knows the cell. */
#ifdef RUNS
  :: atomic { RUNNING(m) && held[m] != 0 && locals[m] != 0 ->
#else
  :: atomic { RUNNING(m) && left[m] != 0 && locals[m] != 0 && MAY_REFILL(m) ->
       refill(m);
#endif
       ANY(locals[m], value[m]);
       d_step {
         object[m] = NUMBER(held[m]);
         BUMP(m);
#ifndef RUNS
         RECORD(m);
#endif
         weak = weak | CELL(object[m]);
#if defined(GENERATIONAL) && !defined(M_WEAK_NOT_REMEMBERED)
         cards = cards | CARD(object[m]);
#endif
         field[object[m]] = value[m];
         object[m] = 0;
         value[m] = 0;
         look_around() } }
  /* A weak read; while the mutator's barrier is on, under a lock. */
  :: atomic { RUNNING(m) && left[m] != 0 && (locals[m] & weak) != 0 ->
       ANY(locals[m] & weak, object[m]);
       d_step {
         SPEND(m);
         value[m] = field[object[m]];
         if
         :: value[m] == 0 || !barrier[m] || HAS(MARKED_FOR(m), value[m]) || weak_state == cleared -> skip
#ifndef M_WEAK_READ_REVIVES
         :: else ->
           if
           :: weak_state == decided ->
             assert(!HAS(REACHABLE, value[m])); /* what is reported dead is so */
             value[m] = 0
           :: else ->
#else
         :: else ->
           if
           :: false
           :: else ->
#endif
#ifndef M_WEAK_READ_FORGETS_ROUND
             weak_shaded = 1;
#endif
#ifndef M_WEAK_READ_UNSHADED
             SHADE(m, value[m]);
#endif
             skip
           fi
         fi;
         locals[m] = locals[m] | CELL(value[m]);
         object[m] = 0;
         value[m] = 0;
         look_around() } }
#endif
  od
}

/* --- The collector --- */

#define ASK(what) asked = what; awaited = EVERYBODY
#define ALL_ANSWERED awaited == 0

#define SCAN \
  grey = grey | ((scanning != 0) * STRONG(NUMBER(scanning)) & ~KEPT); \
  listed = listed | (scanning & weak); \
  scanning = 0

#ifdef M_OUTSIDE_LOCK_NOT_TAKEN
#define OUTSIDE_LOCK_IS_FREE 1
#else
#define OUTSIDE_LOCK_IS_FREE !outside_lock
#endif

#ifdef CARD_CLEARED_AFTER_SCAN
#define CARD_TO_CLEAR (spare != 0)
#else
#define CARD_TO_CLEAR 0
#endif

/* All cards, in any order: each is cleared, then what is old on it is scanned. In a full cycle nothing is old. */
inline go_over_cards() {
  d_step { unvisited = 14; canonical() };
  do
  :: atomic { unvisited != 0 && remembered == 0 && !CARD_TO_CLEAR ->
       ANY(unvisited, scanning);
       d_step {
         unvisited = unvisited & ~CARD(scanning);
         remembered = CARD(scanning) & KEPT * HAS(cards, scanning);
#ifdef CARD_CLEARED_AFTER_SCAN
         spare = CARD(scanning) & cards;
#elif !defined(CARDS_CLEARED_BEFORE_COPY) && !defined(M_CARDS_CLEARED_AFTER_COPY)
         cards = cards & ~CARD(scanning);
#endif
         scanning = 0;
         canonical() } }
  :: atomic { remembered != 0 ->
       ANY(remembered, scanning);
       d_step {
         remembered = remembered & ~CELL(scanning);
         assert(HAS(exists, scanning) && HAS(exists | 1, field[scanning])); /* old objects lead to objects, be they dead */
         grey = grey | (STRONG(scanning) & ~KEPT);
         listed = listed | (CELL(scanning) & weak);
         scanning = 0;
         look_around() } }
#ifdef CARD_CLEARED_AFTER_SCAN
  :: d_step { remembered == 0 && spare != 0 -> cards = cards & ~spare; spare = 0; canonical() }
#endif
  :: atomic { unvisited == 0 && remembered == 0 && !CARD_TO_CLEAR -> break }
  od;
  skip
}
#define LEADS_ON(c) (!HAS(exists, c) || HAS(exists | 1, field[c]))

proctype Collector() {
#ifdef FROM_MARKING
  goto marking;
#endif
end:
  do
  :: d_step { cycles != 0 ->
       cycles--;
#ifndef M_WEAK_TRACING_BEGINS_LATE
       weak_state = tracing;
#endif
#ifndef M_ONE_HANDSHAKE
       ASK(barriers_on) };
#ifdef M_CARDS_BEFORE_BARRIERS
     go_over_cards();
#endif
     d_step { ALL_ANSWERED && OUTSIDE_LOCK_IS_FREE ->
       outside_shades = 1;
#if !defined(M_TWO_HANDSHAKES) && !defined(EXCHANGE)
       ASK(fence) };
#ifdef CARDS_AT_FENCE
     go_over_cards();
#endif
     d_step { ALL_ANSWERED ->
#endif
#endif
       ASK(copy_stacks) };
#ifdef CARDS_AT_COPIES
     go_over_cards();
#endif
#ifndef M_NO_WAIT_FOR_COPIES
     d_step { ALL_ANSWERED ->
#else
     d_step {
#endif
#ifdef M_STALE_WORDS_FOLLOWED
       grey = grey | copies | CELL(field[0]);
#else
       grey = grey | (copies & bitmap[occupied]) | CELL(field[0]);
#endif
       copies = 0;
       weak_state = tracing;
       look_around() };
#if defined(GENERATIONAL) && !defined(M_CARDS_BEFORE_BARRIERS) && !defined(CARDS_AT_FENCE) && !defined(CARDS_AT_COPIES)
     go_over_cards();
#endif
marking:
     do
     :: atomic { grey != 0 && scanning == 0 && asked != flush -> ANY(grey, scanning);
          d_step {
            grey = grey & ~CELL(scanning);
            if
            :: HAS(KEPT, scanning) -> scanning = 0
            :: else ->
              assert(HAS(exists, scanning)); /* it holds an object */
              KEPT = KEPT | CELL(scanning);
              scanning = CELL(scanning)
            fi;
#ifndef SPLIT_SCAN
            SCAN;
#endif
            look_around() } }
#ifdef SPLIT_SCAN
     :: d_step { scanning != 0 -> SCAN; look_around() }
#endif
#ifdef M_ONE_FLUSH_ROUND
     :: d_step { grey == 0 && scanning == 0 && asked == copy_stacks -> ASK(flush) }
     :: d_step { asked == flush && ALL_ANSWERED && grey != 0 -> asked = nothing }
     :: atomic { grey == 0 && scanning == 0 && (asked == nothing || asked == flush && ALL_ANSWERED) -> break }
#else
     :: d_step { grey == 0 && scanning == 0 && asked == copy_stacks && ALL_ANSWERED ->
          assert(before == 0 || (KEPT & ~before) != 0); /* a round that was not clean marked something: rounds end */
          before = KEPT;
          weak_shaded = 0;
          ASK(flush) }
#ifdef M_WEAK_ROUND_BEGINS_LATE
     :: d_step { asked == flush && weak_shaded -> weak_shaded = 0 }
#endif
     :: d_step { asked == flush && ALL_ANSWERED && (grey != 0 || weak_shaded) ->
          before = before * (grey != 0);
          asked = copy_stacks;
          canonical() }
#ifdef M_WEAK_DECISION_UNLOCKED
     :: asked == flush && ALL_ANSWERED && grey == 0 && !weak_shaded -> weak_state = decided; break
#else
     :: atomic { asked == flush && ALL_ANSWERED && grey == 0 && !weak_shaded -> weak_state = decided; break }
#endif
#endif
     od;
     skip;
#ifdef WEAK
#ifdef M_WEAK_CLEARED_TOO_LATE
     weak_state = cleared;
#endif
     do
     :: atomic { listed != 0 -> ANY(listed, scanning);
          d_step {
            listed = listed & ~CELL(scanning);
            field[scanning] = field[scanning] * HAS(KEPT | fresh, field[scanning]);
            scanning = 0;
            look_around() } }
     :: atomic { listed == 0 -> break }
     od;
     weak_state = cleared;
#endif
#ifdef FINALIZERS
     /* Some of the dead have a destructor: they live on until it has run, with all that they lead to. */
     grey = exists & ~(KEPT | fresh);
     atomic {
       if
       :: skip
       :: grey = grey & ~2
       :: grey = grey & ~4
       :: grey = grey & ~8
       :: grey = 0
       fi;
       canonical() };
     do
     :: atomic { grey != 0 -> ANY(grey, scanning);
          d_step {
            grey = grey & ~CELL(scanning);
            scanning = CELL(scanning) & ~KEPT;
            KEPT = KEPT | scanning;
            if :: scanning != 0 -> SCAN :: else fi;
            look_around() } }
     :: atomic { grey == 0 -> break }
     od;
#ifdef M_REVIVED_WEAK_NOT_CLEARED
     listed = 0;
#endif
     do
     :: atomic { listed != 0 -> ANY(listed, scanning);
          d_step {
            listed = listed & ~CELL(scanning);
            field[scanning] = field[scanning] * HAS(KEPT | fresh, field[scanning]);
            scanning = 0;
            look_around() } }
     :: atomic { listed == 0 -> break }
     od;
     skip;
#endif
#ifdef CARDS_CLEARED_BEFORE_COPY
     d_step { cards = 0; canonical() };
#endif
#if defined(SPLIT_COPY) || defined(M_COPY_WITHOUT_LOCK)
     d_step { unvisited = 14; canonical() };
     do
     :: atomic { unvisited != 0 && spare == 0 ->
          ANY(unvisited, scanning);
          d_step {
            unvisited = unvisited & ~CELL(scanning);
            KEPT = KEPT | fresh & CELL(scanning);
#ifdef M_COPY_WITHOUT_LOCK
            spare = KEPT & CELL(scanning);
#else
            fresh = fresh | KEPT & CELL(scanning);
#endif
            scanning = 0;
            canonical() } }
#ifdef M_COPY_WITHOUT_LOCK
     :: d_step { spare != 0 -> fresh = fresh | spare; spare = 0; canonical() }
#endif
     :: atomic { unvisited == 0 && spare == 0 -> break }
     od;
     skip;
#elif !defined(M_NO_MERGE)
     d_step {
       KEPT = KEPT | fresh;
#if defined(GENERATIONAL) && !defined(OLD_COPIED_AT_END) && !defined(OLD_IS_OCCUPIED)
       fresh = KEPT; /* from here on: what is old in the next cycle */
#else
       fresh = 0;
#endif
       canonical() };
#endif
#ifdef M_CARDS_CLEARED_AFTER_COPY
     d_step { cards = 0; canonical() };
#endif
     d_step {
       before = 0;
       assert((REACHABLE & ~KEPT) == 0); /* all that somebody can reach has been kept */
#ifdef WEAK
       /* no weak reference that anybody may read names what was not kept */
       assert(!HAS((REACHABLE | STAYS & KEPT) & weak, 1) || HAS(KEPT | 1, field[1]));
       assert(!HAS((REACHABLE | STAYS & KEPT) & weak, 2) || HAS(KEPT | 1, field[2]));
       assert(!HAS((REACHABLE | STAYS & KEPT) & weak, 3) || HAS(KEPT | 1, field[3]));
#endif
       exists = exists & KEPT;
#ifdef GENERATIONAL
       assert(LEADS_ON(1) && LEADS_ON(2) && LEADS_ON(3)); /* what an object names is one, though nobody reach it */
#endif
       occupied = 1 - occupied;
       ASK(end_cycle);
       look_around() };
#ifdef OLD_COPIED_AT_END
     d_step { fresh = bitmap[occupied]; canonical() };
#endif
#ifndef M_CLEARS_BEFORE_ALL_LEFT
     d_step { ALL_ANSWERED && OUTSIDE_LOCK_IS_FREE -> outside_shades = 0; grey = 0; KEPT = 0; canonical() };
#ifdef GENERATIONAL
     atomic {
       d_step {
#ifdef OLD_IS_OCCUPIED
         KEPT = bitmap[occupied];
#else
         KEPT = fresh;
#endif
         fresh = 0;
         spare = 0;
         canonical() };
#ifdef ANY_KIND
       if :: skip :: d_step { KEPT = 0; canonical() } fi /* the next cycle is a minor one, or a full one */
#endif
     };
#endif
#else
     d_step { KEPT = 0; canonical() };
     d_step { ALL_ANSWERED && OUTSIDE_LOCK_IS_FREE -> outside_shades = 0; grey = 0; canonical() };
#endif
     d_step {
       handed = (lists_role == occupied -> handed : 0);
       lists_role = occupied;
       asked = nothing;
#ifdef GENERATIONAL
       assert((KEPT & ~bitmap[occupied]) == 0);     /* what is old is occupied */
#else
       assert(KEPT == 0);                           /* the next cycle begins with nothing marked */
#endif
       assert(fresh == 0);
       assert((bitmap[occupied] & ~exists) == 0);   /* what is occupied holds an object */
       look_around() }
  od
}

/* Any heap that a cycle can find: some cells are occupied, and the mutators know what they can reach from some. */
inline refers(c) {
  if
  :: field[c] = 0
  :: HAS(exists, 1) -> field[c] = 1
  :: HAS(exists, 2) -> field[c] = 2
  :: HAS(exists, 3) -> field[c] = 3
  fi
}

init {
  atomic {
#ifdef ANY_HEAP
    if
    :: exists = CELL(1)
    :: exists = CELL(1) | CELL(2)
    :: exists = CELL(1) | CELL(2) | CELL(3)
    fi;
    if :: HAS(exists, 1) -> refers(1) :: else fi;
    if :: HAS(exists, 2) -> refers(2) :: else fi;
    if :: HAS(exists, 3) -> refers(3) :: else fi;
    locals[0] = exists;
    let_go(0);
    locals[1] = exists;
    let_go(1);
#else
    /* One that both mutators know refers to another. */
    exists = CELL(1) | CELL(2);
    field[1] = 2;
    locals[0] = CELL(1);
    locals[1] = CELL(1);
#ifdef ROOT
    field[0] = 1;
#endif
#ifdef WEAK
    weak = CELL(1);
    locals[0] = CELL(1) | CELL(2);
#endif
#endif
#ifdef FROM_MARKING
    /* In the first cycle all have answered the third handshake, with one cell in all. */
    exists = CELL(1);
    field[1] = 0;
    weak = 0;
    locals[0] = exists;
    locals[1] = exists;
    bitmap[1] = exists;
    cycles--;
    asked = copy_stacks;
    barrier[0] = 1;
    barrier[1] = 1;
    keeps[0] = IN_NEW_BITMAP;
    keeps[1] = IN_NEW_BITMAP;
#endif
    bitmap[0] = exists;
    left[0] = STEPS;
    left[1] = STEPS_OF_OTHER;
    d_step { look_around() };
    run Mutator(0);
    run Mutator(1);
    run Collector()
  }
}
