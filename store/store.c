/* Making, opening and closing a home's store. A file that is spoiled in places still opens where
 * it can, so that the rest is served and verify can name what is wrong. */
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/date.h"
#include "store/append.h"
#include "store/book.h"
#include "store/ingest.h"
#include "store/ledger.h"
#include "store/lines.h"
#include "store/roster.h"
#include "store/schema.h"
#include "store/tree.h"

/* A key file that is this many generations away from the key chain is of another home. */
enum { GENERATIONS_MAX = KEY_CHAIN_MAX };

/* --- the world outside --- */

static uint64_t system_now_ms(void *context)
{
    struct timespec now;
    (void)context;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec < 0) {
        return 0;
    }
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void system_random(void *context, void *out, size_t len)
{
    (void)context;
    random_bytes(out, len);
}

const struct store_env *store_env_system(void)
{
    static const struct store_env env = {system_now_ms, system_random, NULL, NULL};
    return &env;
}

uint64_t store_now_ms(const struct store *store)
{
    uint64_t now_ms = store->env.now_ms(store->env.context);
    return now_ms > TIME_MAX_MS ? TIME_MAX_MS : now_ms;
}

/* --- meta --- */

enum err_code meta_get(struct store *store, const char *name, struct buffer *value, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 0;
    enum err_code code =
        db_statement(&store->db, "SELECT value FROM meta WHERE name = ?1", &statement, err);
    if (code == OK) {
        (void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        code = db_row(&store->db, statement, &row, err);
    }
    if (code == OK && !row) {
        return E_NOT_FOUND;
    }
    if (code == OK) {
        struct bytes bytes = db_column_bytes(statement, 0);
        buffer_append(value, bytes.data, bytes.len);
        db_reset(statement);
        code = value->failed ? err_set(err, E_MEMORY, "out of memory for %s", name) : OK;
    }
    return code;
}

enum err_code meta_set(struct store *store, const char *name, struct bytes value, struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code =
        db_statement(&store->db, "INSERT OR REPLACE INTO meta(name, value) VALUES(?1, ?2)",
                     &statement, err);
    if (code != OK) {
        return code;
    }
    (void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    db_bind_bytes(statement, 2, value);
    return db_run(&store->db, statement, err);
}

/* --- parts --- */

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    if (store->in_batch) {
        db_rollback(&store->db);
    }
    struct err err; /* where the mark cannot be written, the next start brings it up */
    enum err_code settled = own_settle(store, &err);
    (void)settled;
    lines_free(store);
    ledger_forget_all(store);
    roster_free(store);
    map_free(store->map);
    book_free(store);
    free(store->changed);
    free(store->growth);
    buffer_free(&store->scratch);
    if (store->db.handle != NULL) {
        db_close(&store->db);
    }
    highwater_close(&store->highwater);
    home_keys_wipe(&store->keys);
    if (store->lock_fd >= 0) {
        (void)close(store->lock_fd);
    }
    free(store);
}

static enum err_code new_store(const char *home, const struct store_env *env, struct store **ret,
                               struct err *err)
{
    crypto_init();
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        (void)err_set(err, E_MEMORY, "out of memory");
        return E_MEMORY;
    }
    store->env = *env;
    store->lock_fd = -1;
    store->highwater.fd = -1;
    store->map = map_new();
    store->growth = malloc(sizeof *store->growth);
    if (store->map == NULL || store->growth == NULL) {
        store_close(store);
        (void)err_set(err, E_MEMORY, "out of memory");
        return E_MEMORY;
    }
    if (strlen(home) >= sizeof store->home) {
        store_close(store);
        (void)err_set(err, E_USAGE, "the path of the home is too long");
        return E_USAGE;
    }
    (void)snprintf(store->home, sizeof store->home, "%s", home);
    book_init(store);
    *ret = store;
    return OK;
}

static enum err_code open_highwater(struct store *store, struct err *err)
{
    char path[PATH_TEXT_MAX];
    enum err_code code = home_path(store->home, "highwater", path, err);
    return code == OK ? highwater_open(path, &store->highwater, err) : code;
}

static enum err_code open_database(struct store *store, int create, struct err *err)
{
    char path[PATH_TEXT_MAX];
    enum err_code code = home_path(store->home, "ledger.db", path, err);
    if (code == OK) {
        code = db_open(&store->db, path, store->env.vfs, create, err);
    }
    return code == OK ? schema_migrate(&store->db, err) : code;
}

/* --- opening --- */

/* A group id kept in meta. E_NOT_FOUND when there is none. */
static enum err_code meta_hash(struct store *store, const char *name, struct hash *hash,
                               struct err *err)
{
    struct buffer value;
    buffer_init(&value, 0);
    enum err_code code = meta_get(store, name, &value, err);
    if (code == OK && value.len != HASH_BYTES) {
        code = db_spoiled(err, name);
    }
    if (code == OK) {
        memcpy(hash->bytes, value.data, HASH_BYTES);
    }
    buffer_free(&value);
    return code;
}

static enum err_code load_invited(struct store *store, struct err *err)
{
    struct buffer packed;
    buffer_init(&packed, 0);
    enum err_code code = meta_get(store, "invited", &packed, err);
    if (code == OK) {
        struct cursor cursor = cursor_of(buffer_view(&packed));
        head_read(&cursor, &store->invited);
        store->has_invited = cursor_done(&cursor);
        code = store->has_invited ? OK : db_spoiled(err, "the head of the invite");
    }
    buffer_free(&packed);
    return code == E_NOT_FOUND ? OK : code;
}

static enum err_code load_identity(struct store *store, struct err *err)
{
    enum err_code code = meta_hash(store, "own", &store->own_group, err);
    if (code == E_NOT_FOUND) {
        return db_spoiled(err, "the own group's id");
    }
    if (code == OK) {
        store->book.own_group = store->own_group;
        code = meta_hash(store, "network", &store->network, err);
        store->has_network = code == OK;
        code = code == E_NOT_FOUND ? OK : code;
    }
    if (code == OK) {
        code = load_invited(store, err);
    }
    if (code == OK) {
        code = own_load_clock(store, err);
    }
    return code == OK ? own_load_released(store, err) : code;
}

/* The generations of the keys file are set by what the key chain says: a crash may have come
 * between a key change and the writing of the file. */
static enum err_code match_keys(struct store *store, const struct key_state *chain, struct err *err)
{
    struct home_keys *keys = &store->keys;
    uint32_t tries = 0;
    while (!hash_equal(&keys->signing.public_key, &chain->signing_key) ||
           !hash_equal(&keys->transport.public_key, &chain->transport_key)) {
        if (tries++ > GENERATIONS_MAX) {
            return err_set(err, E_SIGNATURE,
                           "the keys file does not belong to the ledger of %s: put the right one "
                           "back",
                           store->home);
        }
        if (!hash_equal(&keys->signing.public_key, &chain->signing_key)) {
            keys->signing_generation = (keys->signing_generation + 1) % GENERATIONS_MAX;
        }
        if (!hash_equal(&keys->transport.public_key, &chain->transport_key)) {
            keys->transport_generation = (keys->transport_generation + 1) % GENERATIONS_MAX;
        }
        home_keys_derive(keys);
    }
    return OK;
}

enum err_code own_load(struct store *store, struct err *err)
{
    struct ledger *own;
    store->status = OWN_OK;
    enum err_code code = ledger_find(store, &store->own_group, &own, err);
    if (code == OK) {
        store->own_id = own->id;
        if (own->state.profile.type == GROUP_NETWORK) {
            store->network = store->own_group; /* a network is its own */
            store->has_network = true;
        }
        code = own_compare_mark(store, err);
    }
    if (code == OK) {
        code = match_keys(store, &own->keys, err);
    }
    if (code == E_CORRUPT || code == E_NO_DATA || code == E_SIGNATURE) {
        store->status = OWN_SPOILED;
        return OK;
    }
    return code;
}

static enum err_code open_all(struct store *store, struct err *err)
{
    char path[PATH_TEXT_MAX];
    enum err_code code = home_lock(store->home, LOCK_WAIT_MS, &store->lock_fd, err);
    if (code == OK) {
        code = home_path(store->home, "keys", path, err);
    }
    if (code == OK) {
        code = home_keys_read(path, &store->keys, err);
    }
    if (code == OK) {
        code = open_highwater(store, err);
    }
    if (code == OK) {
        code = open_database(store, 0, err);
    }
    if (code == OK) {
        code = load_identity(store, err);
    }
    if (code == OK) {
        code = own_load(store, err);
    }
    if (code == OK) {
        code = roster_load(store, err);
        code = code == E_CORRUPT ? OK : code; /* derived: verify names it, rebuild makes it anew */
    }
    return code;
}

enum err_code store_open(const char *home, const struct store_env *env, struct store **ret,
                         struct err *err)
{
    struct store *store = NULL;
    if (!home_exists(home)) {
        (void)err_set(err, E_NOT_FOUND, "%s holds no ledger: make one with satcha init", home);
        return E_NOT_FOUND;
    }
    enum err_code code = new_store(home, env, &store, err);
    if (code != OK) {
        return code;
    }
    code = open_all(store, err);
    if (code != OK) {
        store_close(store);
        return code;
    }
    *ret = store;
    return OK;
}

/* --- making --- */

static void fill_profile(struct store *store, struct profile *profile)
{
    store->env.random(store->env.context, store->keys.seed, sizeof store->keys.seed);
    store->env.random(store->env.context, profile->salt, sizeof profile->salt);
    home_keys_derive(&store->keys);
    profile->signing_key = store->keys.signing.public_key;
    profile->transport_key = store->keys.transport.public_key;
    profile->fields |= PROFILE_SIGNING_KEY | PROFILE_TRANSPORT_KEY | PROFILE_SALT;
}

static enum err_code write_genesis(struct store *store, const struct profile *profile,
                                   struct err *err)
{
    struct buffer terms;
    buffer_init(&terms, 0);
    terms_profile_pack(&terms, profile, NULL);
    struct draft *genesis = calloc(1, sizeof *genesis);
    enum err_code code = terms.failed || genesis == NULL
                             ? err_set(err, E_MEMORY, "out of memory for the genesis")
                             : OK;
    if (genesis != NULL && code == OK) {
        genesis->kind = KIND_GENESIS;
        genesis->date = date_of_time(store_now_ms(store));
        genesis->terms = buffer_view(&terms);
        code = append_genesis(store, genesis, err);
    }
    free(genesis);
    buffer_free(&terms);
    return code;
}

static enum err_code create_all(struct store *store, struct profile *profile,
                                const char *passphrase, struct err *err)
{
    char path[PATH_TEXT_MAX];
    enum err_code code = home_path(store->home, "keys", path, err);
    if (code == OK && access(path, F_OK) == 0) {
        return err_set(err, E_EXISTS,
                       "%s is there already: keys are never overwritten; move it away or choose "
                       "another home",
                       path);
    }
    fill_profile(store, profile);
    if (code == OK) {
        code = home_keys_write(path, &store->keys, passphrase, err);
    }
    if (code == OK) {
        code = open_highwater(store, err);
    }
    if (code == OK) {
        code = open_database(store, 1, err);
    }
    if (code == OK) {
        code = write_genesis(store, profile, err);
    }
    return code;
}

/* What a failed creation leaves: nothing of it was ever seen by anybody. */
static void remove_files(const char *home)
{
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-journal",
                                        "highwater", "keys"};
    char path[PATH_TEXT_MAX];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (home_path(home, names[i], path, NULL) == OK) {
            (void)unlink(path);
        }
    }
}

enum err_code store_create(const char *home, struct profile *profile, const char *passphrase,
                           const struct store_env *env, struct err *err)
{
    struct store *store = NULL;
    enum err_code code = new_store(home, env, &store, err);
    if (code != OK) {
        return code;
    }
    code = home_lock(home, LOCK_WAIT_MS, &store->lock_fd, err);
    if (code == OK && home_exists(home)) {
        code = err_set(err, E_EXISTS, "%s holds a ledger already: choose another home", home);
    }
    if (code != OK) {
        store_close(store);
        return code;
    }
    code = create_all(store, profile, passphrase, err);
    store_close(store);
    if (code != OK && code != E_EXISTS) {
        remove_files(home);
    }
    return code;
}

/* --- what everybody asks --- */

const struct hash *store_own_group(const struct store *store)
{
    return &store->own_group;
}

const struct home_keys *store_keys(const struct store *store)
{
    return &store->keys;
}

const char *store_home(const struct store *store)
{
    return store->home;
}

enum err_code store_keys_save_network(struct store *store, const struct hash *network,
                                      const uint8_t key[32], struct err *err)
{
    char path[PATH_TEXT_MAX];
    struct home_keys keys = store->keys;
    bool same = keys.has_network && hash_equal(&keys.network_id, network);
    if (!same) {
        keys.network_key_count = 0;
    }
    if (keys.network_key_count == 0 ||
        memcmp(keys.network_keys[0], key, sizeof keys.network_keys[0]) != 0) {
        memmove(keys.network_keys[1], keys.network_keys[0], sizeof keys.network_keys[0]);
        memcpy(keys.network_keys[0], key, sizeof keys.network_keys[0]);
        keys.network_key_count += keys.network_key_count < NETWORK_KEYS_MAX ? 1 : 0;
    }
    keys.has_network = true;
    keys.network_id = *network;
    enum err_code code = home_path(store->home, "keys", path, err);
    if (code == OK) {
        code = home_keys_write(path, &keys, NULL, err);
    }
    if (code == OK) {
        store->keys = keys;
    }
    home_keys_wipe(&keys);
    return code;
}
