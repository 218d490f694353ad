/* The store's inside: what its own files share and nobody else includes.
 *
 *   db        SQLite
 *   schema    tables and migrations
 *   leaves    entries, verbatim, in runs
 *   tree      roots and proofs over them
 *   ledger    what is held of one group, in memory (a few) and as a row
 *   judge     the fold's look-ups over the tables; verdicts
 *   append    own entries        ingest  peers' entries       book  the session's port
 *   roster    the network        contacts  whom to dial       lines  own private lines
 *   verify, rebuild, store (open, close) */
#ifndef SATCHA_STORE_IMPL_H
#define SATCHA_STORE_IMPL_H

#include "store/db.h"
#include "store/highwater.h"
#include "store/home.h"
#include "store/store.h"

/* --- what is held of one ledger ---
 *
 * Invariants: (1) size <= stored; entries [size, stored) are pending: in no balance, map or
 * reference; (2) edge.size == stored; (3) state is that of the first `size` entries, *pending of
 * the first `stored` (NULL where size == stored); a ledger whose evaluation stopped keeps the state
 * of where it stopped; (4) head.size == size where has_head; (5) keys.links is the number of rows
 * in `links`. */
struct ledger {
    int64_t id; /* row in `ledger`: the upper bits of every rowid of its leaves */
    struct hash group;
    uint32_t epoch;
    uint64_t size;
    bool has_head;
    struct head head;
    uint64_t stored;
    struct merkle_edge edge;
    bool has_target; /* pending entries belong to this signed head */
    struct head target;
    bool has_keys;
    struct key_state keys;
    struct ledger_state state;
    struct ledger_state *pending;
    bool frozen;
    struct head fork[2]; /* where frozen: two signed heads that no single log can satisfy */
    uint64_t heard_ms;
    struct start_count starts; /* the greatest that its node ever told; 0: none */
    bool dirty;                /* differs from its row */
    uint64_t used;             /* for eviction: the store's counter at the last use */
};

enum { LEDGERS_CACHED = 128 }; /* about 25 KiB each: the rest of 80,000 stays on disk */

/* A block of 256 hashes of one tier (tree.h) with the nodes above them. */
struct tree_block;
struct growth;
struct roster;
struct lines;

struct store {
    struct store_env env;
    char home[PATH_TEXT_MAX];
    int lock_fd;
    struct db db;
    struct home_keys keys;
    struct highwater highwater;

    struct hash own_group;
    int64_t own_id; /* its ledger row; 0 while a new home has no genesis yet */
    enum own_status status;
    uint64_t clock_confirmed_ms; /* an officer accepts a clock before own entries up to this time */
    bool unmarked;               /* own entries are durable and the high-water mark is not yet */
    bool releasing;              /* store_release was called since start */
    bool has_released;           /* the own head that peers may see */
    struct head released;        /* of it */

    bool has_network;
    struct hash network;
    bool has_invited; /* the invite's head: nothing older of the network is believed */
    struct head invited;
    struct roster *roster;
    struct map *map;
    struct book book;

    struct ledger *ledgers[LEDGERS_CACHED];
    unsigned ledger_count;
    uint64_t use_counter;
    int64_t next_ledger_id;    /* 0: not read yet */
    struct tree_block *blocks; /* cache of tree.c */

    bool in_batch;   /* a transaction of take_* is open */
    bool batch_lost; /* one was undone since store_commit: the sessions are not told yet */
    size_t uncommitted;
    struct hash *changed; /* groups whose published head grew in this batch */
    size_t changed_count, changed_cap;
    struct growth *growth; /* scratch of append and ingest */

    struct claim *claims; /* which session pulls which ledger */
    size_t claim_count, claim_cap;

    struct fold fold; /* scratch: about 30 KiB */
    struct buffer scratch;
    struct lines *lines;
};

/* --- meta: single values of this home, by name --- */
enum err_code MUST_USE meta_get(struct store *store, const char *name, struct buffer *value,
                                struct err *err); /* E_NOT_FOUND */
enum err_code MUST_USE meta_set(struct store *store, const char *name, struct bytes value,
                                struct err *err);

#endif
