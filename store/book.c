/* What a session reads from and gives to the store. Serving stops at what peers may see: the
 * published size, of the own ledger the released one. */
#include "store/book.h"

#include <stdlib.h>
#include <string.h>

#include "store/append.h"
#include "store/ingest.h"
#include "store/leaves.h"
#include "store/ledger.h"
#include "store/roster.h"
#include "store/tree.h"

struct claim {
    const struct session *session;
    struct hash group;
};

/* What peers may see of a ledger: its published head, of the own one the released head. E_NO_DATA,
 * E_FORKED. */
static enum err_code visible_head(struct store *store, const struct hash *group,
                                  struct ledger **ledger, struct head *head)
{
    enum err_code code = ledger_find(store, group, ledger, NULL);
    if (code != OK) {
        return code;
    }
    if ((*ledger)->frozen) {
        return E_FORKED;
    }
    bool own = hash_equal(group, &store->own_group);
    if (own ? !store->has_released : !(*ledger)->has_head) {
        return E_NO_DATA;
    }
    *head = own ? store->released : (*ledger)->head;
    return OK;
}

/* --- serving --- */

static enum err_code book_head(void *context, const struct hash *group, struct head *head)
{
    struct ledger *ledger;
    return visible_head(context, group, &ledger, head);
}

/* Links that lie within what peers may see. A key chain travels before any head, so for other
 * ledgers all that is held is given. */
static uint64_t book_link_count(void *context, const struct hash *group)
{
    struct store *store = context;
    struct ledger *ledger;
    if (ledger_find(store, group, &ledger, NULL) != OK || !ledger->has_keys) {
        return 0;
    }
    uint64_t count = ledger->keys.links;
    if (!hash_equal(group, &store->own_group)) {
        return count;
    }
    if (!store->has_released) {
        return 0;
    }
    if (store->released.size >= ledger->keys.size) {
        return count;
    }
    sqlite3_stmt *statement;
    int row = 0;
    if (db_statement(&store->db,
                     "SELECT count(*) FROM links WHERE id BETWEEN ?1 AND ?2 AND size <= ?3",
                     &statement, NULL) != OK) {
        return 0;
    }
    (void)sqlite3_bind_int64(statement, 1, row_id(ledger, 0));
    (void)sqlite3_bind_int64(statement, 2, row_id(ledger, KEY_CHAIN_MAX));
    (void)sqlite3_bind_int64(statement, 3, (int64_t)store->released.size);
    if (db_row(&store->db, statement, &row, NULL) != OK || !row) {
        return 0;
    }
    count = (uint64_t)sqlite3_column_int64(statement, 0);
    db_reset(statement);
    return count;
}

static enum err_code book_read_link(void *context, const struct hash *group, uint64_t number,
                                    struct buffer *out)
{
    struct store *store = context;
    struct ledger *ledger;
    enum err_code code = ledger_find(store, group, &ledger, NULL);
    return code == OK ? ledger_get_link(store, ledger, number, out, NULL) : code;
}

static enum err_code book_root_at(void *context, const struct hash *group, uint64_t size,
                                  struct hash *root)
{
    struct store *store = context;
    struct ledger *ledger;
    struct head head;
    enum err_code code = visible_head(store, group, &ledger, &head);
    if (code == OK && size > head.size) {
        code = E_NO_DATA;
    }
    return code == OK ? ledger_root_at(store, ledger, size, root) : code;
}

static enum err_code book_prove(void *context, const struct hash *group, uint64_t from, uint64_t to,
                                struct merkle_proof *proof)
{
    struct store *store = context;
    struct ledger *ledger;
    struct head head;
    enum err_code code = visible_head(store, group, &ledger, &head);
    if (code == OK && to > head.size) {
        code = E_NO_DATA;
    }
    if (code != OK) {
        return code;
    }
    struct tree tree = {store, ledger};
    struct merkle_source source = tree_source(&tree);
    return merkle_consistency_proof(&source, from, to, proof);
}

static enum err_code book_read_leaves(void *context, const struct hash *group, uint64_t from,
                                      uint64_t to, size_t max_bytes, struct buffer *out,
                                      uint64_t *count)
{
    struct store *store = context;
    struct ledger *ledger;
    struct head head;
    enum err_code code = visible_head(store, group, &ledger, &head);
    if (code == OK && (from >= to || to > head.size)) {
        code = E_NO_DATA;
    }
    return code == OK ? leaves_pack(store, ledger, from, to, max_bytes, out, count, NULL) : code;
}

/* Of a frozen ledger the longer branch is told: the owner compares it with its own. */
static bool book_peer_own_head(void *context, const struct hash *peer, struct head *head,
                               struct start_count *starts)
{
    struct store *store = context;
    struct ledger *ledger;
    if (ledger_find(store, peer, &ledger, NULL) != OK) {
        return false;
    }
    *starts = ledger->starts;
    if (ledger->frozen) {
        *head = ledger->fork[ledger->fork[1].size >= ledger->fork[0].size];
        return true;
    }
    if (ledger->has_head) {
        *head = ledger->head;
    }
    return ledger->has_head;
}

/* --- pulling --- */

static void book_held(void *context, const struct hash *group, struct want *want)
{
    struct store *store = context;
    struct ledger *ledger;
    memset(want, 0, sizeof *want);
    want->group = *group;
    if (ledger_find(store, group, &ledger, NULL) == OK) {
        want->epoch = ledger->epoch;
        want->have = ledger->stored;
        want->links = ledger->has_keys ? ledger->keys.links : 0;
    }
}

static bool book_claim(void *context, const struct session *session, const struct hash *group)
{
    struct store *store = context;
    struct ledger *ledger;
    if (hash_equal(group, &store->own_group) || !roster_has(store, group)) {
        return false;
    }
    if (ledger_find(store, group, &ledger, NULL) == OK && ledger->frozen) {
        return false;
    }
    for (size_t i = 0; i < store->claim_count; i++) {
        if (hash_equal(&store->claims[i].group, group)) {
            return store->claims[i].session == session;
        }
    }
    struct claim *claims =
        array_room(store->claims, store->claim_count, &store->claim_cap, sizeof *claims);
    if (claims == NULL) {
        return false;
    }
    store->claims = claims;
    store->claims[store->claim_count++] = (struct claim){session, *group};
    return true;
}

static void book_unclaim(void *context, const struct session *session, const struct hash *group)
{
    struct store *store = context;
    for (size_t i = 0; i < store->claim_count; i++) {
        if (store->claims[i].session == session && hash_equal(&store->claims[i].group, group)) {
            store->claims[i] = store->claims[--store->claim_count];
            return;
        }
    }
}

static enum err_code book_take_link(void *context, const struct hash *group, uint64_t number,
                                    const struct link *link, struct err *err)
{
    return ingest_link(context, group, number, link, err);
}

static enum err_code book_take_head(void *context, const struct head_answer *answer,
                                    struct err *err)
{
    return ingest_head(context, answer, err);
}

static enum err_code book_take_chunk(void *context, const struct chunk *chunk, struct err *err)
{
    return ingest_chunk(context, chunk, err);
}

/* --- about the peer --- */

/* Kept with the peer's ledger, in the batch; without a ledger there is nothing to compare with. */
static void book_peer_started(void *context, const struct hash *peer,
                              const struct start_count *starts)
{
    struct store *store = context;
    struct ledger *ledger;
    if (ledger_find(store, peer, &ledger, NULL) != OK || !ledger->has_keys ||
        starts->starts <= ledger->starts.starts ||
        !start_count_verify(starts, peer, &ledger->keys.signing_key) ||
        batch_begin(store, NULL) != OK) {
        return;
    }
    ledger->starts = *starts;
    ledger->dirty = true;
    store->uncommitted += 1;
}

static bool book_peer_key_known(void *context, const struct hash *peer,
                                const struct hash *static_key)
{
    struct store *store = context;
    struct ledger *ledger;
    struct rostered rostered;
    if (ledger_find(store, peer, &ledger, NULL) == OK && ledger->has_keys) {
        return hash_equal(&ledger->keys.transport_key, static_key);
    }
    return store_roster_find(store, peer, &rostered) == OK &&
           hash_equal(&rostered.admission.transport_key, static_key);
}

static void book_own_head_heard(void *context, const struct hash *peer, const struct head *head,
                                const struct start_count *starts)
{
    (void)peer;
    store_own_head_heard(context, head, starts);
}

void book_init(struct store *store)
{
    store->book = (struct book){.context = store,
                                .map = store->map,
                                .head = book_head,
                                .link_count = book_link_count,
                                .read_link = book_read_link,
                                .root_at = book_root_at,
                                .prove = book_prove,
                                .read_leaves = book_read_leaves,
                                .peer_own_head = book_peer_own_head,
                                .held = book_held,
                                .claim = book_claim,
                                .unclaim = book_unclaim,
                                .take_link = book_take_link,
                                .take_head = book_take_head,
                                .take_chunk = book_take_chunk,
                                .peer_started = book_peer_started,
                                .peer_key_known = book_peer_key_known,
                                .own_head_heard = book_own_head_heard};
}

void book_free(struct store *store)
{
    free(store->claims);
    store->claims = NULL;
}

struct book *store_book(struct store *store)
{
    return &store->book;
}
