/* The request that changes what a group says of itself: name, addresses, policy, officers, keys. */
#include <stdlib.h>
#include <string.h>

#include "proto/id.h"
#include "store/files.h"
#include "store/policy.h"
#include "store/requests.h"

static enum err_code read_name(const msgpack_object *arguments, const char *key,
                               enum profile_field field, char out[NAME_MAX_BYTES + 1],
                               struct profile *change, struct err *err)
{
    struct bytes text = argument_text(arguments, key);
    if (!argument_has(arguments, key)) {
        return OK;
    }
    if (text.len == 0 || text.len > NAME_MAX_BYTES || !bytes_is_utf8(text) ||
        memchr(text.data, 0, text.len)) {
        return err_set(err, E_USAGE, "%s: expected text of 1 to %d bytes", key, NAME_MAX_BYTES);
    }
    memcpy(out, text.data, text.len);
    out[text.len] = 0;
    change->fields |= field;
    return OK;
}

static enum err_code read_addresses(const msgpack_object *arguments, struct profile *change,
                                    struct err *err)
{
    struct bytes text;
    char quoted[QUOTE_MAX];
    for (size_t i = 0; argument_item(arguments, "addresses", i, &text); i++) {
        if (i >= ADDRESSES_MAX || text.len > ADDRESS_MAX_BYTES || !address_is_valid(text)) {
            return err_set(err, E_USAGE, "address %s: expected HOST:PORT, at most %d of them",
                           bytes_quote(text, quoted), ADDRESSES_MAX);
        }
        memcpy(change->addresses[i], text.data, text.len);
        change->address_count++;
        change->fields |= PROFILE_ADDRESSES;
    }
    return OK;
}

/* "NUMBER:PUBLIC-KEY" or "NUMBER:PUBLIC-KEY:GROUP" (a governor). The whole list is replaced. */
static bool read_officer(struct bytes text, struct officer *officer)
{
    const uint8_t *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
    const size_t digits = 2 * (size_t)HASH_BYTES;
    memset(officer, 0, sizeof *officer);
    if (!colon ||
        !number_parse(bytes_of(text.data, (size_t)(colon - text.data)), UINT32_MAX,
                      &officer->number) ||
        officer->number == 0) {
        return false;
    }
    struct bytes rest = bytes_of(colon + 1, text.len - (size_t)(colon - text.data) - 1);
    if (rest.len < digits ||
        !hex_parse(bytes_of(rest.data, digits), officer->key.bytes, HASH_BYTES)) {
        return false;
    }
    rest = bytes_of(rest.data + digits, rest.len - digits);
    if (rest.len == 0) {
        return true;
    }
    officer->has_group = true;
    return rest.len == digits + 1 && rest.data[0] == ':' &&
           hex_parse(bytes_of(rest.data + 1, digits), officer->group.bytes, HASH_BYTES);
}

static enum err_code read_officers(const msgpack_object *arguments, struct profile *change,
                                   struct err *err)
{
    struct bytes text;
    char quoted[QUOTE_MAX];
    for (size_t i = 0; argument_item(arguments, "officers", i, &text); i++) {
        struct officer officer;
        unsigned at = change->officer_count;
        bool good = at < OFFICERS_MAX && read_officer(text, &officer) &&
                    !officer_find(change->officers, change->officer_count, officer.number);
        if (!good) {
            return err_set(err, E_USAGE,
                           "officer %s: expected NUMBER:PUBLIC-KEY with 64 hex digits (a governor: "
                           "NUMBER:PUBLIC-KEY:GROUP-ID), each number once, at most %d",
                           bytes_quote(text, quoted), OFFICERS_MAX);
        }
        for (; at > 0 && change->officers[at - 1].number > officer.number; at--) {
            change->officers[at] = change->officers[at - 1];
        }
        change->officers[at] = officer;
        change->officer_count++;
        change->fields |= PROFILE_OFFICERS;
    }
    return OK;
}

static enum err_code read_policy(const struct request_context *context,
                                 const msgpack_object *arguments, struct profile *change,
                                 struct err *err)
{
    const struct ledger_state *state;
    if (!argument_has(arguments, "policy")) {
        return OK;
    }
    enum err_code code = request_own_state(context, &state, err);
    if (code == OK) {
        change->policy = state->profile.policy;
        code = policy_parse(argument_text(arguments, "policy"), state->profile.minor_digits,
                            &change->policy, err);
        code = code == OK ? OK : err_prefix(err, code, "policy");
        change->fields |= PROFILE_POLICY;
    }
    return code;
}

static enum err_code read_change(const struct request_context *context,
                                 const msgpack_object *arguments, struct profile *change,
                                 struct err *err)
{
    enum err_code code = read_name(arguments, "name", PROFILE_NAME, change->name, change, err);
    if (code == OK) {
        code = read_name(arguments, "name_en", PROFILE_NAME_EN, change->name_en, change, err);
    }
    if (code == OK) {
        code = read_addresses(arguments, change, err);
    }
    if (code == OK) {
        code = read_officers(arguments, change, err);
    }
    if (code == OK && argument_has(arguments, "recovery_quorum")) {
        code = argument_number(arguments, "recovery_quorum", ENTRY_APPROVALS_MAX,
                               &change->recovery_quorum, err);
        change->fields |= PROFILE_RECOVERY_QUORUM;
    }
    if (code == OK) {
        code = read_policy(context, arguments, change, err);
    }
    if (code == OK && argument_flag(arguments, "leave_network")) {
        change->fields |= PROFILE_NETWORK;
    }
    return code;
}

enum err_code request_amend_append(const struct request_context *context,
                                   const struct write_request *write, const struct profile *change,
                                   enum amend_keys keys, struct appended *appended, struct err *err)
{
    struct buffer terms;
    struct draft draft;
    buffer_init(&terms, ENTRY_MAX_BYTES);
    terms_profile_pack(&terms, change, write->has_tag ? write->tag : NULL);
    write_request_draft(write, KIND_AMEND, &draft);
    draft.terms = buffer_view(&terms);
    draft.new_signing_key = (keys & AMEND_SIGNING_KEY) != 0;
    draft.new_transport_key = (keys & AMEND_TRANSPORT_KEY) != 0;
    /* Citing the predecessor binds the approvals to this place, and makes a key-chain link. */
    draft.ref_count = 1;
    draft.refs[0] = (struct ref){.own = true, .index = UINT64_MAX};
    enum err_code code = store_append(context->store, &draft, 1, write->mode, appended, NULL, err);
    buffer_free(&terms);
    return code;
}

enum err_code request_amend(const struct request_context *context, const msgpack_object *arguments,
                            struct buffer *result, struct err *err)
{
    struct write_request write;
    struct appended appended = {0};
    struct profile *change = calloc(1, sizeof *change);
    unsigned keys = (argument_flag(arguments, "signing_key") ? AMEND_SIGNING_KEY : 0) |
                    (argument_flag(arguments, "transport_key") ? AMEND_TRANSPORT_KEY : 0);
    if (!change) {
        return err_set(err, E_MEMORY, "out of memory for an amend");
    }
    enum err_code code = read_change(context, arguments, change, err);
    if (code == OK && change->fields == 0 && keys == 0) {
        code = err_set(err, E_USAGE,
                       "nothing to change: give a name, addresses, a policy, officers, or a new "
                       "key");
    }
    if (code == OK) {
        code = write_request_read(context, arguments, &write, err);
    }
    if (code != OK) {
        free(change);
        return code;
    }
    if (!write_request_already(context, &write, result)) {
        code = request_amend_append(context, &write, change, (enum amend_keys)keys, &appended, err);
        if (code == OK) {
            result_appended(result, &appended, write.mode, 0);
        }
    }
    write_request_wipe(&write);
    free(change);
    return code;
}
