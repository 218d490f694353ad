/* Kind reverse: undoes one whole earlier post. Two people stand behind it: whoever recorded or
 * approved the first entry cannot be the only one to take it back. The first entry stays. */
#include <inttypes.h>

#include "proto/rules_kinds.h"

/* Is `line` one of `target`, with debit and credit changed? Both are in canonical order, so that
 * the two lines of one account and counterparty may have changed places, and no others. */
static bool is_undone(const struct entry *target, unsigned at, const struct post *line)
{
    for (unsigned i = at == 0 ? 0 : at - 1; i <= at + 1 && i < target->post_count; i++) {
        const struct post *post = &target->posts[i];
        struct amount negated;
        if (post->account == line->account && post->has_counterparty == line->has_counterparty &&
            (!post->has_counterparty || hash_equal(&post->counterparty, &line->counterparty)) &&
            amount_negate(post->amount, &negated) && amount_equal(negated, line->amount)) {
            return true;
        }
    }
    return false;
}

static enum err_code check_lines(const struct entry *entry, const struct entry *target,
                                 struct err *err)
{
    if (entry->post_count != target->post_count) {
        return err_set(err, E_STATE, "it has %u lines, the entry that it undoes %u: all are undone",
                       entry->post_count, target->post_count);
    }
    for (unsigned i = 0; i < entry->post_count; i++) {
        if (!is_undone(target, i, &entry->posts[i])) {
            return err_set(err, E_STATE,
                           "line %u (account %u) undoes no line of the entry: each with debit and "
                           "credit changed is expected",
                           i + 1, (unsigned)entry->posts[i].account);
        }
    }
    return OK;
}

static bool stood_behind(const struct entry *target, uint32_t officer)
{
    bool behind = target->actor == officer;
    for (unsigned i = 0; i < target->approval_count; i++) {
        behind = behind || target->approvals[i].officer == officer;
    }
    return behind;
}

static enum err_code check_second_person(const struct entry *entry, const struct entry *target,
                                         struct err *err)
{
    for (unsigned i = 0; i < entry->approval_count; i++) {
        if (!stood_behind(target, entry->approvals[i].officer)) {
            return OK;
        }
    }
    return err_set(err, E_QUORUM,
                   "the approval of an officer who neither recorded nor approved the first entry "
                   "is needed");
}

/* Reads the entry that refs[0] cites; rule_common has compared its root. */
static enum err_code read_target(const struct fold *fold, struct entry *target, struct err *err)
{
    const struct past *past = fold->past;
    uint64_t index = fold->entry.refs[0].index;
    struct bytes leaf;
    if (fold->entry.ref_count == 0 || !fold->entry.refs[0].own) {
        return err_set(err, E_REF, "its first ref must cite the entry that it undoes");
    }
    if (!past->was_valid(past->context, index)) {
        return err_set(err, E_STATE, "the entry at index %" PRIu64 " is not valid: it did nothing",
                       index);
    }
    if (past->was_reversed(past->context, index)) {
        return err_set(err, E_STATE, "the entry at index %" PRIu64 " is undone already", index);
    }
    enum err_code code = lookup_code(past->leaf(past->context, index, &leaf));
    if (code != OK) {
        return err_set(err, code, "the entry at index %" PRIu64 " cannot be read", index);
    }
    if (entry_decode(leaf, target, NULL) != OK || target->kind != KIND_POST) {
        return err_set(err, E_STATE, "the entry at index %" PRIu64 " is no post", index);
    }
    return OK;
}

enum err_code rule_reverse(struct fold *fold, const struct entry *entry, struct err *err)
{
    struct entry target;
    if (entry->has_body) {
        return err_set(err, E_ENCODING, "a reverse has no lines of its own: body must be nil");
    }
    enum err_code code = read_target(fold, &target, err);
    if (code == OK) {
        code = check_lines(entry, &target, err);
    }
    if (code == OK) {
        code = check_second_person(entry, &target, err);
    }
    if (code == OK) {
        code = turnover_check(fold, err);
    }
    if (code != OK) {
        return code;
    }
    turnover_apply(fold);
    fold->state->reversals++;
    fold->marks.reversed = true;
    fold->marks.reversed_index = entry->refs[0].index;
    return OK;
}
