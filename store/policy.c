/* Reading a policy file: one row of the table for each key. */
#include "store/policy.h"

#include <string.h>

#include "proto/kinds.h"
#include "store/requests.h"

enum { LINES_MIN_MAX = 1000, TRANSIT_DAYS_MAX = 365 };

static struct bytes trimmed(struct bytes text)
{
    while (text.len > 0 && strchr(" \t\r", text.data[0])) {
        text = bytes_of(text.data + 1, text.len - 1);
    }
    while (text.len > 0 && strchr(" \t\r", text.data[text.len - 1])) {
        text.len--;
    }
    return text;
}

static struct bytes until(struct bytes *rest, char end)
{
    const uint8_t *at = rest->len > 0 ? memchr(rest->data, end, rest->len) : NULL;
    size_t len = at ? (size_t)(at - rest->data) : rest->len;
    struct bytes part = bytes_of(rest->data, len);
    size_t used = at ? len + 1 : len;
    *rest = bytes_of(rest->data + used, rest->len - used);
    return trimmed(part);
}

static bool is(struct bytes text, const char *word)
{
    return bytes_equal(text, bytes_of_text(word));
}

static bool read_overdraft(struct bytes value, struct policy *policy)
{
    policy->overdraft = is(value, "yes");
    return policy->overdraft || is(value, "no");
}

static bool read_min_lines(struct bytes value, struct policy *policy)
{
    return number_parse(value, LINES_MIN_MAX, &policy->min_lines) && policy->min_lines > 0;
}

static bool read_member_money(struct bytes value, struct policy *policy)
{
    policy->member_money =
        is(value, "contribution") ? MEMBER_MONEY_CONTRIBUTION : MEMBER_MONEY_RETURNABLE;
    return is(value, "contribution") || is(value, "returnable");
}

static bool read_fiscal_month(struct bytes value, struct policy *policy)
{
    return number_parse(value, 12, &policy->fiscal_month) && policy->fiscal_month > 0;
}

static bool read_transit_days(struct bytes value, struct policy *policy)
{
    return number_parse(value, TRANSIT_DAYS_MAX, &policy->transit_days) && policy->transit_days > 0;
}

/* KIND AMOUNT APPROVALS */
static bool read_quorum(struct bytes value, unsigned minor_digits, struct policy *policy)
{
    struct bytes kind_name = until(&value, ' ');
    value = trimmed(value);
    struct bytes amount = until(&value, ' ');
    struct policy_quorum quorum = {0};
    for (unsigned i = 0; i < kind_count(); i++) {
        if (is(kind_name, kind_at(i)->name)) {
            quorum.kind = kind_at(i)->kind;
        }
    }
    if (quorum.kind == 0 || policy->quorum_count >= POLICY_QUORUMS_MAX ||
        amount_parse(amount, minor_digits, &quorum.from, NULL) != OK ||
        amount_sign(quorum.from) < 0 ||
        !number_parse(trimmed(value), ENTRY_APPROVALS_MAX, &quorum.approvals)) {
        return false;
    }
    policy->quorums[policy->quorum_count++] = quorum;
    return true;
}

static const struct {
    const char *key;
    bool (*read)(struct bytes value, struct policy *policy);
    const char *expected;
} KEYS[] = {
    {"overdraft", read_overdraft, "yes or no"},
    {"min_lines", read_min_lines, "1 to 1000"},
    {"member_money", read_member_money, "returnable or contribution"},
    {"fiscal_month", read_fiscal_month, "1 to 12"},
    {"transit_days", read_transit_days, "1 to 365"},
};

static enum err_code read_line(struct bytes key, struct bytes value, unsigned minor_digits,
                               bool *quorums_seen, struct policy *policy, struct err *err)
{
    char quoted[QUOTE_MAX];
    if (is(key, "quorum")) {
        policy->quorum_count = *quorums_seen ? policy->quorum_count : 0;
        *quorums_seen = true;
        return read_quorum(value, minor_digits, policy)
                   ? OK
                   : err_set(err, E_USAGE,
                             "quorum = %s: expected KIND AMOUNT APPROVALS, as post 50,000.00 2 "
                             "(at most %d lines, %d approvals)",
                             bytes_quote(value, quoted), POLICY_QUORUMS_MAX, ENTRY_APPROVALS_MAX);
    }
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        if (is(key, KEYS[i].key)) {
            return KEYS[i].read(value, policy)
                       ? OK
                       : err_set(err, E_USAGE, "%s = %s: expected %s", KEYS[i].key,
                                 bytes_quote(value, quoted), KEYS[i].expected);
        }
    }
    return err_set(err, E_USAGE,
                   "there is no key %s; there are overdraft, min_lines, member_money, "
                   "fiscal_month, transit_days, quorum",
                   bytes_quote(key, quoted));
}

enum err_code policy_parse(struct bytes text, unsigned minor_digits, struct policy *policy,
                           struct err *err)
{
    struct policy result = *policy;
    bool quorums_seen = false;
    for (unsigned number = 1; text.len > 0; number++) {
        struct bytes value = until(&text, '\n');
        if (value.len == 0 || value.data[0] == '#') {
            continue;
        }
        struct bytes key = until(&value, '=');
        enum err_code code =
            read_line(key, trimmed(value), minor_digits, &quorums_seen, &result, err);
        if (code != OK) {
            return err_prefix(err, code, "line %u", number);
        }
    }
    *policy = result;
    return OK;
}
