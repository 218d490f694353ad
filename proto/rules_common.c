/* What holds for an entry of every kind: its date, its body, whether it may have lines, the
 * positions that it cites in its own ledger, its approvals. Cheap checks come first; signatures,
 * which cost a hundred times the rest, last. */
#include <inttypes.h>

#include "proto/date.h"
#include "proto/rules_kinds.h"

static enum err_code check_date(const struct entry *entry, struct err *err)
{
    int32_t recorded = date_of_time(entry->time_ms);
    if (entry->date <= recorded || entry->date - recorded <= 1) {
        return OK;
    }
    char date[DATE_TEXT_MAX];
    char latest[DATE_TEXT_MAX];
    if (err == NULL) {
        return E_DATE;
    }
    return err_set(err, E_DATE, "date %s: at most a day after it was recorded (%s)",
                   date_format_iso(entry->date, date), date_format_iso(recorded, latest));
}

static enum err_code check_shape(const struct fold *fold, const struct kind_row *row,
                                 struct err *err)
{
    const struct entry *entry = &fold->entry;
    if ((row->flags & KIND_NEEDS_BODY) != 0 && !entry->has_body) {
        return err_set(err, E_ENCODING, "%s: a commitment to private lines is needed", row->name);
    }
    if ((row->flags & KIND_HAS_POSTS) == 0 && entry->post_count > 0) {
        return err_set(err, E_KIND, "%s: carries no lines, has %u", row->name, entry->post_count);
    }
    if (fold->state->profile.closed && entry->kind != KIND_AMEND && entry->kind != KIND_NOTE) {
        return err_set(err, E_CLOSED, "%s: the group was closed; only amend and note may follow",
                       row->name);
    }
    return OK;
}

/* Own refs pin this ledger's past. What is cited of others is matter of the pair, not of this
 * ledger's validity, and not looked at. */
static enum err_code check_refs(const struct fold *fold, struct err *err)
{
    for (unsigned i = 0; i < fold->entry.ref_count; i++) {
        const struct ref *ref = &fold->entry.refs[i];
        struct hash root;
        if (!ref->own) {
            if (hash_equal(&ref->group, &fold->group)) {
                return err_set(err, E_REF, "ref %u names its own ledger by id: expected nil", i);
            }
            continue;
        }
        if (ref->index >= fold->index) {
            return err_set(err, E_REF, "ref %u cites index %" PRIu64 " at index %" PRIu64, i,
                           ref->index, fold->index);
        }
        enum err_code code =
            lookup_code(fold->past->root_at(fold->past->context, ref->index + 1, &root));
        if (code != OK) {
            return err_set(err, code, "the root at size %" PRIu64 " cannot be read",
                           ref->index + 1);
        }
        if (!hash_equal(&root, &ref->root)) {
            return err_set(err, E_REF,
                           "ref %u: the root at size %" PRIu64 " is another one than it cites", i,
                           ref->index + 1);
        }
    }
    return OK;
}

/* How many approvals the group's policy asks for this kind and amount. */
static uint32_t policy_asks(const struct fold *fold, struct amount debits)
{
    const struct policy *policy = &fold->state->profile.policy;
    uint32_t asked = 0;
    if (fold->entry.kind == KIND_ROSTER && fold->index == 1) {
        return 0; /* the founding roster: nobody could have approved it */
    }
    for (unsigned i = 0; i < policy->quorum_count; i++) {
        const struct policy_quorum *quorum = &policy->quorums[i];
        if (quorum->kind == fold->entry.kind && !amount_less(debits, quorum->from) &&
            quorum->approvals > asked) {
            asked = quorum->approvals;
        }
    }
    return asked;
}

/* All that are there are verified, needed or not: a wrong one is never let pass. */
static enum err_code check_approvals(struct fold *fold, struct amount debits, struct err *err)
{
    const struct entry *entry = &fold->entry;
    uint32_t asked = policy_asks(fold, debits);
    if (entry->approval_count < asked) {
        return err_set(err, E_QUORUM, "%u approvals: the policy asks for %" PRIu32,
                       entry->approval_count, asked);
    }
    if (entry->approval_count == 0) {
        return OK;
    }
    struct hash unsigned_hash;
    entry_unsigned_hash(entry, fold->leaf, &unsigned_hash);
    if (fold->past->was_approved(fold->past->context, &unsigned_hash)) {
        return err_set(err, E_DUP, "the same entry was approved and recorded before");
    }
    const struct profile *profile = &fold->state->profile;
    enum err_code code = approvals_count(&fold->group, entry, fold->leaf, profile->officers,
                                         profile->officer_count, &fold->approvals, err);
    if (code == OK) {
        fold->marks.approved = true;
        fold->marks.approved_hash = unsigned_hash;
    }
    return code;
}

enum err_code rule_common(struct fold *fold, const struct kind_row *row, struct err *err)
{
    struct amount debits = amount_of(0);
    enum err_code code = check_date(&fold->entry, err);
    if (code == OK) {
        code = check_shape(fold, row, err);
    }
    if (code == OK && fold->entry.post_count > 0) {
        code = posts_check(fold, &debits, err);
    }
    if (code == OK) {
        code = check_refs(fold, err);
    }
    if (code == OK) {
        code = check_approvals(fold, debits, err);
    }
    return code;
}

enum err_code rule_cites_predecessor(const struct fold *fold, struct err *err)
{
    const struct ref *first = &fold->entry.refs[0];
    if (fold->entry.ref_count == 0 || !first->own || first->index + 1 != fold->index) {
        return err_set(err, E_REF,
                       "its first ref must cite the entry before it (index %" PRIu64
                       "), so that approvals bind its place",
                       fold->index - 1);
    }
    return OK;
}
