/* Requests about what is held of the groups, and the tables that people look things up in. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/date.h"
#include "proto/events.h"
#include "proto/id.h"
#include "store/requests.h"

/* --- groups --- */

/* One ledger with what is known of it, copied: store calls invalidate one another's answers. */
struct group_row {
    struct ledger_view view;
    bool folded; /* there is a state */
    enum ledger_status status;
    uint64_t stopped_at, valid, invalid;
    enum err_code stopped_code;
    int64_t members;
    int32_t last_date;
    char name[NAME_MAX_BYTES + 1];
    char name_en[NAME_MAX_BYTES + 1];
    uint32_t place, type;
};

static void read_group(struct store *store, const struct ledger_view *view, struct group_row *row)
{
    const struct ledger_state *state;
    struct rostered rostered;
    memset(row, 0, sizeof *row);
    row->view = *view;
    row->folded = view->size > 0 && store_ledger_state(store, &view->group, &state) == OK;
    if (row->folded) {
        row->status = state->status;
        row->stopped_at = state->stopped_at;
        row->stopped_code = state->stopped_code;
        row->valid = state->valid;
        row->invalid = state->invalid;
        row->members = state->members;
        row->last_date = state->last_date;
        memcpy(row->name, state->profile.name, sizeof row->name);
        memcpy(row->name_en, state->profile.name_en, sizeof row->name_en);
        row->place = state->profile.home_place;
        row->type = state->profile.type;
    }
    if (store_roster_find(store, &view->group, &rostered) == OK) {
        memcpy(row->name, rostered.admission.name, sizeof row->name);
        memcpy(row->name_en, rostered.admission.name_en, sizeof row->name_en);
        row->place = rostered.admission.place;
        row->type = rostered.admission.type;
    }
}

static void row_flags(const struct group_row *row, char *out, size_t size)
{
    const struct ledger_view *view = &row->view;
    char invalid[32] = "";
    if (row->invalid > 0) {
        snprintf(invalid, sizeof invalid, " invalid:%" PRIu64, row->invalid);
    }
    int len = snprintf(out, size, "%s%s%s%s%s%s%s%s%s", view->own ? " own" : "",
                       view->network ? " network" : "",
                       !view->rostered && !view->network ? " not-rostered" : "",
                       view->size == 0 ? " not-held" : "", view->frozen ? " FROZEN" : "",
                       row->status == LEDGER_NEEDS_UPGRADE ? " needs-upgrade" : "",
                       row->status == LEDGER_HALTED ? " HALTED" : "",
                       view->stored > view->size ? " pending" : "", invalid);
    if (len > 0) {
        memmove(out, out + 1, (size_t)len); /* the leading space; with the terminator */
    }
}

static void pack_row(const struct group_row *row, struct buffer *out)
{
    const struct ledger_view *view = &row->view;
    char flags[128], time[TIME_TEXT_MAX], date[DATE_TEXT_MAX];
    bool dated = row->folded && row->valid > 0;
    row_flags(row, flags, sizeof flags);
    pack_map(out, 21);
    result_hash(out, "group", &view->group);
    result_text(out, "name", row->name);
    result_text(out, "name_en", row->name_en);
    result_uint(out, "place", row->place);
    result_text(out, "type", group_type_name(row->type));
    result_uint(out, "epoch", view->epoch);
    result_uint(out, "size", view->size);
    result_uint(out, "stored", view->stored);
    result_hash(out, "root", view->size > 0 ? &view->root : NULL);
    result_text(out, "status", row->folded ? ledger_status_name(row->status) : NULL);
    pack_text(out, "stopped_at");
    if (row->folded && row->status != LEDGER_OK) {
        pack_uint(out, row->stopped_at);
    } else {
        pack_nil(out);
    }
    pack_text(out, "members");
    if (row->folded) {
        pack_int(out, row->members);
    } else {
        pack_nil(out);
    }
    result_uint(out, "valid", row->valid);
    result_uint(out, "invalid", row->invalid);
    result_text(out, "last_date", dated ? date_format_iso(row->last_date, date) : NULL);
    result_text(out, "heard", view->heard_ms ? time_format_iso(view->heard_ms, time) : NULL);
    result_bool(out, "own", view->own);
    result_bool(out, "network", view->network);
    result_bool(out, "rostered", view->rostered);
    result_bool(out, "frozen", view->frozen);
    result_text(out, "flags", flags);
}

enum err_code request_groups(const struct request_context *context, const msgpack_object *arguments,
                             struct buffer *result, struct err *err)
{
    (void)arguments;
    struct store *store = context->store;
    const struct ledger_state *state;
    size_t count = store_ledger_count(store);
    struct group_row *row = malloc(sizeof *row);
    if (!row) {
        return err_set(err, E_MEMORY, "out of memory for a listing");
    }
    enum err_code code = request_own_state(context, &state, err);
    if (code == OK) {
        pack_map(result, 4);
        result_hash(result, "network", store_has_network(store) ? store_network(store) : NULL);
        result_text(result, "currency", state->profile.currency);
        result_uint(result, "minor_digits", state->profile.minor_digits);
        result_array(result, "groups", count);
    }
    for (size_t i = 0; code == OK && i < count; i++) {
        struct ledger_view view;
        code = store_ledger_at(store, i, &view);
        if (code != OK) {
            code = err_set(err, code, "a ledger cannot be read; run `satcha verify`");
            break;
        }
        read_group(store, &view, row);
        pack_row(row, result);
    }
    free(row);
    return code;
}

/* --- why --- */

/* One sentence; *state is a word for scripts. */
static const char *explain(const struct group_row *row, char *why, size_t size)
{
    const struct ledger_view *view = &row->view;
    if (view->frozen) {
        snprintf(why, size,
                 "frozen: two signed heads of this ledger disagree; nothing of it counts beyond "
                 "their common part until the network's governors name the standing one");
        return "frozen";
    }
    if (row->status == LEDGER_NEEDS_UPGRADE) {
        snprintf(why, size,
                 "entry %" PRIu64 " is of a newer satcha: totals stand at that entry until this "
                 "program is upgraded",
                 row->stopped_at);
        return "needs-upgrade";
    }
    if (row->status == LEDGER_HALTED) {
        snprintf(why, size, "halted at entry %" PRIu64 " (%s): its author must be asked",
                 row->stopped_at, err_name(row->stopped_code));
        return "halted";
    }
    if (view->size == 0) {
        snprintf(why, size,
                 "expected by the roster and never received; no node that holds it was reached");
        return "not-held";
    }
    if (view->stored > view->size) {
        snprintf(why, size,
                 "%" PRIu64 " entries arrived after the last complete head and wait for the rest",
                 view->stored - view->size);
        return "pending";
    }
    if (row->invalid > 0) {
        snprintf(why, size,
                 "%" PRIu64 " of its %" PRIu64 " entries are invalid and left out of every total; "
                 "`satcha log` names them",
                 row->invalid, view->size);
        return "invalid-entries";
    }
    snprintf(why, size, "nothing: all %" PRIu64 " entries are held, verified and counted",
             view->size);
    return "ok";
}

/* Both heads of a frozen ledger, else an empty array. */
static void pack_fork(struct store *store, const struct hash *group, struct buffer *out)
{
    struct head *heads = calloc(2, sizeof *heads);
    size_t count = heads && store_fork(store, group, &heads[0], &heads[1]) == OK ? 2 : 0;
    result_array(out, "heads", count);
    for (size_t i = 0; i < count; i++) {
        pack_map(out, 3);
        result_uint(out, "epoch", heads[i].epoch);
        result_uint(out, "size", heads[i].size);
        result_hash(out, "root", &heads[i].root);
    }
    free(heads);
}

enum err_code request_why(const struct request_context *context, const msgpack_object *arguments,
                          struct buffer *result, struct err *err)
{
    struct hash group;
    struct ledger_view view;
    char why[240];
    enum err_code code = argument_group(context, arguments, "group", &group, err);
    if (code != OK) {
        return code;
    }
    if (store_ledger_find(context->store, &group, &view) != OK) {
        memset(&view, 0, sizeof view);
        view.group = group;
    }
    struct group_row *row = malloc(sizeof *row);
    if (!row) {
        return err_set(err, E_MEMORY, "out of memory for an answer");
    }
    read_group(context->store, &view, row);
    const char *state = explain(row, why, sizeof why);
    pack_map(result, 5);
    result_hash(result, "group", &group);
    result_text(result, "name", row->name);
    result_text(result, "state", state);
    result_text(result, "why", why);
    pack_fork(context->store, &group, result);
    free(row);
    return OK;
}

/* --- tables --- */

enum err_code request_events(const struct request_context *context, const msgpack_object *arguments,
                             struct buffer *result, struct err *err)
{
    (void)context;
    (void)arguments;
    (void)err;
    static const char *const MEMBER[] =
        {[MEMBER_NO] = "no", [MEMBER_YES] = "yes", [MEMBER_OPTIONAL] = "optional"};
    pack_map(result, 1);
    result_array(result, "events", EVENT_COUNT);
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        const struct event_row *event = event_at(i);
        pack_map(result, 6);
        result_uint(result, "number", event->number);
        result_text(result, "name", event->name);
        result_text(result, "name_th", event->name_th);
        result_text(result, "member", MEMBER[event->member]);
        result_bool(result, "either_way", event->either_way);
        result_text(result, "help", event->help);
    }
    return OK;
}

enum err_code request_accounts(const struct request_context *context,
                               const msgpack_object *arguments, struct buffer *result,
                               struct err *err)
{
    (void)context;
    (void)arguments;
    (void)err;
    static const char *const TYPES[] = {[ACCOUNT_ASSET] = "asset",
                                        [ACCOUNT_LIABILITY] = "liability",
                                        [ACCOUNT_EQUITY] = "equity",
                                        [ACCOUNT_REVENUE] = "revenue",
                                        [ACCOUNT_EXPENSE] = "expense"};
    pack_map(result, 1);
    result_array(result, "accounts", account_count());
    for (unsigned i = 0; i < account_count(); i++) {
        const struct account *account = account_at(i);
        pack_map(result, 5);
        result_uint(result, "account", account->code);
        result_text(result, "name", account->name_en);
        result_text(result, "name_th", account->name_th);
        result_text(result, "type", TYPES[account->type]);
        result_bool(result, "intergroup", (account->flags & ACCOUNT_INTERGROUP) != 0);
    }
    return OK;
}

/* --- words for shell completion --- */

static void complete_groups(struct store *store, struct buffer *words, size_t *count)
{
    for (size_t i = 0; i < store_ledger_count(store); i++) {
        struct ledger_view view;
        struct rostered rostered;
        char hex[HEX_HASH_MAX];
        if (store_ledger_at(store, i, &view) != OK) {
            continue;
        }
        hash_format(&view.group, hex);
        pack_str(words, bytes_of(hex, ID_SHORT_DIGITS));
        (*count)++;
        if (store_roster_find(store, &view.group, &rostered) == OK) {
            pack_text(words, rostered.admission.name);
            (*count)++;
        }
    }
}

enum err_code request_complete(const struct request_context *context,
                               const msgpack_object *arguments, struct buffer *result,
                               struct err *err)
{
    struct bytes what = argument_text(arguments, "what");
    struct buffer words;
    size_t count = 0;
    enum err_code code = OK;
    buffer_init(&words, CONTROL_FRAME_MAX_BYTES);
    if (bytes_equal(what, bytes_of_text("requests"))) {
        for (; count < request_count(); count++) {
            pack_text(&words, request_at((unsigned)count)->name);
        }
    } else if (bytes_equal(what, bytes_of_text("events"))) {
        for (; count < EVENT_COUNT; count++) {
            pack_text(&words, event_at((unsigned)count)->name);
        }
    } else if (bytes_equal(what, bytes_of_text("types"))) {
        for (uint32_t type = GROUP_SAVINGS; type <= GROUP_OTHER; type++, count++) {
            pack_text(&words, group_type_name(type));
        }
    } else if (bytes_equal(what, bytes_of_text("accounts"))) {
        for (; count < account_count(); count++) {
            char code_text[8];
            snprintf(code_text, sizeof code_text, "%u", account_at((unsigned)count)->code);
            pack_text(&words, code_text);
        }
    } else if (bytes_equal(what, bytes_of_text("groups"))) {
        complete_groups(context->store, &words, &count);
    } else {
        code = err_set(err, E_USAGE, "what: expected requests, events, accounts, groups or types");
    }
    if (code == OK) {
        pack_map(result, 1);
        result_array(result, "words", count);
        buffer_append(result, words.data, words.len);
    }
    buffer_free(&words);
    return code;
}
