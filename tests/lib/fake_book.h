/* A node in memory, for sessions without a store: ledgers as arrays of leaves with the project's
 * own Merkle code and signatures, behind `struct book`. Its key chain is a toy (a key leaf is 'K',
 * signing key, transport key), its checks are real: what it takes is proved. */
#ifndef SATCHA_TESTS_LIB_FAKE_BOOK_H
#define SATCHA_TESTS_LIB_FAKE_BOOK_H

#include "proto/session.h"

enum { FAKE_LINKS_MAX = 512, FAKE_LEVELS = 24, FAKE_KEY_LEAF_BYTES = 1 + 2 * HASH_BYTES };

/* What everybody may know of a group, and its secret keys: tests write every ledger. */
struct fake_group {
    struct hash id;
    struct sign_key key;
    struct transport_key transport;
    uint8_t genesis[FAKE_KEY_LEAF_BYTES];
};

struct fake_link {
    struct buffer packed;
    uint64_t size;
    struct hash root, signing_key, transport_key;
};

struct fake_level {
    struct hash *node;
    size_t count, capacity;
};

struct fake_ledger {
    struct hash group;
    struct buffer leaves; /* u16 length and leaf, one after the other */
    size_t *start;        /* start[i]: offset of leaf i */
    size_t count, capacity;
    struct merkle_edge edge;
    struct fake_level level[FAKE_LEVELS];
    struct head head;   /* complete and signed; size 0: none */
    struct head target; /* being pulled */
    bool changed;       /* since the last commit */
    bool frozen;
    const struct session *claimed_by;
    struct fake_link *link;
    uint64_t links, link_capacity;
};

struct fake_book {
    struct book book;
    struct fake_group *groups; /* shared by all books of a test */
    struct fake_ledger *ledgers;
    size_t count;
    struct start_count peer_starts; /* as last told */
    unsigned own_heads_heard;
    struct head own_head; /* as last heard */
    size_t flip_after;    /* > 0: leaves given out have one bit flipped from this leaf on */
    unsigned claims;      /* under way */
};

/* Group 0 is the network. Keys are made from the number and `seed`. Freed with free(). */
struct fake_group *fake_groups_new(size_t count, unsigned seed);
/* A book that has every group in its map and nothing of any ledger; `own` is its own group. */
struct fake_book *fake_book_new(struct fake_group *groups, size_t count, size_t own);
void fake_book_free(struct fake_book *book);

/* Appends `count` leaves of `len` bytes (plus genesis where the ledger is empty) that differ by
 * `salt`, and signs the head. The map is set. */
void fake_append(struct fake_book *book, size_t group, size_t count, size_t len, unsigned salt);
/* Appends a key leaf with new keys made from `seed`; the group's keys are these from now on. */
void fake_change_keys(struct fake_book *book, size_t group, unsigned seed);
/* Takes over what `from` holds of the ledger: everything, or only the first link. */
void fake_copy(struct fake_book *book, const struct fake_book *from, size_t group);
void fake_copy_genesis(struct fake_book *book, const struct fake_book *from, size_t group);
/* Makes what was taken since the last commit visible in the map; calls `changed` for each. */
void fake_commit(struct fake_book *book, void (*changed)(void *context, const struct hash *group),
                 void *context);
/* Do the two hold the same complete ledgers? */
bool fake_books_equal(struct fake_book *a, struct fake_book *b);

#endif
