/* A ledger's state as bytes: what a store keeps between chunks. Canonical, and compact: accounts
 * without turnover are left out.
 *
 *   [1, size, status, stopped at, stopped code, profile (map), members, valid, invalid, journals,
 *    reversals, last date, last time, [[account, debit, credit]...], [account reported...]] */
#include <string.h>

#include "proto/rules.h"

enum { STATE_VERSION = 1, STATE_FIELDS = 15 };

void ledger_state_init(struct ledger_state *state)
{
    memset(state, 0, sizeof *state);
    policy_default(&state->profile.policy);
}

static bool has_turnover(const struct turnover *turnover)
{
    return amount_sign(turnover->debit) != 0 || amount_sign(turnover->credit) != 0;
}

static void pack_accounts(struct buffer *out, const struct ledger_state *state)
{
    unsigned moved = 0;
    unsigned reported = 0;
    for (unsigned row = 0; row < account_count(); row++) {
        moved += has_turnover(&state->own[row]);
        reported += state->reported[row];
    }
    pack_array(out, moved);
    for (unsigned row = 0; row < account_count(); row++) {
        if (has_turnover(&state->own[row])) {
            pack_array(out, 3);
            pack_uint(out, account_at(row)->code);
            pack_int(out, amount_satang(state->own[row].debit));
            pack_int(out, amount_satang(state->own[row].credit));
        }
    }
    pack_array(out, reported);
    for (unsigned row = 0; row < account_count(); row++) {
        if (state->reported[row]) {
            pack_uint(out, account_at(row)->code);
        }
    }
}

void ledger_state_pack(struct buffer *out, const struct ledger_state *state)
{
    pack_array(out, STATE_FIELDS);
    pack_uint(out, STATE_VERSION);
    pack_uint(out, state->size);
    pack_uint(out, (uint64_t)state->status);
    pack_uint(out, state->stopped_at);
    pack_uint(out, (uint64_t)state->stopped_code);
    terms_profile_pack(out, &state->profile, NULL);
    pack_int(out, state->members);
    pack_uint(out, state->valid);
    pack_uint(out, state->invalid);
    pack_uint(out, state->journals);
    pack_uint(out, state->reversals);
    pack_int(out, state->last_date);
    pack_uint(out, state->last_time_ms);
    pack_accounts(out, state);
}

/* The row of the next account, which must stand behind `*previous`; -1 poisons the cursor. */
static int read_row(struct cursor *cursor, int *previous)
{
    int row = account_row(cursor_uint(cursor));
    if (row <= *previous) {
        cursor_fail(cursor);
        return -1;
    }
    *previous = row;
    return row;
}

static void read_accounts(struct cursor *cursor, struct ledger_state *state)
{
    int previous = -1;
    size_t count = cursor_array(cursor, ACCOUNTS_MAX);
    for (size_t i = 0; i < count && !cursor->failed; i++) {
        if (cursor_array(cursor, 3) != 3) {
            cursor_fail(cursor);
        }
        int row = read_row(cursor, &previous);
        if (row >= 0) {
            state->own[row].debit = amount_of((int64_t)cursor_uint_max(cursor, INT64_MAX));
            state->own[row].credit = amount_of((int64_t)cursor_uint_max(cursor, INT64_MAX));
        }
    }
    previous = -1;
    count = cursor_array(cursor, ACCOUNTS_MAX);
    for (size_t i = 0; i < count && !cursor->failed; i++) {
        int row = read_row(cursor, &previous);
        if (row >= 0) {
            state->reported[row] = true;
        }
    }
}

enum err_code ledger_state_read(struct bytes bytes, struct ledger_state *state)
{
    struct cursor cursor = cursor_of(bytes);
    struct ledger_state read;
    ledger_state_init(&read);
    if (cursor_array(&cursor, STATE_FIELDS) != STATE_FIELDS ||
        cursor_uint(&cursor) != STATE_VERSION) {
        return E_ENCODING;
    }
    read.size = cursor_uint(&cursor);
    read.status = (enum ledger_status)cursor_uint_max(&cursor, LEDGER_HALTED);
    read.stopped_at = cursor_uint(&cursor);
    read.stopped_code = (enum err_code)cursor_uint_max(&cursor, E_DUPLICATE_LINK);
    struct bytes profile = cursor_raw(&cursor, ENTRY_DEPTH_MAX);
    read.members = (int64_t)cursor_uint_max(&cursor, MEMBER_MAX);
    read.valid = cursor_uint(&cursor);
    read.invalid = cursor_uint(&cursor);
    read.journals = cursor_uint(&cursor);
    read.reversals = cursor_uint(&cursor);
    int64_t date = cursor_int(&cursor);
    read.last_date = date < INT32_MIN || date > INT32_MAX ? 0 : (int32_t)date;
    read.last_time_ms = cursor_uint(&cursor);
    read_accounts(&cursor, &read);
    if (!cursor_done(&cursor) || date != read.last_date ||
        terms_profile_read_all(profile, &read.profile, NULL) != OK) {
        return E_ENCODING;
    }
    *state = read;
    return OK;
}
