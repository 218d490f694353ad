/* The own ledger's safety: may it be written, what may peers see of it, and its operations. */
#include <inttypes.h>
#include <string.h>

#include "store/append.h"
#include "store/ingest.h"
#include "store/ledger.h"
#include "store/roster.h"

/* A clock may be a little behind the last entry's: set by hand, or by a network that came late. */
enum { CLOCK_SLACK_MS = 60000 };

/* Key changes that a restored home may not know of: so many further generations are tried. */
enum { LOST_GENERATIONS = 16 };

/* --- may it be written --- */

static bool own_ledger(struct store *store, struct ledger **ledger)
{
    return ledger_find(store, &store->own_group, ledger, NULL) == OK;
}

enum own_status store_own_status(struct store *store)
{
    struct ledger *ledger;
    if (store->status != OWN_OK) {
        return store->status;
    }
    if (!own_ledger(store, &ledger)) {
        return OWN_SPOILED;
    }
    if (ledger->frozen) {
        return OWN_FORKED;
    }
    uint64_t last_ms = ledger->state.last_time_ms;
    bool behind = store_now_ms(store) + CLOCK_SLACK_MS < last_ms;
    return behind && last_ms > store->clock_confirmed_ms ? OWN_CLOCK : OWN_OK;
}

const char *own_status_text(enum own_status status)
{
    switch (status) {
    case OWN_OK:
        return "own entries can be written";
    case OWN_ROLLBACK:
        return "the database is behind its high-water mark: nothing is written until the newer "
               "ledger.db is put back";
    case OWN_RECOVERING:
        return "a peer holds a longer or another head of this ledger: nothing is written until it "
               "is pulled back";
    case OWN_CLOCK:
        return "the clock stands before the last own entry: nothing is written until an officer "
               "confirms it";
    case OWN_FORKED:
        return "two heads of this ledger disagree: nothing is written until the network resolves "
               "it";
    case OWN_SPOILED:
        return "the own ledger in ledger.db cannot be read, or the keys file is not its own: run "
               "satcha verify and satcha rebuild; where nothing is found, put the right keys back";
    }
    return "";
}

static enum err_code rolled_back(struct store *store, struct err *err)
{
    struct ledger *ledger;
    uint64_t size = own_ledger(store, &ledger) ? ledger->size : 0;
    return err_set(err, E_ROLLBACK,
                   "the ledger on disk ends at %" PRIu64 ", the mark says %" PRIu64
                   ": put the newer ledger.db back, or recover it from peers; nothing is written "
                   "until then",
                   size, store->highwater.mark.size);
}

enum err_code own_may_append(struct store *store, struct err *err)
{
    enum own_status status = store_own_status(store);
    switch (status) {
    case OWN_OK:
        break;
    case OWN_ROLLBACK:
        return rolled_back(store, err);
    case OWN_RECOVERING:
        return err_set(err, E_RECOVERING, "%s", own_status_text(status));
    case OWN_CLOCK:
        return err_set(err, E_CLOCK, "%s", own_status_text(status));
    case OWN_FORKED:
        return err_set(err, E_FORKED, "%s", own_status_text(status));
    case OWN_SPOILED:
        return err_set(err, E_CORRUPT, "%s", own_status_text(status));
    }
    return OK;
}

enum err_code store_confirm_clock(struct store *store, struct err *err)
{
    struct ledger *ledger;
    struct buffer packed;
    buffer_init(&packed, 0);
    enum err_code code = batch_commit(store, err);
    if (code == OK) {
        code = ledger_find(store, &store->own_group, &ledger, err);
    }
    if (code == OK) {
        code = db_begin(&store->db, DB_FULL, err);
    }
    if (code == OK) {
        pack_uint(&packed, ledger->state.last_time_ms);
        code = meta_set(store, "clock", buffer_view(&packed), err);
        code = code == OK ? db_commit(&store->db, err) : code;
        if (code != OK) {
            db_rollback(&store->db);
        } else {
            store->clock_confirmed_ms = ledger->state.last_time_ms;
        }
    }
    buffer_free(&packed);
    return code;
}

enum err_code own_load_clock(struct store *store, struct err *err)
{
    struct buffer packed;
    buffer_init(&packed, 0);
    enum err_code code = meta_get(store, "clock", &packed, err);
    if (code == OK) {
        struct cursor cursor = cursor_of(buffer_view(&packed));
        store->clock_confirmed_ms = cursor_uint(&cursor);
        code = cursor_done(&cursor) ? OK : db_spoiled(err, "the confirmed clock");
    }
    buffer_free(&packed);
    return code == E_NOT_FOUND ? OK : code;
}

/* Public keys that this home's seed gives now or may have given after the copy that it was put back
 * from was made. Earlier ones prove nothing: one that was replaced may be a thief's. */
static bool own_public_key(const struct store *store, uint32_t generation, struct hash *public_key)
{
    uint8_t seed[SEED_BYTES];
    struct sign_key key;
    if (generation > store->keys.signing_generation + LOST_GENERATIONS) {
        return false;
    }
    seed_derive(store->keys.seed, SEED_SIGNING, generation, seed);
    sign_key_from_seed(&key, seed);
    *public_key = key.public_key;
    sign_key_wipe(&key);
    explicit_bzero(seed, sizeof seed);
    return true;
}

static bool is_own_head(const struct store *store, const struct head *head)
{
    struct hash key;
    uint32_t generation = store->keys.signing_generation;
    for (; own_public_key(store, generation, &key); generation++) {
        if (head_verify(head, &key) == OK) {
            return true;
        }
    }
    return false;
}

static bool is_own_count(const struct store *store, const struct start_count *starts)
{
    struct hash key;
    uint32_t generation = store->keys.signing_generation;
    for (; own_public_key(store, generation, &key); generation++) {
        if (start_count_verify(starts, &store->own_group, &key)) {
            return true;
        }
    }
    return false;
}

/* Longer than ours, or another at a size that we hold. */
static bool is_ahead(struct store *store, const struct ledger *ledger, const struct head *head)
{
    struct hash root;
    if (!hash_equal(&head->group, &store->own_group) || head->epoch < ledger->epoch ||
        head->size < ledger->keys.size) {
        return false;
    }
    if (head->epoch > ledger->epoch || head->size > ledger->size) {
        return true;
    }
    return ledger_root_at(store, ledger, head->size, &root) == OK &&
           !hash_equal(&root, &head->root);
}

void store_own_head_heard(struct store *store, const struct head *head,
                          const struct start_count *starts)
{
    struct ledger *ledger;
    if (!own_ledger(store, &ledger) || store->status != OWN_OK) {
        return;
    }
    bool ahead = head != NULL && is_ahead(store, ledger, head) && is_own_head(store, head);
    bool elsewhere = starts->starts > store->highwater.mark.starts && is_own_count(store, starts);
    if (ahead || elsewhere) {
        store->status = OWN_RECOVERING;
    }
}

/* --- the high-water mark --- */

enum err_code own_compare_mark(struct store *store, struct err *err)
{
    const struct highwater_mark *mark = &store->highwater.mark;
    struct ledger *ledger;
    struct hash root;
    enum err_code code = ledger_find(store, &store->own_group, &ledger, err);
    if (code != OK) {
        return code == E_NO_DATA ? db_spoiled(err, "the own ledger") : code;
    }
    if (mark->epoch > ledger->epoch ||
        (mark->epoch == ledger->epoch && mark->size > ledger->size)) {
        store->status = OWN_ROLLBACK;
        return OK;
    }
    if (mark->size > 0 && mark->epoch == ledger->epoch) {
        code = ledger_root_at(store, ledger, mark->size, &root);
        if (code != OK) {
            return err_set(err, code, "the own tree cannot be read: run satcha verify");
        }
        if (!hash_equal(&root, &mark->root)) {
            store->status = OWN_ROLLBACK;
            return OK;
        }
    }
    if (mark->size == ledger->size && mark->epoch == ledger->epoch) {
        return OK;
    }
    struct highwater_mark next = {ledger->epoch, ledger->size, ledger->head.root, mark->starts};
    return highwater_set(&store->highwater, &next, err);
}

enum err_code store_count_start(struct store *store, struct start_count *starts, struct err *err)
{
    struct highwater_mark mark = store->highwater.mark;
    mark.starts++;
    enum err_code code = highwater_set(&store->highwater, &mark, err);
    if (code == OK) {
        start_count_sign(starts, &store->own_group, mark.starts, &store->keys.signing);
    }
    return code;
}

/* --- release --- */

enum err_code own_put_released(struct store *store, const struct head *head, struct err *err)
{
    struct buffer packed;
    buffer_init(&packed, 0);
    head_pack(&packed, head);
    enum err_code code = packed.failed ? err_set(err, E_MEMORY, "out of memory for a head")
                                       : meta_set(store, "released", buffer_view(&packed), err);
    buffer_free(&packed);
    return code;
}

enum err_code own_load_released(struct store *store, struct err *err)
{
    struct buffer packed;
    buffer_init(&packed, 0);
    enum err_code code = meta_get(store, "released", &packed, err);
    if (code == OK) {
        struct cursor cursor = cursor_of(buffer_view(&packed));
        head_read(&cursor, &store->released);
        code = cursor_done(&cursor) && hash_equal(&store->released.group, &store->own_group)
                   ? OK
                   : db_spoiled(err, "the released head");
        /* It is written with its entries: past the mark it was not shown yet. */
        store->has_released = code == OK && store->released.size <= store->highwater.mark.size;
    }
    buffer_free(&packed);
    return code == E_NOT_FOUND ? OK : code;
}

/* A network's own entries are the roster. */
static enum err_code own_roster(struct store *store, struct err *err)
{
    bool own = store->has_network && hash_equal(&store->own_group, &store->network);
    return own ? roster_load(store, err) : OK;
}

/* The mark is durable: the head may be seen from now on. */
static enum err_code show_released(struct store *store, const struct head *head, struct err *err)
{
    store->released = *head;
    store->has_released = true;
    enum err_code code = batch_changed(store, &store->own_group, err);
    if (code == OK) {
        code = own_roster(store, err);
    }
    return code == OK ? roster_refresh(store, &store->own_group, err) : code;
}

enum err_code own_settle(struct store *store, struct err *err)
{
    struct ledger *ledger;
    /* Where more was heard of meanwhile, the head would be a second one: it never leaves. */
    if (!store->unmarked || store->status != OWN_OK) {
        return OK;
    }
    enum err_code code = ledger_find(store, &store->own_group, &ledger, err);
    if (code != OK) {
        return code;
    }
    struct head head = ledger->head;
    struct highwater_mark mark = {head.epoch, head.size, head.root, store->highwater.mark.starts};
    code = highwater_set(&store->highwater, &mark, err);
    if (code == OK) {
        store->unmarked = false;
        code = store->releasing ? show_released(store, &head, err) : own_roster(store, err);
    }
    return code;
}

enum err_code store_settle(struct store *store, struct err *err)
{
    return own_settle(store, err);
}

enum err_code store_release(struct store *store, struct err *err)
{
    struct ledger *ledger;
    enum err_code code = batch_commit(store, err);
    if (code == OK) {
        code = own_settle(store, err);
    }
    if (code == OK) {
        code = ledger_find(store, &store->own_group, &ledger, err);
    }
    if (code != OK) {
        return code;
    }
    if (store->status != OWN_OK) {
        return own_may_append(store, err);
    }
    struct head head = ledger->head;
    store->releasing = true;
    if (store->has_released && store->released.size == head.size) {
        return OK;
    }
    code = db_begin(&store->db, DB_FULL, err);
    if (code == OK) {
        code = own_put_released(store, &head, err);
        code = code == OK ? db_commit(&store->db, err) : code;
        db_rollback(&store->db);
    }
    return code == OK ? show_released(store, &head, err) : code;
}

/* --- operations --- */

void store_operation_tag(const struct store *store, struct bytes id,
                         uint8_t tag[OPERATION_TAG_BYTES])
{
    uint8_t key[SEED_BYTES];
    struct hash hash;
    seed_derive(store->keys.seed, SEED_OPERATION_TAG, 0, key);
    hash_hmac(&hash, bytes_of(key, sizeof key), id);
    memcpy(tag, hash.bytes, OPERATION_TAG_BYTES);
}

bool store_operation_find(struct store *store, const uint8_t tag[OPERATION_TAG_BYTES],
                          uint64_t *index)
{
    sqlite3_stmt *statement;
    int row = 0;
    if (db_statement(&store->db, "SELECT entry FROM operations WHERE tag = ?1", &statement, NULL) !=
        OK) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, (int64_t)bytes_get_number(tag, OPERATION_TAG_BYTES));
    if (db_row(&store->db, statement, &row, NULL) != OK || !row) {
        return false;
    }
    *index = (uint64_t)sqlite3_column_int64(statement, 0);
    db_reset(statement);
    return true;
}

bool operation_number(struct bytes terms, int64_t *number)
{
    uint8_t tag[OPERATION_TAG_BYTES];
    if (!terms_operation_tag(terms, tag)) {
        return false;
    }
    *number = (int64_t)bytes_get_number(tag, OPERATION_TAG_BYTES);
    return true;
}

enum err_code operation_put(struct store *store, int64_t number, uint64_t index, struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code =
        db_statement(&store->db, "INSERT OR IGNORE INTO operations(tag, entry) VALUES(?1, ?2)",
                     &statement, err);
    if (code != OK) {
        return code;
    }
    (void)sqlite3_bind_int64(statement, 1, number);
    (void)sqlite3_bind_int64(statement, 2, (int64_t)index);
    return db_run(&store->db, statement, err);
}
