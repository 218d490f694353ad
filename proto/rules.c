/* The fold: an entry is judged by its ledger's state and past, then folded in. What each kind means
 * stands in rules_*.c behind the table of kinds; what holds for all, in rules_common.c.
 *
 * Two things stop a ledger: what cannot be an entry of it (a leaf of an impossible size, no
 * genesis at index 0, a key change that no link explains) halts it; what is newer than this
 * program leaves it at NEEDS_UPGRADE. Totals then stand up to that index. */
#include <inttypes.h>

#include "proto/rules_kinds.h"

bool verdict_is_final(enum err_code code)
{
    return (unsigned)code < E_LEAF || code == E_LEAF || code == E_SIGNATURE;
}

enum err_code lookup_code(enum err_code code)
{
    return code == OK || !verdict_is_final(code) ? code : E_CORRUPT;
}

static enum err_code unknown_kind(uint64_t kind, struct err *err)
{
    if ((kind & 1) != 0) {
        return OK; /* may be ignored by one who does not know it: valid, without effect */
    }
    return err_set(err, E_NEEDS_UPGRADE,
                   "kind %" PRIu64 " is critical and this program does not know it; upgrade it",
                   kind);
}

static enum err_code judge_genesis(struct fold *fold, struct err *err)
{
    const struct kind_row *row = kind_find(KIND_GENESIS);
    if (fold->entry.kind != KIND_GENESIS) {
        return err_set(err, E_LEAF, "the first entry is of kind %" PRIu64 ": expected a genesis",
                       fold->entry.kind);
    }
    enum err_code code = rule_common(fold, row, err);
    return code == OK ? row->apply(fold, &fold->entry, err) : code;
}

static enum err_code judge_entry(struct fold *fold, struct err *err)
{
    const struct kind_row *row = kind_find(fold->entry.kind);
    if (row == NULL || row->apply == NULL) {
        return unknown_kind(fold->entry.kind, err);
    }
    enum err_code code = OK;
    if (fold->entry.kind == KIND_AMEND) {
        code = rule_find_link(fold, err);
    }
    if (code == OK) {
        code = rule_common(fold, row, err);
    }
    return code == OK ? row->apply(fold, &fold->entry, err) : code;
}

static enum err_code judge(struct fold *fold, struct bytes leaf, struct err *err)
{
    if (leaf.len < 1 || leaf.len > ENTRY_MAX_BYTES) {
        return err_set(err, E_LEAF, "a leaf of %zu bytes: expected 1 to %d", leaf.len,
                       ENTRY_MAX_BYTES);
    }
    enum err_code code = entry_decode(leaf, &fold->entry, err);
    fold->decoded = code == OK;
    if (fold->index > 0) {
        return code == OK ? judge_entry(fold, err) : code;
    }
    code = code == OK ? judge_genesis(fold, err) : code;
    if (code == OK || code == E_NEEDS_UPGRADE || !verdict_is_final(code)) {
        return code;
    }
    return err_set(err, E_LEAF, "no valid genesis: %s", err == NULL ? "" : err->text);
}

static void stop(struct ledger_state *state, enum ledger_status status, enum err_code code)
{
    state->status = status;
    state->stopped_at = state->size;
    state->stopped_code = code;
}

/* Counts the verdict; what a valid entry changes, its rule has changed by now. */
static void take_verdict(struct fold *fold, enum err_code code)
{
    struct ledger_state *state = fold->state;
    if (code == E_NEEDS_UPGRADE) {
        stop(state, LEDGER_NEEDS_UPGRADE, code);
        return;
    }
    if (code == E_LEAF || code == E_SIGNATURE) {
        stop(state, LEDGER_HALTED, code);
        return;
    }
    state->size++;
    if (fold->decoded && fold->entry.time_ms > state->last_time_ms) {
        state->last_time_ms = fold->entry.time_ms;
    }
    if (code == OK) {
        state->valid++;
        state->last_date = fold->entry.date;
        return;
    }
    state->invalid++;
    if (fold->is_link) {
        rule_follow_chain(fold);
    }
}

enum err_code fold_leaf(struct fold *fold, struct bytes leaf, struct err *err)
{
    static const struct fold_marks no_marks;
    struct ledger_state *state = fold->state;
    if (state->status != LEDGER_OK) {
        return err_set(err, state->stopped_code, "the ledger stopped at index %" PRIu64 " (%s)",
                       state->stopped_at, err_name(state->stopped_code));
    }
    fold->index = state->size;
    fold->leaf = leaf;
    fold->marks = no_marks;
    fold->decoded = false;
    fold->is_link = false;
    fold->approvals = 0;
    enum err_code code = judge(fold, leaf, err);
    if (verdict_is_final(code)) {
        take_verdict(fold, code);
    }
    return code;
}
