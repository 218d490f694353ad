/* Requests for trial balances: of a group, of all of them, and of one member. */
#include <inttypes.h>

#include "store/report.h"
#include "store/requests.h"

enum err_code request_no_data(struct store *store, const struct hash *group, struct err *err)
{
    struct rostered rostered;
    bool known = store_roster_find(store, group, &rostered) == OK;
    return err_set(err, E_NO_DATA, "nothing of the ledger of %s is held here yet",
                   known ? rostered.admission.name : "that group");
}

static enum err_code member_balance(const struct request_context *context, uint32_t member,
                                    struct buffer *result, struct err *err)
{
    struct member_row row;
    struct buffer rows;
    size_t count = 0;
    const struct ledger_state *state;
    enum err_code code = store_member(context->store, member, &row);
    if (code != OK) {
        return err_set(err, code == E_NOT_FOUND ? E_MEMBER : code,
                       "member %" PRIu32 " is unknown here", member);
    }
    buffer_init(&rows, 0);
    for (unsigned i = 0; code == OK && i < account_count(); i++) {
        struct amount balance;
        code = store_member_balance(context->store, account_at(i)->code, member, &balance);
        if (code == OK && amount_sign(balance) != 0) {
            pack_map(&rows, 2);
            result_uint(&rows, "account", account_at(i)->code);
            result_amount(&rows, "balance", balance);
            count++;
        }
    }
    if (code == OK) {
        code = request_own_state(context, &state, err);
    }
    if (code == OK) {
        pack_map(result, 6);
        result_hash(result, "group", store_own_group(context->store));
        result_uint(result, "member", member);
        result_bool(result, "active", row.active);
        result_text(result, "currency", state->profile.currency);
        result_uint(result, "minor_digits", state->profile.minor_digits);
        result_array(result, "rows", count);
        buffer_append(result, rows.data, rows.len);
    }
    buffer_free(&rows);
    return code;
}

static enum err_code group_balance(const struct request_context *context, const struct hash *group,
                                   struct buffer *result, struct err *err)
{
    const struct ledger_state *state;
    struct ledger_view view;
    struct trial trial;
    if (store_ledger_find(context->store, group, &view) != OK || view.size == 0 ||
        store_ledger_state(context->store, group, &state) != OK) {
        return request_no_data(context->store, group, err);
    }
    trial_init(&trial);
    enum err_code code = trial_add(&trial, state->own, state->reported, TRIAL_GROUP, err);
    if (code == OK) {
        pack_map(result, 6 + TRIAL_PAIRS);
        result_hash(result, "group", group);
        result_text(result, "name", state->profile.name);
        result_text(result, "currency", state->profile.currency);
        result_uint(result, "minor_digits", state->profile.minor_digits);
        result_uint(result, "groups", 1);
        result_int(result, "members", state->members);
        code = trial_pack(&trial, result, err);
    }
    return code;
}

static enum err_code all_balance(const struct request_context *context, struct buffer *result,
                                 struct err *err)
{
    struct trial trial;
    const struct ledger_state *state;
    int64_t members = 0;
    uint64_t groups = 0;
    trial_init(&trial);
    enum err_code code = OK;
    for (size_t i = 0; code == OK && i < store_ledger_count(context->store); i++) {
        struct ledger_view view;
        code = store_ledger_at(context->store, i, &view);
        if (code != OK || !(view.rostered || view.own || view.network) || view.size == 0) {
            continue;
        }
        code = store_ledger_state(context->store, &view.group, &state);
        if (code == OK) {
            code = trial_add(&trial, state->own, state->reported,
                             view.network ? TRIAL_NETWORK : TRIAL_GROUP, err);
            members += state->members;
            groups += !view.network;
        }
    }
    if (code == OK) {
        code = request_own_state(context, &state, err);
    }
    if (code == OK) {
        pack_map(result, 6 + TRIAL_PAIRS);
        result_hash(result, "group", NULL);
        result_text(result, "name", NULL);
        result_text(result, "currency", state->profile.currency);
        result_uint(result, "minor_digits", state->profile.minor_digits);
        result_uint(result, "groups", groups);
        result_int(result, "members", members);
        code = trial_pack(&trial, result, err);
    }
    return code;
}

enum err_code request_balance(const struct request_context *context,
                              const msgpack_object *arguments, struct buffer *result,
                              struct err *err)
{
    uint32_t member = 0;
    struct hash group;
    enum err_code code = argument_number(arguments, "member", (uint32_t)MEMBER_MAX, &member, err);
    if (code == OK && member != 0) {
        return member_balance(context, member, result, err);
    }
    if (code == OK && argument_flag(arguments, "all")) {
        return all_balance(context, result, err);
    }
    if (code == OK) {
        code = argument_group(context, arguments, "group", &group, err);
    }
    return code == OK ? group_balance(context, &group, result, err) : code;
}
