/* Kinds member and note. In public a member entry says only by how much the count changes: by 0
 * where it gives numbers to members that an opening counted. */
#include <inttypes.h>

#include "proto/rules_kinds.h"

enum err_code rule_member(struct fold *fold, const struct entry *entry, struct err *err)
{
    struct member_terms terms;
    int64_t members;
    enum err_code code = terms_member_read(entry->terms, &terms, err);
    if (code != OK) {
        return code;
    }
    if (__builtin_add_overflow(fold->state->members, terms.change, &members) || members < 0 ||
        members > MEMBER_MAX) {
        return err_set(err, E_MEMBER,
                       "%" PRId64 " members and a change of %" PRId64 ": expected 0 to %" PRId64,
                       fold->state->members, terms.change, MEMBER_MAX);
    }
    fold->state->members = members;
    return OK;
}

enum err_code rule_note(struct fold *fold, const struct entry *entry, struct err *err)
{
    struct note_terms terms;
    (void)fold;
    enum err_code code = terms_note_read(entry->terms, &terms, err);
    if (code == OK && terms.topic.len == 0) {
        code = err_set(err, E_ENCODING, "terms of note: key 0, the topic, is missing or empty");
    }
    return code;
}
