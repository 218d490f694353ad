/* Requests about this home: who it is, how it stands, what is wrong with it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "proto/id.h"
#include "store/files.h"
#include "store/requests.h"

static void result_addresses(struct buffer *out, const struct profile *profile)
{
    result_array(out, "addresses", profile->address_count);
    for (unsigned i = 0; i < profile->address_count; i++) {
        pack_text(out, profile->addresses[i]);
    }
}

enum err_code request_id(const struct request_context *context, const msgpack_object *arguments,
                         struct buffer *result, struct err *err)
{
    (void)arguments;
    const struct ledger_state *state;
    const struct hash *group = store_own_group(context->store);
    char hex[HEX_HASH_MAX];
    enum err_code code = request_own_state(context, &state, err);
    if (code != OK) {
        return code;
    }
    hash_format(group, hex);
    pack_map(result, 7);
    result_hash(result, "group", group);
    result_bytes(result, "short", bytes_of(hex, ID_SHORT_DIGITS));
    result_text(result, "name", state->profile.name);
    result_text(result, "name_en", state->profile.name_en);
    result_text(result, "type", group_type_name(state->profile.type));
    result_hash(result, "signing_key", &state->profile.signing_key);
    result_hash(result, "transport_key", &state->profile.transport_key);
    return OK;
}

/* --- status --- */

struct network_figures {
    bool has;
    struct hash id;
    char name[NAME_MAX_BYTES + 1];
    uint64_t groups, held;
};

static void read_network(struct store *store, struct network_figures *network)
{
    const struct ledger_state *state;
    memset(network, 0, sizeof *network);
    network->has = store_has_network(store);
    if (!network->has) {
        return;
    }
    network->id = *store_network(store);
    if (store_ledger_state(store, &network->id, &state) == OK) {
        memcpy(network->name, state->profile.name, sizeof network->name);
    }
    network->groups = store_roster_count(store);
    for (size_t i = 0; i < store_ledger_count(store); i++) {
        struct ledger_view view;
        if (store_ledger_at(store, i, &view) == OK) {
            network->held += view.rostered && !view.network && view.size > 0;
        }
    }
}

enum err_code request_status(const struct request_context *context, const msgpack_object *arguments,
                             struct buffer *result, struct err *err)
{
    (void)arguments;
    struct store *store = context->store;
    const struct ledger_state *state;
    struct network_figures network;
    struct ledger_view view;
    enum own_status status = store_own_status(store);
    read_network(store, &network);
    enum err_code code = store_ledger_find(store, store_own_group(store), &view);
    if (code == OK) {
        code = request_own_state(context, &state, err);
    }
    if (code != OK) {
        return err_set(err, code, "the own ledger cannot be read; run `satcha verify`");
    }
    const struct profile *profile = &state->profile;
    pack_map(result, 21);
    result_hash(result, "group", &view.group);
    result_text(result, "name", profile->name);
    result_text(result, "name_en", profile->name_en);
    result_text(result, "type", group_type_name(profile->type));
    result_text(result, "currency", profile->currency);
    result_uint(result, "minor_digits", profile->minor_digits);
    result_uint(result, "home_place", profile->home_place);
    result_bool(result, "status", status == OWN_OK);
    result_text(result, "status_text", own_status_text(status));
    result_uint(result, "epoch", view.epoch);
    result_uint(result, "size", view.size);
    result_hash(result, "root", &view.root);
    result_uint(result, "entries_invalid", state->invalid);
    result_int(result, "members", state->members);
    result_date(result, "last_date", state->last_date);
    result_hash(result, "network", network.has ? &network.id : NULL);
    result_text(result, "network_name", network.name);
    result_uint(result, "groups", network.groups);
    result_uint(result, "groups_held", network.held);
    result_addresses(result, profile);
    result_text(result, "home", store_home(store));
    return OK;
}

/* --- card --- */

enum err_code request_genesis(struct store *store, const struct hash *group, struct buffer *out,
                              struct err *err)
{
    enum err_code code = store_leaf(store, group, 0, out);
    return code == OK ? OK : err_set(err, code, "the genesis cannot be read; run `satcha verify`");
}

/* The first checkpoint, made again: the first signing key comes from the seed for ever, and an
 * Ed25519 signature is the same each time. */
static void first_head(struct store *store, struct head *head)
{
    uint8_t seed[SEED_BYTES];
    struct sign_key key;
    memset(head, 0, sizeof *head);
    head->group = *store_own_group(store);
    head->size = 1;
    head->root = head->group;
    seed_derive(store_keys(store)->seed, SEED_SIGNING, 0, seed);
    sign_key_from_seed(&key, seed);
    head_sign(head, &key);
    sign_key_wipe(&key);
    explicit_bzero(seed, sizeof seed);
}

enum err_code request_card(const struct request_context *context, const msgpack_object *arguments,
                           struct buffer *result, struct err *err)
{
    (void)arguments;
    struct store *store = context->store;
    const struct ledger_state *state;
    struct buffer genesis, text;
    struct card *card = calloc(1, sizeof *card);
    if (!card) {
        return err_set(err, E_MEMORY, "out of memory for a card");
    }
    buffer_init(&genesis, ENTRY_MAX_BYTES);
    buffer_init(&text, 0);
    enum err_code code = request_genesis(store, store_own_group(store), &genesis, err);
    if (code == OK) {
        code = request_own_state(context, &state, err);
    }
    if (code == OK) {
        card->genesis = buffer_view(&genesis);
        card->group = *store_own_group(store);
        card->transport_key = state->profile.transport_key;
        card->address_count = state->profile.address_count;
        memcpy(card->addresses, state->profile.addresses, sizeof card->addresses);
        first_head(store, &card->head);
        code = card_write(&text, card);
        if (code != OK) {
            code = err_set(err, code, "the card cannot be written");
        }
    }
    if (code == OK) {
        pack_map(result, 2);
        result_hash(result, "group", store_own_group(store));
        result_bytes(result, "card", buffer_view(&text));
    }
    buffer_free(&genesis);
    buffer_free(&text);
    free(card);
    return code;
}

/* --- care --- */

static void count_ledgers(struct store *store, uint64_t *groups, uint64_t *entries)
{
    *groups = 0;
    *entries = 0;
    for (size_t i = 0; i < store_ledger_count(store); i++) {
        struct ledger_view view;
        if (store_ledger_at(store, i, &view) == OK && view.stored > 0) {
            (*groups)++;
            *entries += view.stored;
        }
    }
}

enum err_code request_rebuild(const struct request_context *context,
                              const msgpack_object *arguments, struct buffer *result,
                              struct err *err)
{
    (void)arguments;
    uint64_t groups, entries;
    enum err_code code = store_rebuild(context->store, context->progress, err);
    if (code == OK) {
        count_ledgers(context->store, &groups, &entries);
        pack_map(result, 2);
        result_uint(result, "groups", groups);
        result_uint(result, "entries", entries);
    }
    return code;
}

struct verification {
    struct buffer rows;
    uint64_t count;
};

static void add_finding(void *context, const struct verify_finding *finding)
{
    struct verification *verification = context;
    struct buffer *out = &verification->rows;
    verification->count++;
    pack_map(out, 3);
    result_hash(out, "group", hash_is_zero(&finding->group) ? NULL : &finding->group);
    pack_text(out, "entry");
    if (finding->index == UINT64_MAX) {
        pack_nil(out);
    } else {
        pack_uint(out, finding->index);
    }
    result_text(out, "what", finding->what);
}

enum err_code request_verify_all(const struct request_context *context, struct buffer *result,
                                 struct err *err)
{
    struct verification verification = {.count = 0};
    uint64_t groups, entries;
    buffer_init(&verification.rows, CONTROL_FRAME_MAX_BYTES);
    enum err_code code =
        store_verify(context->store, add_finding, &verification, context->progress, err);
    if (code == OK || (code == E_DIFFERS && verification.count > 0)) {
        count_ledgers(context->store, &groups, &entries);
        pack_map(result, 5);
        result_bool(result, "good", verification.count == 0);
        result_text(result, "type", "all");
        result_array(result, "findings", verification.count);
        buffer_append(result, verification.rows.data, verification.rows.len);
        result_uint(result, "groups", groups);
        result_uint(result, "entries", entries);
        result->failed = result->failed || verification.rows.failed;
        code = OK;
    }
    buffer_free(&verification.rows);
    return code;
}

/* --- doctor --- */

struct diagnosis {
    struct buffer rows;
    uint64_t count;
    bool good;
};

static void find(struct diagnosis *diagnosis, bool good, const char *what, const char *todo)
{
    pack_map(&diagnosis->rows, 3);
    result_bool(&diagnosis->rows, "good", good);
    result_text(&diagnosis->rows, "what", what);
    result_text(&diagnosis->rows, "todo", good ? NULL : todo);
    diagnosis->count++;
    diagnosis->good = diagnosis->good && good;
}

static void check_disk(struct store *store, struct diagnosis *diagnosis)
{
    enum { LEAST_MIB = 256 };
    struct statvfs disk;
    char text[120];
    if (statvfs(store_home(store), &disk) != 0) {
        find(diagnosis, false, "the disk of the home cannot be asked for its free space",
             "look whether the disk is mounted and the folder readable");
        return;
    }
    uint64_t mib = (uint64_t)disk.f_bavail * disk.f_frsize / 1048576;
    snprintf(text, sizeof text, "%" PRIu64 " MiB of disk are free", mib);
    find(diagnosis, mib >= LEAST_MIB, text,
         "make room: with a full disk nothing can be written; what is acknowledged stays");
}

static void check_ledgers(struct store *store, struct diagnosis *diagnosis)
{
    uint64_t frozen = 0, stopped = 0, missing = 0, all = 0;
    char text[160];
    for (size_t i = 0; i < store_ledger_count(store); i++) {
        struct ledger_view view;
        const struct ledger_state *state;
        if (store_ledger_at(store, i, &view) != OK) {
            continue;
        }
        all++;
        frozen += view.frozen;
        missing += view.size == 0;
        stopped += view.size > 0 && store_ledger_state(store, &view.group, &state) == OK &&
                   state->status != LEDGER_OK;
    }
    snprintf(text, sizeof text,
             "of %" PRIu64 " ledgers %" PRIu64 " not held, %" PRIu64 " frozen, %" PRIu64
             " halted or newer than this program",
             all, missing, frozen, stopped);
    find(diagnosis, frozen == 0 && stopped == 0 && missing == 0, text,
         "`satcha groups` names them, `satcha why GROUP` says what holds each back");
}

static void check_own(const struct request_context *context, struct diagnosis *diagnosis)
{
    struct store *store = context->store;
    const struct ledger_state *state;
    char text[160];
    enum own_status status = store_own_status(store);
    find(diagnosis, status == OWN_OK, own_status_text(status),
         status == OWN_CLOCK
             ? "set the clock, or say `satcha doctor --confirm-clock` if it is right"
             : "do what the sentence says; reading and syncing go on meanwhile");
    if (request_own_state(context, &state, NULL) == OK) {
        snprintf(text, sizeof text, "%" PRIu64 " own entries, %" PRIu64 " of them invalid",
                 state->size, state->invalid);
        find(diagnosis, state->invalid == 0, text, "`satcha log` names them and their codes");
        find(diagnosis, state->profile.address_count > 0 || !store_has_network(store),
             state->profile.address_count > 0 ? "others know an address of this node"
                                              : "no address: this node dials, nobody can dial it",
             "where it can be reached: `satcha amend --address HOST:PORT`");
    }
    find(diagnosis, true,
         store_has_network(store)
             ? "this home belongs to a network"
             : "this home belongs to no network (`satcha network join INVITE`)",
         NULL);
}

enum err_code request_doctor(const struct request_context *context, const msgpack_object *arguments,
                             struct buffer *result, struct err *err)
{
    struct diagnosis diagnosis = {.good = true};
    enum err_code code =
        argument_flag(arguments, "confirm_clock") ? store_confirm_clock(context->store, err) : OK;
    if (code != OK) {
        return code;
    }
    buffer_init(&diagnosis.rows, CONTROL_FRAME_MAX_BYTES);
    check_own(context, &diagnosis);
    check_disk(context->store, &diagnosis);
    check_ledgers(context->store, &diagnosis);
    pack_map(result, 2);
    result_bool(result, "good", diagnosis.good);
    result_array(result, "findings", diagnosis.count);
    buffer_append(result, diagnosis.rows.data, diagnosis.rows.len);
    buffer_free(&diagnosis.rows);
    return OK;
}
