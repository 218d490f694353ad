/* What every request that writes an entry has in common: date, actor, operation id, approving
 * officers' keys, dry run; and the result that says where the entry stands. */
#include <inttypes.h>
#include <string.h>

#include "proto/id.h"
#include "store/lines.h"
#include "store/requests.h"

enum err_code request_own_state(const struct request_context *context,
                                const struct ledger_state **state, struct err *err)
{
    enum err_code code = store_ledger_state(context->store, store_own_group(context->store), state);
    return code == OK
               ? OK
               : err_set(err, code, "the own ledger's state cannot be read; run `satcha verify`");
}

/* Whose key it is by this ledger. A governor signs for the network with the key that he or she has
 * as an officer of the own group, under another number: the public key says which. A key file of
 * another group, or one that was replaced, is told before anything is signed with it. */
static enum err_code name_officer(const struct profile *profile, struct officer_key *key,
                                  struct err *err)
{
    char given[HEX_HASH_MAX], known[HEX_HASH_MAX];
    hash_format(&key->key.public_key, given);
    for (unsigned i = 0; profile->type == GROUP_NETWORK && i < profile->officer_count; i++) {
        if (hash_equal(&profile->officers[i].key, &key->key.public_key)) {
            key->number = profile->officers[i].number;
            return OK;
        }
    }
    if (profile->type == GROUP_NETWORK) {
        return err_set(err, E_QUORUM,
                       "a key file (officer %" PRIu32 ", public key %.8s) is of no governor: take "
                       "those of officer 1 of the groups that `satcha network show` names",
                       key->number, given);
    }
    const struct officer *officer =
        officer_find(profile->officers, profile->officer_count, key->number);
    return !officer || hash_equal(&officer->key, &key->key.public_key)
               ? OK
               : err_set(err, E_QUORUM,
                         "the key file of officer %" PRIu32
                         " has public key %.8s, this group's officer %" PRIu32
                         " has %.8s: take the file of an officer of this group",
                         key->number, given, key->number, hash_format(&officer->key, known));
}

/* Sorted by number, as approvals are. */
static enum err_code put_officer_key(struct write_request *write, const struct officer_key *key,
                                     struct err *err)
{
    unsigned at = write->officer_key_count;
    for (; at > 0 && write->officer_keys[at - 1].number >= key->number; at--) {
        if (write->officer_keys[at - 1].number == key->number) {
            return err_set(err, E_USAGE, "officer_keys: officer %" PRIu32 " is there twice",
                           key->number);
        }
    }
    memmove(&write->officer_keys[at + 1], &write->officer_keys[at],
            (write->officer_key_count - at) * sizeof *key);
    write->officer_keys[at] = *key;
    write->officer_key_count++;
    return OK;
}

/* [[number, seed]…] */
static enum err_code read_officer_keys(const struct request_context *context,
                                       const msgpack_object *keys, struct write_request *write,
                                       struct err *err)
{
    const struct ledger_state *state;
    if (keys->type != MSGPACK_OBJECT_ARRAY || keys->via.array.size > ENTRY_APPROVALS_MAX) {
        return err_set(err, E_USAGE, "officer_keys: expected at most %d officers' keys",
                       ENTRY_APPROVALS_MAX);
    }
    enum err_code code = request_own_state(context, &state, err);
    for (uint32_t i = 0; code == OK && i < keys->via.array.size; i++) {
        const msgpack_object *pair = &keys->via.array.ptr[i];
        const msgpack_object *items = pair->via.array.ptr;
        if (pair->type != MSGPACK_OBJECT_ARRAY || pair->via.array.size != 2 ||
            items[0].type != MSGPACK_OBJECT_POSITIVE_INTEGER || items[0].via.u64 == 0 ||
            items[0].via.u64 > UINT32_MAX || items[1].type != MSGPACK_OBJECT_BIN ||
            items[1].via.bin.size != SEED_BYTES) {
            return err_set(err, E_USAGE, "officer_keys: expected pairs of number and 32-byte seed");
        }
        struct officer_key key = {.number = (uint32_t)items[0].via.u64};
        memcpy(key.seed, items[1].via.bin.ptr, SEED_BYTES);
        sign_key_from_seed(&key.key, key.seed);
        code = name_officer(&state->profile, &key, err);
        if (code == OK) {
            code = put_officer_key(write, &key, err);
        }
        officer_key_wipe(&key);
    }
    return code;
}

enum err_code write_request_read(const struct request_context *context,
                                 const msgpack_object *arguments, struct write_request *write,
                                 struct err *err)
{
    memset(write, 0, sizeof *write);
    write->mode = argument_flag(arguments, "dry_run") ? APPEND_DRY_RUN : APPEND_WRITE;
    write->operation = argument_text(arguments, "op");
    const msgpack_object *keys = argument_find(arguments, "officer_keys");
    enum err_code code = argument_date(context, arguments, "date", &write->date, err);
    if (code == OK) {
        code = argument_number(arguments, "actor", UINT32_MAX, &write->actor, err);
    }
    if (code == OK &&
        (write->operation.len > OPERATION_ID_MAX_BYTES || !bytes_is_utf8(write->operation))) {
        code =
            err_set(err, E_USAGE, "op: expected text of at most %d bytes", OPERATION_ID_MAX_BYTES);
    }
    if (code == OK && keys) {
        code = read_officer_keys(context, keys, write, err);
    }
    if (code == OK && write->operation.len > 0) {
        write->has_tag = true;
        store_operation_tag(context->store, write->operation, write->tag);
    }
    if (code != OK) {
        write_request_wipe(write);
    }
    return code;
}

void write_request_wipe(struct write_request *write)
{
    for (unsigned i = 0; i < write->officer_key_count; i++) {
        officer_key_wipe(&write->officer_keys[i]);
    }
    write->officer_key_count = 0;
}

bool write_request_already(const struct request_context *context, const struct write_request *write,
                           struct buffer *result)
{
    uint64_t entry = 0;
    bool found = write->has_tag && store_operation_find(context->store, write->tag, &entry);
    if (!found && write->has_tag) {
        enum err_code code =
            lines_operation_find(context->store, lines_operation_key(write->operation), &found,
                                 &entry, NULL);
        found = code == OK && found;
    }
    if (found) {
        pack_map(result, 2);
        result_bool(result, "already", true);
        result_uint(result, "entry", entry);
    }
    return found;
}

void write_request_draft(const struct write_request *write, enum kind kind, struct draft *draft)
{
    memset(draft, 0, sizeof *draft);
    draft->kind = kind;
    draft->date = write->date;
    draft->actor = write->actor;
    draft->operation_tag = write->has_tag ? write->tag : NULL;
    draft->officer_key_count = write->officer_key_count;
    draft->officer_keys = write->officer_keys;
}

void result_appended(struct buffer *result, const struct appended *appended, enum append_mode mode,
                     size_t more)
{
    pack_map(result, 6 + more);
    result_bool(result, "already", false);
    result_bool(result, "dry_run", mode == APPEND_DRY_RUN);
    result_uint(result, "entry", appended->first);
    result_uint(result, "entries", appended->count);
    result_uint(result, "size", appended->head.size);
    result_hash(result, "root", &appended->head.root);
}
