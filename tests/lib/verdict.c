/* What tests of the rules expect of drafts. */
#include "tests/lib/verdict.h"

#include <string.h>

#include "tests/lib/cmocka.h"

void append_expecting(struct maker *maker, enum err_code expected)
{
    static struct ledger_state before;
    before = maker->state;
    enum err_code code = maker_append(maker);
    if (code != expected) {
        fail_msg("expected %s, got %s (%s)", err_name(expected), err_name(code), maker->err.text);
    }
    if (code == OK) {
        return;
    }
    assert_true(maker->err.text[0] != '\0');
    if (maker->state.status == LEDGER_OK) {
        before.size++;
        before.invalid++;
    } else {
        assert_int_equal(maker->state.stopped_code, code);
        assert_int_equal(maker->state.stopped_at, before.size);
        before.status = maker->state.status;
        before.stopped_at = maker->state.stopped_at;
        before.stopped_code = maker->state.stopped_code;
    }
    before.last_time_ms = maker->state.last_time_ms;
    assert_memory_equal(&before, &maker->state, sizeof before);
}

void begin_post(struct maker *maker, uint32_t event)
{
    maker_begin(maker, KIND_POST);
    maker_event(maker, event);
}

void begin_reverse(struct maker *maker, uint64_t index, uint16_t debit, uint16_t credit,
                   int64_t satang)
{
    maker_begin(maker, KIND_REVERSE);
    maker_cite(maker, index);
    maker_line(maker, debit, satang);
    maker_line(maker, credit, -satang);
}

void expect_balance(const struct maker *maker, uint16_t account, int64_t satang)
{
    struct amount balance = amount_of(0);
    int row = account_row(account);
    assert_true(row >= 0);
    assert_true(turnover_balance(&maker->state.own[row], &balance));
    assert_true(amount_equal(balance, amount_of(satang)));
}

struct profile change_of(unsigned fields)
{
    struct profile change;
    memset(&change, 0, sizeof change);
    policy_default(&change.policy);
    change.fields = fields;
    return change;
}

void amend_policy(struct maker *maker, const struct policy *policy)
{
    struct profile change = change_of(PROFILE_POLICY);
    change.policy = *policy;
    maker_amend(maker, &change);
    maker_approve(maker, 1);
    append_expecting(maker, OK);
}
