/* Own private lines and members, written: the tables behind passbooks, member balances and the
 * check that an operation was not done before. Everything here is made from the bodies of own
 * entries and can be made again. */
#include <stdlib.h>

#include "store/lines_impl.h"

const char lines_schema[] =
    "CREATE TABLE own_entry(entry INTEGER PRIMARY KEY, date INTEGER NOT NULL,"
    " event INTEGER NOT NULL, body_of INTEGER NOT NULL, undone_by INTEGER);"
    "CREATE TABLE own_member(member INTEGER PRIMARY KEY, active INTEGER NOT NULL,"
    " entry INTEGER NOT NULL);"
    "CREATE TABLE own_balance(member INTEGER NOT NULL, account INTEGER NOT NULL,"
    " balance INTEGER NOT NULL, PRIMARY KEY(member, account)) WITHOUT ROWID;"
    "CREATE TABLE own_operation(operation INTEGER PRIMARY KEY, entry INTEGER NOT NULL);"
    "CREATE TABLE own_total(total INTEGER PRIMARY KEY, value INTEGER NOT NULL);";

const char *const lines_tables[] = {"own_entry",     "own_member", "own_balance",
                                    "own_operation", "own_total",  NULL};

/* --- balances in memory --- */

enum { BALANCES_MAX = 1 << 22 }; /* then the memory is emptied, which is always right */

static struct lines *memory(struct store *store, struct err *err)
{
    if (!store->lines) {
        store->lines = calloc(1, sizeof *store->lines);
    }
    if (!store->lines) {
        (void)err_set(err, E_MEMORY, "out of memory for members' balances");
    }
    return store->lines;
}

static uint64_t balance_key(uint32_t member, uint16_t account)
{
    return (uint64_t)member << 16 | account;
}

enum err_code lines_remember(struct store *store, uint32_t member, uint16_t account,
                             struct amount balance, struct err *err)
{
    struct lines *lines = memory(store, err);
    if (!lines) {
        return E_MEMORY;
    }
    if (lines->balances.used >= BALANCES_MAX) {
        number_map_free(&lines->balances);
    }
    return number_map_put(&lines->balances, balance_key(member, account), amount_satang(balance),
                          err);
}

enum err_code lines_balance(struct store *store, uint32_t member, uint16_t account,
                            struct amount *balance, struct err *err)
{
    int64_t kept;
    if (store->lines &&
        number_map_get(&store->lines->balances, balance_key(member, account), &kept)) {
        *balance = amount_of(kept);
        return OK;
    }
    sqlite3_stmt *statement;
    int row;
    enum err_code code =
        db_statement(&store->db, "SELECT balance FROM own_balance WHERE member=?1 AND account=?2",
                     &statement, err);
    if (code != OK) {
        return code;
    }
    sqlite3_bind_int64(statement, 1, member);
    sqlite3_bind_int64(statement, 2, account);
    code = db_row(&store->db, statement, &row, err);
    if (code != OK) {
        return code;
    }
    struct amount found = amount_of(row ? sqlite3_column_int64(statement, 0) : 0);
    db_reset(statement);
    if (store->lines &&
        number_map_get(&store->lines->changes, balance_key(member, account), &kept) &&
        !amount_add(found, amount_of(kept), &found)) {
        return err_set(err, E_OVERFLOW, "a member's balance does not fit");
    }
    code = lines_remember(store, member, account, found, err);
    if (code == OK) {
        *balance = found;
    }
    return code;
}

void lines_forget(struct store *store)
{
    if (store->lines) {
        number_map_free(&store->lines->balances);
        number_map_free(&store->lines->changes);
        number_map_free(&store->lines->operations);
    }
}

void lines_free(struct store *store)
{
    lines_forget(store);
    free(store->lines);
    store->lines = NULL;
}

/* --- single rows --- */

/* One number of a table, by key; *row = 0 where it is not there. */
static enum err_code look_up(struct store *store, const char *sql, int64_t key, int *row,
                             int64_t *value, struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code = db_statement(&store->db, sql, &statement, err);
    if (code != OK) {
        return code;
    }
    sqlite3_bind_int64(statement, 1, key);
    code = db_row(&store->db, statement, row, err);
    if (code == OK && *row) {
        *value = sqlite3_column_int64(statement, 0);
        db_reset(statement);
    }
    return code;
}

/* Runs a statement with up to four numbers. */
static enum err_code put(struct store *store, const char *sql, const int64_t *values, int count,
                         struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code = db_statement(&store->db, sql, &statement, err);
    if (code != OK) {
        return code;
    }
    for (int i = 0; i < count; i++) {
        sqlite3_bind_int64(statement, i + 1, values[i]);
    }
    return db_run(&store->db, statement, err);
}

enum err_code lines_total(struct store *store, enum own_total which, int64_t *value,
                          struct err *err)
{
    int row = 0;
    *value = 0;
    return look_up(store, "SELECT value FROM own_total WHERE total=?1", which, &row, value, err);
}

enum err_code lines_member_status(struct store *store, uint32_t member, enum member_status *status,
                                  struct err *err)
{
    int row = 0;
    int64_t active = 0;
    enum err_code code =
        look_up(store, "SELECT active FROM own_member WHERE member=?1", member, &row, &active, err);
    if (code == OK) {
        *status = !row ? MEMBER_UNKNOWN : active ? MEMBER_ACTIVE : MEMBER_LEFT;
    }
    return code;
}

uint64_t lines_operation_key(struct bytes operation)
{
    struct hash hash;
    hash_of(&hash, operation);
    return bytes_get_number(hash.bytes, 8) >> 1 | 1; /* positive as a rowid, and never 0 */
}

enum err_code lines_operation_find(struct store *store, uint64_t key, bool *found, uint64_t *entry,
                                   struct err *err)
{
    int row = 0;
    int64_t value = 0;
    enum err_code code = lines_flush(store, err);
    if (code == OK) {
        code = look_up(store, "SELECT entry FROM own_operation WHERE operation=?1", (int64_t)key,
                       &row, &value, err);
    }
    if (code == OK) {
        *found = row != 0;
        *entry = (uint64_t)value;
    }
    return code;
}

/* --- bodies --- */

enum err_code lines_each_leg(struct bytes body, leg_fn each, void *context, struct err *err)
{
    struct bytes salt, raw;
    bool failed = false;
    for (uint32_t leg = 0; body_next(&body, &salt, &raw, &failed); leg++) {
        struct body_line line;
        if (body_line_read(raw, &line) != OK) {
            return err_set(err, E_CORRUPT, "private line %u of the entry does not decode", leg);
        }
        enum err_code code = each(context, leg, &line, err);
        if (code != OK) {
            return code;
        }
    }
    return failed ? err_set(err, E_CORRUPT, "the entry's private lines are cut short") : OK;
}

enum err_code lines_each_member_line(struct bytes body, member_line_fn each, void *context,
                                     struct err *err)
{
    struct bytes salt, raw;
    bool failed = false;
    while (body_next(&body, &salt, &raw, &failed)) {
        struct member_line line;
        if (member_line_read(raw, &line) != OK) {
            return err_set(err, E_CORRUPT, "a member line of the entry does not decode");
        }
        enum err_code code = each(context, &line, err);
        if (code != OK) {
            return code;
        }
    }
    return failed ? err_set(err, E_CORRUPT, "the entry's member lines are cut short") : OK;
}

/* --- writing what was gathered --- */

enum { GATHERED_MAX = 1 << 20 }; /* rows in memory at a time: 48 MiB at the most */

static enum err_code flush_changes(struct store *store, struct number_map *changes, struct err *err)
{
    enum err_code code = OK;
    number_map_sort(changes);
    for (size_t i = 0; code == OK && i < changes->used; i++) {
        const struct number_slot *slot = &changes->slots[i];
        int64_t values[] = {(int64_t)(slot->key >> 16), (int64_t)(slot->key & 0xffff), slot->value};
        code = put(store,
                   "INSERT INTO own_balance VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET"
                   " balance=balance+excluded.balance",
                   values, 3, err);
    }
    number_map_free(changes);
    return code;
}

static enum err_code flush_operations(struct store *store, struct number_map *operations,
                                      struct err *err)
{
    enum err_code code = OK;
    number_map_sort(operations);
    for (size_t i = 0; code == OK && i < operations->used; i++) {
        int64_t values[] = {(int64_t)operations->slots[i].key, operations->slots[i].value};
        code = put(store, "INSERT OR IGNORE INTO own_operation VALUES(?1,?2)", values, 2, err);
    }
    number_map_free(operations);
    return code;
}

enum err_code lines_flush(struct store *store, struct err *err)
{
    enum err_code code = OK;
    if (store->lines && store->lines->changes.used > 0) {
        code = flush_changes(store, &store->lines->changes, err);
    }
    if (code == OK && store->lines && store->lines->operations.used > 0) {
        code = flush_operations(store, &store->lines->operations, err);
    }
    return code;
}

/* --- applying an entry --- */

struct apply {
    struct store *store;
    uint64_t index;
    bool negate; /* a reverse: every leg counts the other way */
};

/* The first entry with an id counts. */
static enum err_code gather_operation(struct lines *lines, uint64_t key, uint64_t index,
                                      struct err *err)
{
    int64_t first;
    return number_map_get(&lines->operations, key, &first)
               ? OK
               : number_map_put(&lines->operations, key, (int64_t)index, err);
}

static enum err_code gather_change(struct lines *lines, uint64_t key, struct amount change,
                                   struct err *err)
{
    int64_t kept = 0;
    struct amount sum;
    (void)number_map_get(&lines->changes, key, &kept);
    if (!amount_add(amount_of(kept), change, &sum)) {
        return err_set(err, E_OVERFLOW, "a member's balance does not fit");
    }
    return number_map_put(&lines->changes, key, amount_satang(sum), err);
}

static enum err_code apply_leg(void *context, uint32_t leg, const struct body_line *line,
                               struct err *err)
{
    (void)leg;
    const struct apply *apply = context;
    struct lines *lines = memory(apply->store, err);
    if (!lines) {
        return E_MEMORY;
    }
    enum err_code code = OK;
    if (lines->changes.used + lines->operations.used >= GATHERED_MAX) {
        code = lines_flush(apply->store, err);
    }
    if (code == OK && line->operation.len > 0 && !apply->negate) {
        code = gather_operation(lines, lines_operation_key(line->operation), apply->index, err);
    }
    struct amount change = line->amount;
    if (code != OK || line->member == 0) {
        return code;
    }
    if (apply->negate && !amount_negate(line->amount, &change)) {
        return err_set(err, E_OVERFLOW, "an amount does not fit");
    }
    return gather_change(lines, balance_key(line->member, line->account), change, err);
}

static enum err_code apply_members(void *context, const struct member_line *line, struct err *err)
{
    const struct apply *apply = context;
    struct store *store = apply->store;
    if (line->operation == MEMBER_OPENING) {
        int64_t values[] = {OWN_TOTAL_OPENED, line->last};
        return put(store,
                   "INSERT INTO own_total VALUES(?1,?2) ON CONFLICT DO UPDATE SET"
                   " value=value+excluded.value",
                   values, 2, err);
    }
    enum err_code code = OK;
    for (uint64_t member = line->first; code == OK && member <= line->last; member++) {
        int64_t values[] = {(int64_t)member, line->operation != MEMBER_LEAVE,
                            (int64_t)apply->index};
        code = put(store,
                   "INSERT INTO own_member VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET"
                   " active=excluded.active,entry=CASE WHEN excluded.active THEN excluded.entry"
                   " ELSE entry END",
                   values, 3, err);
    }
    if (code == OK && line->operation == MEMBER_LIST) {
        int64_t values[] = {OWN_TOTAL_LISTED, (int64_t)line->last - line->first + 1};
        code = put(store,
                   "INSERT INTO own_total VALUES(?1,?2) ON CONFLICT DO UPDATE SET"
                   " value=value+excluded.value",
                   values, 2, err);
    }
    return code;
}

static enum err_code apply_post(struct store *store, const struct own_entry *own, struct err *err)
{
    struct apply apply = {.store = store, .index = own->index};
    struct post_terms terms;
    if (terms_post_read(own->entry->terms, &terms, err) != OK) {
        return err_set(err, E_CORRUPT, "the terms of own entry %llu do not decode",
                       (unsigned long long)own->index);
    }
    int64_t values[] = {(int64_t)own->index, own->entry->date, terms.event, (int64_t)own->index};
    enum err_code code =
        put(store, "INSERT INTO own_entry VALUES(?1,?2,?3,?4,NULL)", values, 4, err);
    return code == OK ? lines_each_leg(own->body, apply_leg, &apply, err) : code;
}

static enum err_code apply_reverse(struct store *store, const struct own_entry *own,
                                   struct err *err)
{
    struct apply apply = {.store = store, .index = own->index, .negate = true};
    struct buffer body;
    buffer_init(&body, 0);
    enum err_code code = lines_body(store, own->reversed_index, &body, err);
    if (code == OK) {
        code = lines_each_leg(buffer_view(&body), apply_leg, &apply, err);
    }
    int64_t undone[] = {(int64_t)own->reversed_index, (int64_t)own->index};
    if (code == OK) {
        code = put(store, "UPDATE own_entry SET undone_by=?2 WHERE entry=?1", undone, 2, err);
    }
    int64_t values[] = {(int64_t)own->index, own->entry->date, (int64_t)own->reversed_index};
    if (code == OK) {
        code = put(store,
                   "INSERT INTO own_entry SELECT ?1,?2,event,?3,NULL FROM own_entry WHERE"
                   " entry=?3",
                   values, 3, err);
    }
    buffer_free(&body);
    return code;
}

enum err_code lines_apply(struct store *store, const struct own_entry *own, struct err *err)
{
    struct apply apply = {.store = store, .index = own->index};
    enum err_code code = OK;
    if (own->reverses) {
        code = apply_reverse(store, own, err);
    } else if (own->body.len > 0 && own->entry->kind == KIND_POST) {
        code = apply_post(store, own, err);
    } else if (own->body.len > 0 && own->entry->kind == KIND_MEMBER) {
        code = lines_each_member_line(own->body, apply_members, &apply, err);
    }
    return code;
}

enum err_code lines_drop_all(struct store *store, struct err *err)
{
    lines_forget(store);
    return db_execute(&store->db,
                      "DELETE FROM own_entry; DELETE FROM own_member; DELETE FROM own_balance;"
                      "DELETE FROM own_operation; DELETE FROM own_total;",
                      err);
}
