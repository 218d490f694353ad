/* A small network with a history, made by numbers: a network's roster, three founding groups (one
 * changes its signing key, one its officers, one signs entries that are invalid), a group that is
 * admitted later, and two homes with a store. And a peer's part: any maker's ledger given to a
 * store's book, piece by piece. What fails in making a world aborts the test. */
#ifndef SATCHA_TESTS_LIB_WORLD_H
#define SATCHA_TESTS_LIB_WORLD_H

#include "store/files.h"
#include "tests/lib/build.h"
#include "tests/lib/homes.h"

/* Invariants: the roster's first entry admits savings, fund, hostile and both homes, an entry
 * approved by two governors admits `late`; keeper and receiver have joined and hold what the invite
 * carries: the network's first WORLD_FOUNDING_SIZE entries. */
struct world {
    struct maker savings, fund, hostile, late, network;
    struct home keeper, receiver;
    struct buffer body; /* stored private lines of savings' entry WORLD_BODY_INDEX */
};
enum {
    WORLD_BODY_INDEX = 3,
    WORLD_FOUNDING_SIZE = 3, /* of the network: genesis, founding roster, a note */
    WORLD_LEDGERS = 5,
    WORLD_KEEPER = 4, /* numbers of the homes */
    WORLD_RECEIVER = 5
};
extern const uint8_t world_network_key[32];

void world_new(struct world *world);
void world_free(struct world *world);
/* network, savings, fund, hostile, late */
const struct maker *world_ledger(const struct world *world, unsigned number);
const char *world_ledger_name(unsigned number);
/* An invite with the network's ledger up to that size (in `leaves`) and the keeper as its contact.
 */
void world_invite(const struct world *world, uint64_t size, struct buffer *leaves,
                  struct invite *invite);
/* The first head: what a card carries. */
void world_first_head(const struct maker *maker, struct head *head);

/* --- a peer's words, as the session gives them to the book --- */

/* The head of that size, signed by the key that was in force there: a link's own head, or, past
 * the last link, by the key of now. */
void feed_signed_head(const struct maker *maker, uint64_t size, struct head *head);
/* The links that are missing, up to size `to`. */
enum err_code feed_links(struct home *home, const struct maker *maker, uint64_t to);
/* The head of that size with the proof from what the store holds. */
enum err_code feed_head(struct home *home, const struct maker *maker, uint64_t to);
/* Entries [from, to) of the head of size `head_size`. */
enum err_code feed_chunk(struct home *home, const struct maker *maker, uint64_t from, uint64_t to,
                         uint64_t head_size);
enum err_code feed_commit(struct home *home);
/* All of it, committed. */
enum err_code feed(struct home *home, const struct maker *maker, uint64_t to);

#endif
