/* Kinds genesis and amend: what a group says of itself, and the key chain's hand in it.
 *
 * The chain alone decides keys, officers and quorum. A key-changing amend that is a link but
 * fails validity is counted as invalid and changes nothing else, yet its keys are in force: were
 * they not, the fold would go on to judge approvals by officers whom the chain has replaced, and
 * heads and entries of one ledger would answer to different people. */
#include <inttypes.h>
#include <string.h>

#include "proto/rules_kinds.h"

static bool is_currency(const char *text)
{
    for (unsigned i = 0; i < 3; i++) {
        if (text[i] < 'A' || text[i] > 'Z') {
            return false;
        }
    }
    return text[3] == '\0';
}

static enum err_code check_profile(const struct profile *profile, struct err *err)
{
    const unsigned needed = PROFILE_KEYS | PROFILE_TYPE | PROFILE_CURRENCY | PROFILE_MINOR_DIGITS;
    if ((profile->fields & needed) != needed) {
        return err_set(err, E_ENCODING,
                       "type, keys, officers, recovery quorum, currency and minor digits are "
                       "needed");
    }
    if (profile->type < GROUP_SAVINGS || profile->type > GROUP_OTHER) {
        return err_set(err, E_ENCODING, "group type %" PRIu32 ": expected 1 to %d", profile->type,
                       GROUP_OTHER);
    }
    if (!is_currency(profile->currency)) {
        return err_set(err, E_ENCODING, "currency: expected three capital letters (THB)");
    }
    if (profile->minor_digits > MINOR_DIGITS_MAX) {
        return err_set(err, E_ENCODING, "minor digits %" PRIu32 ": expected 0 to %d",
                       profile->minor_digits, MINOR_DIGITS_MAX);
    }
    return keychain_check_genesis(profile, err);
}

enum err_code rule_genesis(struct fold *fold, const struct entry *entry, struct err *err)
{
    struct profile profile;
    if (fold->index != 0) {
        return err_set(err, E_STATE, "a genesis is the first entry and no other");
    }
    enum err_code code = terms_profile_read(entry->terms, KIND_GENESIS, &profile, err);
    if (code == OK) {
        code = check_profile(&profile, err);
    }
    if (code == OK) {
        fold->state->profile = profile;
    }
    return code;
}

enum err_code rule_find_link(struct fold *fold, struct err *err)
{
    struct profile change;
    /* Terms that do not even read as keys cannot be a link; the strict reader refuses them. */
    if (terms_keys_read(fold->entry.terms, KIND_AMEND, &change, NULL) != OK ||
        !profile_changes_keys(&change)) {
        return OK;
    }
    if (!fold->past->has_link(fold->past->context, fold->index + 1)) {
        return err_set(err, E_SIGNATURE,
                       "the entry changes keys or officers, but no link of the key chain has size "
                       "%" PRIu64 ": ask for the chain",
                       fold->index + 1);
    }
    fold->is_link = true;
    return OK;
}

void rule_follow_chain(struct fold *fold)
{
    struct profile change;
    if (terms_keys_read(fold->entry.terms, KIND_AMEND, &change, NULL) == OK) {
        profile_merge_keys(&fold->state->profile, &change);
    }
}

enum err_code rule_amend(struct fold *fold, const struct entry *entry, struct err *err)
{
    struct profile change;
    enum err_code code = terms_profile_read(entry->terms, KIND_AMEND, &change, err);
    if (code == OK) {
        code = rule_cites_predecessor(fold, err);
    }
    if (code == OK && fold->approvals < 1) {
        code = err_set(err, E_QUORUM, "an amend needs the approval of an officer");
    }
    if (code == OK) {
        profile_merge(&fold->state->profile, &change);
    }
    return code;
}
