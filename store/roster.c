/* The roster as rows (one per admission, made by the fold of the network's ledger), and in memory
 * as the map's order plus the row of each rank, so that 80,000 groups cost 8 bytes each here. */
#include "store/roster.h"

#include <stdlib.h>
#include <string.h>

#include "proto/id.h"
#include "store/ledger.h"

/* row[rank] = id in `roster` of the group at that rank of the map; row[0] = 0, the network. */
struct roster {
    int64_t *row;
    size_t count; /* ranks, the network included */
};

static int64_t tag_number(const struct hash *group)
{
    return (int64_t)bytes_get_number(group->bytes, GROUP_TAG_BYTES);
}

/* --- rows --- */

enum err_code roster_put(struct store *store, const struct admission *admission, uint64_t index,
                         struct err *err)
{
    sqlite3_stmt *statement = NULL;
    struct buffer packed;
    buffer_init(&packed, 0);
    terms_roster_pack(&packed, admission, 1, NULL);
    enum err_code code =
        packed.failed
            ? err_set(err, E_MEMORY, "out of memory for an admission")
            : db_statement(&store->db,
                           "INSERT INTO roster(id, tag, group_id, place, name, name_en, admission)"
                           " SELECT coalesce(max(id) + 1, ?1), ?2, ?3, ?4, ?5, ?6, ?7 FROM roster"
                           " WHERE id >= ?1 AND id < ?1 + 256",
                           &statement, err);
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, (int64_t)(index << 8));
        (void)sqlite3_bind_int64(statement, 2, tag_number(&admission->group));
        db_bind_hash(statement, 3, &admission->group);
        (void)sqlite3_bind_int64(statement, 4, admission->place);
        (void)sqlite3_bind_text(statement, 5, admission->name, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(statement, 6, admission->name_en, -1, SQLITE_STATIC);
        db_bind_bytes(statement, 7, buffer_view(&packed));
        code = db_run(&store->db, statement, err);
    }
    buffer_free(&packed);
    return code;
}

bool roster_row_is(struct store *store, const struct admission *admission, uint64_t index)
{
    sqlite3_stmt *statement;
    int row = 0;
    struct buffer packed;
    buffer_init(&packed, 0);
    terms_roster_pack(&packed, admission, 1, NULL);
    enum err_code code =
        db_statement(&store->db,
                     "SELECT 1 FROM roster WHERE tag = ?1 AND group_id = ?2 AND place = ?3"
                     " AND name = ?4 AND name_en = ?5 AND admission = ?6 AND id >> 8 = ?7",
                     &statement, NULL);
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, tag_number(&admission->group));
        db_bind_hash(statement, 2, &admission->group);
        (void)sqlite3_bind_int64(statement, 3, admission->place);
        (void)sqlite3_bind_text(statement, 4, admission->name, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(statement, 5, admission->name_en, -1, SQLITE_STATIC);
        db_bind_bytes(statement, 6, buffer_view(&packed));
        (void)sqlite3_bind_int64(statement, 7, (int64_t)index);
        code = db_row(&store->db, statement, &row, NULL);
    }
    if (code == OK) {
        db_reset(statement);
    }
    buffer_free(&packed);
    return code == OK && row;
}

enum err_code roster_shares_tag(struct store *store, const struct hash *group, uint64_t index,
                                bool *has, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 0;
    enum err_code code = db_statement(&store->db, "SELECT 1 FROM roster WHERE tag = ?1 AND id < ?2",
                                      &statement, err);
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, tag_number(group));
        (void)sqlite3_bind_int64(statement, 2, (int64_t)(index << 8));
        code = db_row(&store->db, statement, &row, err);
    }
    if (code == OK) {
        db_reset(statement);
        *has = row != 0;
    }
    return code;
}

/* --- the map --- */

/* Rows under construction: published admissions, the network first. */
struct loading {
    struct map_item *items;
    uint32_t *places;
    int64_t *rows;
    size_t count;
};

static void loading_free(struct loading *loading)
{
    free(loading->items);
    free(loading->places);
    free(loading->rows);
}

static enum err_code loading_make(struct loading *loading, size_t room, struct err *err)
{
    loading->items = calloc(room, sizeof *loading->items);
    loading->places = calloc(room, sizeof *loading->places);
    loading->rows = calloc(room, sizeof *loading->rows);
    loading->count = 0;
    if (loading->items == NULL || loading->places == NULL || loading->rows == NULL) {
        return err_set(err, E_MEMORY, "out of memory for the roster");
    }
    return OK;
}

static enum err_code published_rows(struct store *store, const char *sql, sqlite3_stmt **statement,
                                    struct err *err)
{
    struct ledger *network;
    enum err_code code = ledger_find(store, &store->network, &network, err);
    uint64_t size = code == OK ? network->size : 0;
    if (code != OK && code != E_NO_DATA) {
        return code;
    }
    code = db_statement(&store->db, sql, statement, err);
    if (code == OK) {
        (void)sqlite3_bind_int64(*statement, 1, (int64_t)(size << 8));
    }
    return code;
}

static enum err_code count_rows(struct store *store, size_t *count, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 0;
    enum err_code code =
        published_rows(store, "SELECT count(*) FROM roster WHERE id < ?1", &statement, err);
    if (code == OK) {
        code = db_row(&store->db, statement, &row, err);
    }
    if (code == OK && row) {
        *count = (size_t)sqlite3_column_int64(statement, 0);
        db_reset(statement);
    }
    return code;
}

static enum err_code load_row(struct loading *loading, size_t room, sqlite3_stmt *statement,
                              struct err *err)
{
    struct map_item *item = &loading->items[loading->count];
    if (loading->count >= room || !db_column_hash(statement, 1, &item->group)) {
        return db_spoiled(err, "a row of the roster");
    }
    loading->rows[loading->count] = sqlite3_column_int64(statement, 0);
    loading->places[loading->count] = (uint32_t)sqlite3_column_int64(statement, 2);
    loading->count++;
    return OK;
}

static enum err_code load_rows(struct store *store, struct loading *loading, size_t room,
                               struct err *err)
{
    sqlite3_stmt *statement;
    int row = 1;
    loading->items[0].group = store->network;
    loading->count = 1;
    enum err_code code =
        published_rows(store, "SELECT id, group_id, place FROM roster WHERE id < ?1 ORDER BY id",
                       &statement, err);
    while (code == OK && row) {
        code = db_row(&store->db, statement, &row, err);
        if (code == OK && row) {
            code = load_row(loading, room, statement, err);
        }
    }
    return code;
}

/* Own heads are seen by others only once they were released. */
static void released_item(const struct store *store, struct map_item *item)
{
    memset(item, 0, sizeof *item);
    item->group = store->own_group;
    if (store->has_released) {
        item->epoch = store->released.epoch;
        item->size = store->released.size;
        item->root = store->released.root;
    }
}

/* What the map says of every ledger that is held. */
static enum err_code fill_map(struct store *store, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 1;
    enum err_code code =
        db_statement(&store->db, "SELECT group_id, epoch, size, head, frozen FROM ledger",
                     &statement, err);
    while (code == OK && row) {
        code = db_row(&store->db, statement, &row, err);
        struct map_item item = {.size = 0};
        struct head head;
        if (code != OK || !row || !db_column_hash(statement, 0, &item.group)) {
            continue; /* a spoiled row is told by ledger_find and verify */
        }
        struct cursor cursor = cursor_of(db_column_bytes(statement, 3));
        head_read(&cursor, &head);
        if (sqlite3_column_int(statement, 4) != 0) {
            map_frozen_item(&item.group, &item);
        } else if (hash_equal(&item.group, &store->own_group)) {
            released_item(store, &item);
        } else if (cursor_done(&cursor)) {
            item.epoch = head.epoch;
            item.size = head.size;
            item.root = head.root;
        }
        (void)map_set(store->map, &item); /* false: held but not rostered */
    }
    return code;
}

static enum err_code take_order(struct store *store, const struct loading *loading, struct err *err)
{
    struct roster *roster = calloc(1, sizeof *roster);
    if (roster != NULL) {
        roster->row = calloc(loading->count, sizeof *roster->row);
    }
    enum err_code code =
        roster == NULL || roster->row == NULL
            ? E_MEMORY
            : map_reset(store->map, loading->items, loading->places, loading->count);
    for (size_t i = 0; code == OK && i < loading->count; i++) {
        size_t rank;
        if (!map_find(store->map, loading->items[i].group.bytes, &rank)) {
            code = E_CORRUPT;
        } else {
            roster->row[rank] = loading->rows[i];
        }
    }
    if (code != OK) {
        free(roster == NULL ? NULL : roster->row);
        free(roster);
        return err_set(err, code, "the roster cannot be put in order");
    }
    roster->count = loading->count;
    roster_free(store);
    store->roster = roster;
    return OK;
}

enum err_code roster_load(struct store *store, struct err *err)
{
    if (!store->has_network) {
        return OK;
    }
    size_t count = 0;
    struct loading loading = {NULL, NULL, NULL, 0};
    enum err_code code = count_rows(store, &count, err);
    if (code == OK) {
        code = loading_make(&loading, count + 1, err);
    }
    if (code == OK) {
        code = load_rows(store, &loading, count + 1, err);
    }
    if (code == OK) {
        code = take_order(store, &loading, err);
    }
    loading_free(&loading);
    return code == OK ? fill_map(store, err) : code;
}

void roster_free(struct store *store)
{
    if (store->roster != NULL) {
        free(store->roster->row);
        free(store->roster);
        store->roster = NULL;
    }
}

static bool find_rank(const struct store *store, const struct hash *group, size_t *rank)
{
    return store->map != NULL && map_find(store->map, group->bytes, rank) &&
           hash_equal(&map_at(store->map, *rank)->group, group);
}

bool roster_has(const struct store *store, const struct hash *group)
{
    size_t rank;
    return store->has_network && find_rank(store, group, &rank);
}

enum err_code roster_refresh(struct store *store, const struct hash *group, struct err *err)
{
    struct ledger *ledger;
    struct map_item item = {.size = 0};
    if (!roster_has(store, group)) {
        return OK;
    }
    enum err_code code = ledger_find(store, group, &ledger, err);
    if (code != OK) {
        return code == E_NO_DATA ? OK : code;
    }
    if (ledger->frozen) {
        map_frozen_item(group, &item);
    } else if (ledger->id == store->own_id) {
        released_item(store, &item);
    } else {
        item.group = *group;
        if (ledger->has_head) {
            item.epoch = ledger->epoch;
            item.size = ledger->size;
            item.root = ledger->head.root;
        }
    }
    (void)map_set(store->map, &item);
    return OK;
}

enum err_code roster_set_network(struct store *store, const struct hash *network, struct err *err)
{
    enum err_code code = meta_set(store, "network", hash_view(network), err);
    if (code == OK) {
        store->network = *network;
        store->has_network = true;
        code = roster_load(store, err);
    }
    return code;
}

/* --- for the rest of the program --- */

bool store_has_network(const struct store *store)
{
    return store->has_network;
}

const struct hash *store_network(const struct store *store)
{
    return store->has_network ? &store->network : NULL;
}

size_t store_roster_count(struct store *store)
{
    return store->roster == NULL ? 0 : store->roster->count - 1;
}

static enum err_code keep_admission(void *context, const struct admission *admission)
{
    *(struct admission *)context = *admission;
    return OK;
}

/* The transport key that the group's own chain gives, where it is held. */
static enum err_code current_key(struct store *store, struct rostered *rostered, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 0;
    enum err_code code =
        db_statement(&store->db, "SELECT transport_key FROM ledger WHERE group_id = ?1", &statement,
                     err);
    if (code == OK) {
        db_bind_hash(statement, 1, &rostered->admission.group);
        code = db_row(&store->db, statement, &row, err);
    }
    rostered->transport_key = rostered->admission.transport_key;
    if (code == OK && row) {
        (void)db_column_hash(statement, 0, &rostered->transport_key);
    }
    if (code == OK) {
        db_reset(statement);
    }
    return code;
}

static enum err_code read_rostered(struct store *store, int64_t id, struct rostered *rostered)
{
    sqlite3_stmt *statement;
    int row = 0;
    struct rostered found = {.index = (uint64_t)id >> 8};
    enum err_code code =
        db_statement(&store->db, "SELECT admission FROM roster WHERE id = ?1", &statement, NULL);
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, id);
        code = db_row(&store->db, statement, &row, NULL);
    }
    if (code == OK) {
        bool good = row && terms_roster_read(db_column_bytes(statement, 0), keep_admission,
                                             &found.admission, NULL) == OK;
        db_reset(statement);
        code = good ? current_key(store, &found, NULL) : E_CORRUPT;
    }
    if (code == OK) {
        *rostered = found;
    }
    return code;
}

enum err_code store_roster_at(struct store *store, size_t rank, struct rostered *rostered)
{
    if (rank >= store_roster_count(store)) {
        return E_NOT_FOUND;
    }
    return read_rostered(store, store->roster->row[rank + 1], rostered);
}

enum err_code store_roster_find(struct store *store, const struct hash *group,
                                struct rostered *rostered)
{
    size_t rank;
    if (store->roster == NULL || !find_rank(store, group, &rank) || rank == 0 ||
        rank >= store->roster->count) {
        return E_NOT_FOUND;
    }
    return read_rostered(store, store->roster->row[rank], rostered);
}
