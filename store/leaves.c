/* Runs of leaves: written whole where whole runs arrive, merged when small ones fill a run. */
#include "store/leaves.h"

#include <assert.h>
#include <string.h>

int64_t row_id(const struct ledger *ledger, uint64_t low)
{
    assert(ledger->id > 0 && low < LEDGER_SIZE_MAX);
    return (int64_t)((uint64_t)ledger->id << 40 | low);
}

static uint64_t run_start(uint64_t index)
{
    return index & ~(uint64_t)(RUN_LEAVES - 1);
}

/* The first `count` leaves of `*rest` in chunk form, taken from it. false when they are not there.
 */
static bool take_leaves(struct bytes *rest, uint64_t count, struct bytes *taken)
{
    struct bytes walk = *rest;
    struct bytes leaf;
    bool failed = false;
    for (uint64_t i = 0; i < count; i++) {
        if (!chunk_leaf(&walk, &leaf, &failed)) {
            return false;
        }
    }
    taken->data = rest->data;
    taken->len = rest->len - walk.len;
    *rest = walk;
    return true;
}

/* --- reading --- */

struct run_row {
    uint64_t first;
    uint64_t count;
    struct bytes data;
};

/* The current row of a statement over (id, count, data), checked. */
static enum err_code read_row(sqlite3_stmt *statement, const struct ledger *ledger,
                              struct run_row *row, struct err *err)
{
    uint64_t id = (uint64_t)sqlite3_column_int64(statement, 0);
    int64_t count = sqlite3_column_int64(statement, 1);
    row->first = id & (LEDGER_SIZE_MAX - 1);
    row->data = db_column_bytes(statement, 2);
    if (id >> 40 != (uint64_t)ledger->id || count < 1 || count > RUN_LEAVES ||
        (row->first & (RUN_LEAVES - 1)) + (uint64_t)count > RUN_LEAVES) {
        return db_spoiled(err, "a run of entries");
    }
    row->count = (uint64_t)count;
    return OK;
}

static enum err_code rows_between(struct store *store, const struct ledger *ledger, uint64_t first,
                                  uint64_t last, sqlite3_stmt **statement, struct err *err)
{
    enum err_code code =
        db_statement(&store->db,
                     "SELECT id, count, data FROM leaves WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
                     statement, err);
    if (code == OK) {
        (void)sqlite3_bind_int64(*statement, 1, row_id(ledger, first));
        (void)sqlite3_bind_int64(*statement, 2, row_id(ledger, last));
    }
    return code;
}

static enum err_code missing(struct err *err, uint64_t index)
{
    return err_set(err, E_CORRUPT,
                   "ledger.db: entry %llu is not where it was written: run satcha verify",
                   (unsigned long long)index);
}

/* --- packing: whole rows where they fit --- */

struct gather {
    uint64_t next; /* index of the leaf that must come now */
    uint64_t to;
    size_t max_bytes;
    struct buffer *out;
    size_t before; /* out->len at the start */
    bool full;
};

static bool gather_fits(const struct gather *gather, size_t len)
{
    size_t used = gather->out->len - gather->before;
    return used + len <= gather->max_bytes;
}

/* Leaf by leaf, the first in any case: only where a row alone is larger than what is asked for. */
static enum err_code gather_part(struct gather *gather, struct bytes wanted, uint64_t end,
                                 struct err *err)
{
    bool first = true;
    while (gather->next < end) {
        struct bytes one;
        if (!take_leaves(&wanted, 1, &one)) {
            return missing(err, gather->next);
        }
        if (!first && !gather_fits(gather, one.len)) {
            break;
        }
        buffer_append(gather->out, one.data, one.len);
        gather->next++;
        first = false;
    }
    gather->full = true;
    return OK;
}

static enum err_code gather_row(struct gather *gather, const struct run_row *row, struct err *err)
{
    uint64_t row_end = row->first + row->count;
    if (row_end <= gather->next) {
        return OK; /* an earlier row of the same run */
    }
    uint64_t end = row_end < gather->to ? row_end : gather->to;
    struct bytes rest = row->data;
    struct bytes skipped;
    struct bytes wanted;
    if (row->first > gather->next || !take_leaves(&rest, gather->next - row->first, &skipped) ||
        !take_leaves(&rest, end - gather->next, &wanted)) {
        return missing(err, gather->next);
    }
    if (gather_fits(gather, wanted.len)) {
        buffer_append(gather->out, wanted.data, wanted.len);
        gather->next = end;
        return OK;
    }
    if (gather->out->len > gather->before) {
        gather->full = true;
        return OK;
    }
    return gather_part(gather, wanted, end, err);
}

enum err_code leaves_pack(struct store *store, const struct ledger *ledger, uint64_t from,
                          uint64_t to, size_t max_bytes, struct buffer *out, uint64_t *count,
                          struct err *err)
{
    assert(from < to);
    sqlite3_stmt *statement;
    struct gather gather = {from, to, max_bytes, out, out->len, false};
    enum err_code code = rows_between(store, ledger, run_start(from), to - 1, &statement, err);
    while (code == OK && !gather.full && gather.next < to) {
        int is_row;
        struct run_row row = {0, 0, {NULL, 0}};
        code = db_row(&store->db, statement, &is_row, err);
        if (code == OK) {
            code = is_row ? read_row(statement, ledger, &row, err) : missing(err, gather.next);
        }
        if (code == OK) {
            code = gather_row(&gather, &row, err);
        }
    }
    if (code == OK || code == E_CORRUPT) {
        db_reset(statement);
    }
    if (code == OK && out->failed) {
        code = err_set(err, E_MEMORY, "out of memory for entries");
    }
    if (code == OK) {
        *count = gather.next - from;
    }
    return code;
}

/* --- one by one --- */

static enum err_code each_of_run(struct bytes run, uint64_t first, uint64_t count, leaf_fn each,
                                 void *context)
{
    struct bytes leaf;
    bool failed = false;
    for (uint64_t i = 0; i < count && chunk_leaf(&run, &leaf, &failed); i++) {
        enum err_code code = each(context, first + i, leaf);
        if (code != OK) {
            return code;
        }
    }
    return OK;
}

enum err_code leaves_each(struct store *store, const struct ledger *ledger, uint64_t from,
                          uint64_t to, leaf_fn each, void *context, struct err *err)
{
    struct buffer run; /* a copy: `each` may read leaves too, by the same statement */
    buffer_init(&run, 0);
    enum err_code code = OK;
    while (code == OK && from < to) {
        uint64_t end = run_start(from) + RUN_LEAVES;
        uint64_t count;
        buffer_clear(&run);
        code =
            leaves_pack(store, ledger, from, end < to ? end : to, SIZE_MAX / 2, &run, &count, err);
        if (code == OK) {
            code = each_of_run(buffer_view(&run), from, count, each, context);
            from += count;
        }
    }
    buffer_free(&run);
    return code;
}

static enum err_code append_leaf(void *context, uint64_t index, struct bytes leaf)
{
    (void)index;
    buffer_append(context, leaf.data, leaf.len);
    return OK;
}

enum err_code leaves_get(struct store *store, const struct ledger *ledger, uint64_t index,
                         struct buffer *out, struct err *err)
{
    enum err_code code = leaves_each(store, ledger, index, index + 1, append_leaf, out, err);
    if (code == OK && out->failed) {
        return err_set(err, E_MEMORY, "out of memory for an entry");
    }
    return code;
}

/* --- writing --- */

static enum err_code delete_between(struct store *store, const struct ledger *ledger,
                                    uint64_t first, uint64_t last, struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code =
        db_statement(&store->db, "DELETE FROM leaves WHERE id BETWEEN ?1 AND ?2", &statement, err);
    if (code != OK) {
        return code;
    }
    (void)sqlite3_bind_int64(statement, 1, row_id(ledger, first));
    (void)sqlite3_bind_int64(statement, 2, row_id(ledger, last));
    return db_run(&store->db, statement, err);
}

static enum err_code insert_row(struct store *store, const struct ledger *ledger,
                                const struct run_row *row, struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code =
        db_statement(&store->db, "INSERT INTO leaves(id, count, data) VALUES(?1, ?2, ?3)",
                     &statement, err);
    if (code != OK) {
        return code;
    }
    (void)sqlite3_bind_int64(statement, 1, row_id(ledger, row->first));
    (void)sqlite3_bind_int64(statement, 2, (int64_t)row->count);
    db_bind_bytes(statement, 3, row->data);
    return db_run(&store->db, statement, err);
}

/* The last leaves of a run whose first ones stand in smaller rows: all of it becomes one row. */
static enum err_code complete_run(struct store *store, const struct ledger *ledger,
                                  const struct run_row *last, struct err *err)
{
    struct buffer run;
    buffer_init(&run, 0);
    uint64_t start = run_start(last->first);
    uint64_t count;
    enum err_code code =
        leaves_pack(store, ledger, start, last->first, SIZE_MAX / 2, &run, &count, err);
    if (code == OK) {
        code = delete_between(store, ledger, start, last->first - 1, err);
    }
    buffer_append(&run, last->data.data, last->data.len);
    if (code == OK && run.failed) {
        code = err_set(err, E_MEMORY, "out of memory for entries");
    }
    if (code == OK) {
        struct run_row whole = {start, RUN_LEAVES, buffer_view(&run)};
        code = insert_row(store, ledger, &whole, err);
    }
    buffer_free(&run);
    return code;
}

enum err_code leaves_put(struct store *store, const struct ledger *ledger, uint64_t first,
                         uint64_t count, struct bytes leaves, struct err *err)
{
    while (count > 0) {
        uint64_t room = run_start(first) + RUN_LEAVES - first;
        struct run_row row = {first, count < room ? count : room, {NULL, 0}};
        if (!take_leaves(&leaves, row.count, &row.data)) {
            return err_set(err, E_LEAF, "entry %llu is cut short", (unsigned long long)first);
        }
        bool completes = row.count == room && room < RUN_LEAVES;
        enum err_code code = completes ? complete_run(store, ledger, &row, err)
                                       : insert_row(store, ledger, &row, err);
        if (code != OK) {
            return code;
        }
        first += row.count;
        count -= row.count;
    }
    return OK;
}

enum err_code leaves_truncate(struct store *store, const struct ledger *ledger, uint64_t size,
                              struct err *err)
{
    uint64_t start = run_start(size);
    uint64_t count = size - start;
    struct buffer kept;
    buffer_init(&kept, 0);
    enum err_code code = OK;
    if (count > 0) {
        code = leaves_pack(store, ledger, start, size, SIZE_MAX / 2, &kept, &count, err);
    }
    if (code == OK) {
        code = delete_between(store, ledger, start, LEDGER_SIZE_MAX - 1, err);
    }
    if (code == OK && count > 0) {
        struct run_row row = {start, count, buffer_view(&kept)};
        code = insert_row(store, ledger, &row, err);
    }
    buffer_free(&kept);
    return code;
}
