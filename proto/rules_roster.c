/* Kind roster: who belongs to a network. One linear log of admissions, each approved by more than
 * half of the governors; the founding one (index 1) needs none, the charter being its authority. */
#include <inttypes.h>
#include <string.h>

#include "proto/rules_kinds.h"

/* Messages name groups by the first 8 bytes of their id. */
static bool share_tag(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, GROUP_TAG_BYTES) == 0;
}

/* One pass over the admissions of an entry. */
struct roster_pass {
    const struct fold *fold;
    struct err *err;
    size_t count;
    struct hash seen[ROSTER_ADMIT_MAX];
};

static enum err_code refuse(const struct roster_pass *pass, const char *why)
{
    return err_set(pass->err, E_ROSTER, "admission %zu: %s", pass->count + 1, why);
}

static enum err_code check_admission(void *context, const struct admission *admission)
{
    struct roster_pass *pass = context;
    const struct fold *fold = pass->fold;
    if (share_tag(&admission->group, &fold->group)) {
        return refuse(pass, "the id begins like the network's own");
    }
    if (fold->is_rostered != NULL && fold->is_rostered(fold->roster_context, &admission->group)) {
        return refuse(pass, "the group is in the roster, or one whose id begins with the same 8 "
                            "bytes");
    }
    for (size_t i = 0; i < pass->count; i++) {
        if (share_tag(&admission->group, &pass->seen[i])) {
            return refuse(pass,
                          "admitted twice in one entry, or an id with the same first 8 bytes");
        }
    }
    if (admission->type < GROUP_SAVINGS || admission->type > GROUP_OTHER ||
        admission->type == GROUP_NETWORK) {
        return refuse(pass, "a group type of 1 to 9, and no network, is expected");
    }
    if (!transport_key_is_acceptable(&admission->transport_key)) {
        return refuse(pass, "the transport key is no acceptable X25519 key");
    }
    pass->seen[pass->count++] = admission->group;
    return OK;
}

static enum err_code tell_admission(void *context, const struct admission *admission)
{
    const struct fold *fold = context;
    return lookup_code(fold->admitted(fold->roster_context, admission, fold->index));
}

static enum err_code check_authority(const struct fold *fold, struct err *err)
{
    unsigned needed = fold->state->profile.officer_count / 2 + 1;
    if (fold->index == 1) {
        return OK;
    }
    if (fold->approvals < needed) {
        return err_set(err, E_QUORUM, "%u governors approve: more than half of %u are needed",
                       fold->approvals, fold->state->profile.officer_count);
    }
    return rule_cites_predecessor(fold, err);
}

enum err_code rule_roster(struct fold *fold, const struct entry *entry, struct err *err)
{
    struct roster_pass pass = {.fold = fold, .err = err, .count = 0};
    if (fold->state->profile.type != GROUP_NETWORK) {
        return err_set(err, E_KIND, "only a network keeps a roster");
    }
    enum err_code code = check_authority(fold, err);
    if (code == OK) {
        code = terms_roster_read(entry->terms, check_admission, &pass, err);
    }
    if (code == OK && fold->admitted != NULL) {
        code = terms_roster_read(entry->terms, tell_admission, fold, err);
    }
    return code;
}
