/* Every projection dropped and made again from entries, signed heads, links and bodies, in one
 * transaction: what comes out is byte for byte what was written entry by entry.
 *
 * A peer's ledger whose entries are spoiled is emptied, so that it is pulled again and verified; of
 * the own one nothing is ever dropped. */
#include <inttypes.h>
#include <stdlib.h>

#include "store/append.h"
#include "store/fresh.h"
#include "store/ingest.h"
#include "store/leaves.h"
#include "store/ledger.h"
#include "store/lines.h"
#include "store/number_map.h"
#include "store/roster.h"
#include "store/schema.h"

static enum err_code empty_tables(struct store *store, struct err *err)
{
    enum err_code code = lines_drop_all(store, err);
    for (const char *const *table = schema_projections; code == OK && *table != NULL; table++) {
        struct buffer sql;
        buffer_init(&sql, 0);
        buffer_print(&sql, "DELETE FROM %s%c", *table, '\0');
        code = sql.failed ? err_set(err, E_MEMORY, "out of memory")
                          : db_execute(&store->db, (const char *)sql.data, err);
        buffer_free(&sql);
    }
    return code;
}

/* --- the own ledger --- */

/* What a rebuild of the own ledger carries from entry to entry. Operation tags are random: they
 * are gathered, and written in order at the end. */
struct own_again {
    struct buffer body;
    struct number_map operations; /* tag -> entry */
};

static enum err_code gather_operation(struct store *store, struct own_again *again,
                                      struct bytes terms, uint64_t index, struct err *err)
{
    int64_t number;
    int64_t first;
    if (!operation_number(terms, &number)) {
        return OK;
    }
    if (number == 0) { /* no key of the map */
        return operation_put(store, number, index, err);
    }
    return number_map_get(&again->operations, (uint64_t)number, &first)
               ? OK
               : number_map_put(&again->operations, (uint64_t)number, (int64_t)index, err);
}

static enum err_code put_operations(struct store *store, struct number_map *operations,
                                    struct err *err)
{
    enum err_code code = OK;
    number_map_sort(operations);
    for (size_t i = 0; code == OK && i < operations->used; i++) {
        const struct number_slot *slot = &operations->slots[i];
        code = operation_put(store, (int64_t)slot->key, (uint64_t)slot->value, err);
    }
    number_map_free(operations);
    return code;
}

static enum err_code apply_own(void *context, const struct fresh *fresh, uint64_t index,
                               enum err_code verdict, struct err *err)
{
    struct own_again *again = context;
    buffer_clear(&again->body);
    if (verdict != OK || fresh->store->fold.index != index) {
        return OK; /* no own entry is invalid, unless rules changed */
    }
    enum err_code code = lines_body(fresh->store, index, &again->body, err);
    struct own_entry own = lines_entry(&fresh->store->fold, index, buffer_view(&again->body));
    if (code == OK || code == E_NOT_FOUND) {
        code = lines_apply(fresh->store, &own, err);
    }
    return code == OK ? gather_operation(fresh->store, again, own.entry->terms, index, err) : code;
}

/* --- one ledger --- */

/* Everything held of a peer's ledger but its row: it will be pulled again. */
static enum err_code empty_ledger(struct store *store, const struct hash *group, int64_t id,
                                  struct err *err)
{
    static const char *const deletes[] = {"DELETE FROM leaves WHERE id BETWEEN ?1 AND ?2",
                                          "DELETE FROM links WHERE id BETWEEN ?1 AND ?2",
                                          "DELETE FROM verdicts WHERE id BETWEEN ?1 AND ?2",
                                          "DELETE FROM reversed WHERE id BETWEEN ?1 AND ?2",
                                          "DELETE FROM subtrees WHERE id BETWEEN ?1 AND ?2"};
    struct ledger key = {.id = id};
    enum err_code code = OK;
    for (size_t i = 0; code == OK && i < sizeof deletes / sizeof deletes[0]; i++) {
        sqlite3_stmt *statement;
        code = db_statement(&store->db, deletes[i], &statement, err);
        if (code == OK) {
            (void)sqlite3_bind_int64(statement, 1, row_id(&key, 0));
            (void)sqlite3_bind_int64(statement, 2, row_id(&key, LEDGER_SIZE_MAX - 1));
            code = db_run(&store->db, statement, err);
        }
    }
    sqlite3_stmt *statement;
    if (code == OK) {
        code = db_statement(&store->db, "DELETE FROM approved WHERE ledger = ?1", &statement, err);
    }
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, id);
        code = db_run(&store->db, statement, err);
    }
    if (code == OK && store->has_network && hash_equal(group, &store->network)) {
        code = db_execute(&store->db, "DELETE FROM roster", err);
    }
    if (code == OK) {
        code = db_statement(&store->db, "DELETE FROM ledger WHERE id = ?1", &statement, err);
    }
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, id);
        code = db_run(&store->db, statement, err);
    }
    return code;
}

static bool is_as_signed(const struct fresh *fresh)
{
    const struct ledger *ledger = fresh->ledger;
    if (ledger->size == 0) {
        return true;
    }
    return hash_equal(&fresh->published_root, &ledger->head.root) &&
           keychain_verify_head(&ledger->keys, &ledger->head) == OK;
}

static enum err_code derive(struct fresh *fresh, struct err *err)
{
    enum err_code code = fresh_keys(fresh, err);
    if (code == OK) {
        code = fresh_fold(fresh, err);
    }
    if (code == OK && !is_as_signed(fresh)) {
        code = db_spoiled(err, "an entry under a signed head");
    }
    return code;
}

static enum err_code rebuild_ledger(struct store *store, int64_t id, struct own_again *again,
                                    const struct progress *progress, struct err *err)
{
    struct fresh fresh;
    enum err_code code = fresh_start(&fresh, store, id, JUDGE_RECORD, err);
    if (code == E_CORRUPT && fresh_own_row(store) != 0 && id != fresh_own_row(store)) {
        struct hash none = {{0}};
        return empty_ledger(store, &none, id, err);
    }
    if (code != OK) {
        return code;
    }
    struct hash group = fresh.ledger->group;
    bool own = hash_equal(&group, &store->own_group);
    fresh.progress = progress;
    if (own) {
        fresh.each = apply_own;
        fresh.context = again;
    }
    code = derive(&fresh, err);
    if (code == OK) {
        code = fresh_take(&fresh, err);
    } else if (code == E_CORRUPT && !own) {
        code = empty_ledger(store, &group, id, err);
    } else {
        code = err_prefix(err, code, own ? "the own ledger" : "a ledger");
    }
    fresh_end(&fresh);
    return code;
}

static enum err_code rebuild_all(struct store *store, const struct progress *progress,
                                 struct err *err)
{
    int64_t *ids = NULL;
    size_t count = 0;
    struct own_again again = {.operations = {.slots = NULL}};
    buffer_init(&again.body, 0);
    enum err_code code = empty_tables(store, err);
    if (code == OK) {
        code = fresh_ids(store, &ids, &count, err);
    }
    for (size_t i = 0; code == OK && i < count; i++) {
        if (progress != NULL) {
            progress->tell(progress->context, "ledgers", i, count);
        }
        code = rebuild_ledger(store, ids[i], &again, progress, err);
    }
    if (code == OK) {
        code = put_operations(store, &again.operations, err);
    }
    if (code == OK) {
        code = lines_flush(store, err);
    }
    if (code == OK) {
        code = ledger_save_all(store, err);
    }
    free(ids);
    number_map_free(&again.operations);
    buffer_free(&again.body);
    return code;
}

enum err_code store_rebuild(struct store *store, const struct progress *progress, struct err *err)
{
    enum err_code code = batch_commit(store, err);
    if (code != OK) {
        batch_abandon(store); /* what cannot be written now is pulled again */
    }
    ledger_forget_all(store);
    lines_forget(store);
    code = db_begin(&store->db, DB_FULL, err);
    if (code == OK) {
        code = rebuild_all(store, progress, err);
    }
    if (code == OK) {
        code = db_commit(&store->db, err);
    }
    if (code != OK) {
        batch_abandon(store);
        return code;
    }
    if (store->status != OWN_RECOVERING) {
        code = own_load(store, err);
    }
    return code == OK ? roster_load(store, err) : code;
}
