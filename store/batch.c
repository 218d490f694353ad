/* The transaction that take_* calls share, and its commit. */
#include <assert.h>
#include <stdlib.h>

#include "store/append.h"
#include "store/ingest.h"
#include "store/ledger.h"
#include "store/lines.h"
#include "store/roster.h"

enum err_code batch_begin(struct store *store, struct err *err)
{
    if (store->in_batch && db_in_transaction(&store->db)) {
        return OK;
    }
    if (store->in_batch) {
        batch_abandon(store);
    }
    enum err_code code = db_begin(&store->db, DB_NORMAL, err);
    if (code == OK) {
        store->in_batch = true;
    }
    return code;
}

void batch_abandon(struct store *store)
{
    db_rollback(&store->db);
    ledger_forget_all(store);
    lines_forget(store);
    store->in_batch = false;
    store->batch_lost |= store->uncommitted > 0;
    store->uncommitted = 0;
    store->changed_count = 0; /* what an earlier commit changed is found by anti-entropy */
}

enum err_code batch_changed(struct store *store, const struct hash *group, struct err *err)
{
    for (size_t i = 0; i < store->changed_count; i++) {
        if (hash_equal(&store->changed[i], group)) {
            return OK;
        }
    }
    struct hash *changed =
        array_room(store->changed, store->changed_count, &store->changed_cap, sizeof *changed);
    if (changed == NULL) {
        return err_set(err, E_MEMORY, "out of memory for the list of changed ledgers");
    }
    store->changed = changed;
    store->changed[store->changed_count++] = *group;
    return OK;
}

size_t store_uncommitted(const struct store *store)
{
    return store->uncommitted;
}

/* What is durable now becomes visible. */
static enum err_code refresh_map(struct store *store, struct err *err)
{
    for (size_t i = 0; i < store->changed_count; i++) {
        if (store->has_network && hash_equal(&store->changed[i], &store->network)) {
            return roster_load(store, err);
        }
    }
    enum err_code code = OK;
    for (size_t i = 0; i < store->changed_count && code == OK; i++) {
        code = roster_refresh(store, &store->changed[i], err);
    }
    return code;
}

enum err_code batch_commit(struct store *store, struct err *err)
{
    if (store->in_batch && !db_in_transaction(&store->db)) {
        batch_abandon(store);
    }
    if (!store->in_batch) {
        return OK;
    }
    enum err_code code = ledger_save_all(store, err);
    if (code == OK) {
        code = db_commit(&store->db, err);
    }
    if (code != OK) {
        batch_abandon(store);
        return code;
    }
    store->in_batch = false;
    store->uncommitted = 0;
    return refresh_map(store, err);
}

enum err_code store_commit(struct store *store, changed_fn changed, void *context, struct err *err)
{
    enum err_code code = batch_commit(store, err);
    if (code == OK) {
        code = own_settle(store, err);
    }
    if (code == OK && store->batch_lost) {
        code = err_set(err, E_IO, "ledger.db: a part of it could not be written and was undone");
    }
    store->batch_lost = false;
    struct hash *groups = store->changed;
    size_t count = store->changed_count;
    /* `changed` may append or commit: the list is its own. */
    store->changed = NULL;
    store->changed_count = 0;
    store->changed_cap = 0;
    for (size_t i = 0; i < count && changed != NULL; i++) {
        changed(context, &groups[i]);
    }
    free(groups);
    return code;
}
