/* The policy of a group, a map inside of its profile. What is absent has its default, so that a
 * policy of a later version with more odd keys still reads here.
 *
 *   0 overdraft allowed (bool)          1 least lines of an entry (uint >= 1)
 *   2 member money (uint)               6 first month of the fiscal year (uint 1..12)
 *   4 quorums [[kind, satang from which, approvals 0..8] 0..16]
 *   9 transit days (uint) */
#include "proto/terms_reader.h"

#include <string.h>

void policy_default(struct policy *policy)
{
    memset(policy, 0, sizeof *policy);
    policy->min_lines = 1;
    policy->member_money = MEMBER_MONEY_RETURNABLE;
    policy->fiscal_month = 1;
    policy->transit_days = 7;
}

static void read_quorums(struct cursor *cursor, struct policy *out)
{
    out->quorum_count = (unsigned)cursor_array(cursor, POLICY_QUORUMS_MAX);
    for (unsigned i = 0; i < out->quorum_count; i++) {
        struct policy_quorum *quorum = &out->quorums[i];
        if (cursor_array(cursor, 3) != 3) {
            cursor_fail(cursor);
        }
        quorum->kind = (uint16_t)cursor_uint_max(cursor, UINT16_MAX);
        quorum->from = amount_of((int64_t)cursor_uint_max(cursor, INT64_MAX));
        quorum->approvals = (uint32_t)cursor_uint_max(cursor, ENTRY_APPROVALS_MAX);
    }
}

static uint32_t read_between(struct cursor *cursor, uint32_t least, uint32_t most)
{
    uint32_t value = (uint32_t)cursor_uint_max(cursor, most);
    if (value < least) {
        cursor_fail(cursor);
    }
    return value;
}

enum err_code terms_policy_read(struct cursor *cursor, struct policy *out, struct err *err)
{
    struct terms_reader reader = terms_reader_inside(cursor);
    uint64_t key;
    enum err_code code = OK;
    policy_default(out);
    while (code == OK && terms_next(&reader, &key)) {
        switch (key) {
        case 0:
            out->overdraft = cursor_bool(&reader.cursor);
            break;
        case 1: /* no tag in here */
            out->min_lines = read_between(&reader.cursor, 1, BODY_LINES_MAX);
            break;
        case 2:
            out->member_money =
                read_between(&reader.cursor, MEMBER_MONEY_RETURNABLE, MEMBER_MONEY_CONTRIBUTION);
            break;
        case 4:
            read_quorums(&reader.cursor, out);
            break;
        case 6:
            out->fiscal_month = read_between(&reader.cursor, 1, 12);
            break;
        case 9:
            out->transit_days = read_between(&reader.cursor, 0, 3660);
            break;
        default:
            code = terms_other(&reader, key, err);
        }
    }
    if (code == OK) {
        code = terms_end(&reader, "policy", err);
    }
    *cursor = reader.cursor;
    return code;
}

void terms_policy_pack(struct buffer *out, const struct policy *policy)
{
    pack_map(out, 6);
    pack_uint(out, 0);
    pack_bool(out, policy->overdraft);
    pack_uint(out, 1);
    pack_uint(out, policy->min_lines);
    pack_uint(out, 2);
    pack_uint(out, policy->member_money);
    pack_uint(out, 4);
    pack_array(out, policy->quorum_count);
    for (unsigned i = 0; i < policy->quorum_count; i++) {
        pack_array(out, 3);
        pack_uint(out, policy->quorums[i].kind);
        pack_int(out, amount_satang(policy->quorums[i].from));
        pack_uint(out, policy->quorums[i].approvals);
    }
    pack_uint(out, 6);
    pack_uint(out, policy->fiscal_month);
    pack_uint(out, 9);
    pack_uint(out, policy->transit_days);
}
