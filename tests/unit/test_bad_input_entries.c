/* Entries that no rule allows, under a good signature, given to a store by a peer: each is kept at
 * its place, changes nothing, and is named with its code; the ledger goes on. Only what is newer
 * than this program, or no entry at all by its size, stops the evaluation of that one ledger. */
#include "tests/lib/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "proto/events.h"
#include "store/report.h"
#include "tests/lib/verdict.h"
#include "tests/lib/world.h"

enum { DEPOSIT = 2, WITHDRAW = 3 };

static struct world world;

static int set_up(void **state)
{
    (void)state;
    world_new(&world);
    assert_int_equal(feed(&world.receiver, &world.network, world.network.count), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(&world);
    return 0;
}

struct found {
    uint64_t index;
    enum err_code code;
    uint64_t count;
};

static enum err_code look_for(void *context, uint64_t index, enum err_code code)
{
    struct found *found = context;
    found->count++;
    if (index == found->index) {
        found->code = code;
    }
    return OK;
}

/* The store's verdict on one entry of a ledger; OK where none is recorded. */
static enum err_code verdict_of(const struct maker *maker, uint64_t index)
{
    struct found found = {.index = index, .code = OK};
    assert_int_equal(store_verdicts(world.receiver.store, &maker->id, maker->count, look_for,
                                    &found),
                     OK);
    return found.code;
}

/* What the store has folded is, byte for byte, what the maker has. */
static void assert_same_books(const struct maker *maker)
{
    const struct ledger_state *held;
    struct buffer here;
    struct buffer there;
    buffer_init(&here, 0);
    buffer_init(&there, 0);
    assert_int_equal(store_ledger_state(world.receiver.store, &maker->id, &held), OK);
    ledger_state_pack(&here, held);
    ledger_state_pack(&there, &maker->state);
    assert_true(bytes_equal(buffer_view(&here), buffer_view(&there)));
    buffer_free(&here);
    buffer_free(&there);
}

/* The draft's verdict at its maker and, after the ledger went to the store, there; and that the
 * next good entry counts. */
static void refused(struct maker *maker, enum err_code expected)
{
    uint64_t index = maker->count;
    append_expecting(maker, expected);
    assert_int_equal(maker_post(maker, DEPOSIT, 1110, 2110, 100), OK);
    enum err_code code = feed(&world.receiver, maker, maker->count);
    if (code != OK) {
        fail_msg("%s: %s", err_name(code), world.receiver.err.text);
    }
    assert_int_equal(verdict_of(maker, index), expected);
    assert_int_equal(verdict_of(maker, index + 1), OK);
    assert_same_books(maker);
}

/* --- posts --- */

static void begin_two_lines(struct maker *maker, uint16_t debit, uint16_t credit, int64_t satang)
{
    begin_post(maker, DEPOSIT);
    maker_line(maker, debit, satang);
    maker_line(maker, credit, -satang);
}

static void unbalanced_posts(void **state)
{
    (void)state;
    begin_post(&world.hostile, DEPOSIT);
    maker_line(&world.hostile, 1110, 500000);
    maker_line(&world.hostile, 2110, -499999);
    refused(&world.hostile, E_UNBALANCED);
}

static void unknown_account(void **state)
{
    (void)state;
    begin_two_lines(&world.hostile, 1110, 2111, 100);
    refused(&world.hostile, E_ACCOUNT);
    begin_two_lines(&world.hostile, 1190, 2110, 100); /* a line of reports only */
    refused(&world.hostile, E_ACCOUNT);
}

static void negative_balance(void **state)
{
    (void)state;
    begin_post(&world.hostile, WITHDRAW);
    maker_line(&world.hostile, 2110, 99999999);
    maker_line(&world.hostile, 1110, -99999999);
    refused(&world.hostile, E_NEGATIVE);
}

static void future_date(void **state)
{
    (void)state;
    begin_two_lines(&world.hostile, 1110, 2110, 100);
    world.hostile.draft->date += 2;
    refused(&world.hostile, E_DATE);
    begin_two_lines(&world.hostile, 1110, 2110, 100);
    world.hostile.draft->date = INT32_MAX;
    refused(&world.hostile, E_DATE);
}

static void forbidden_counterparty(void **state)
{
    (void)state;
    begin_two_lines(&world.hostile, 1110, 2110, 100);
    world.hostile.draft->posts[0].has_counterparty = true;
    world.hostile.draft->posts[0].counterparty = world.savings.id;
    refused(&world.hostile, E_CP);
    begin_two_lines(&world.hostile, 1110, 2310, 100); /* between groups: with whom? */
    refused(&world.hostile, E_CP);
}

/* --- approvals --- */

static void approval_copied_from_another_entry(void **state)
{
    (void)state;
    struct maker *maker = &world.hostile;
    maker_begin(maker, KIND_NOTE);
    maker_topic(maker, "first");
    maker_approve(maker, 2);
    struct approval copied = maker->draft->approvals[0];
    append_expecting(maker, OK);
    maker_begin(maker, KIND_NOTE);
    maker_topic(maker, "second");
    maker->draft->approvals[0] = copied;
    maker->draft->approval_count = 1;
    refused(maker, E_QUORUM);
}

/* The same nine fields and the same officer's key, approved for another group. */
static void approval_copied_from_another_group(void **state)
{
    (void)state;
    struct maker *maker = &world.hostile;
    struct maker *other = &world.savings;
    maker_begin(other, KIND_NOTE);
    maker_topic(other, "shared");
    maker_approve_by(other, 2, &maker->officers[1]);
    maker_begin(maker, KIND_NOTE);
    maker->draft->time_ms = other->draft->time_ms;
    maker_topic(maker, "shared");
    maker->draft->approvals[0] = other->draft->approvals[0];
    maker->draft->approval_count = 1;
    refused(maker, E_QUORUM);
}

static void the_same_nine_fields_twice(void **state)
{
    (void)state;
    struct maker *maker = &world.hostile;
    struct buffer leaf;
    buffer_init(&leaf, 0);
    maker_begin(maker, KIND_NOTE);
    maker_topic(maker, "once");
    maker_approve(maker, 2);
    struct bytes encoded = maker_leaf(maker);
    buffer_append(&leaf, encoded.data, encoded.len);
    append_expecting(maker, OK);
    assert_int_equal(maker_append_leaf(maker, buffer_view(&leaf)), E_DUP);
    assert_int_equal(feed(&world.receiver, maker, maker->count), OK);
    assert_int_equal(verdict_of(maker, maker->count - 1), E_DUP);
    assert_same_books(maker);
    buffer_free(&leaf);
}

/* --- leaves --- */

static void append_raw(struct maker *maker, const char *leaf, size_t len, enum err_code expected)
{
    assert_int_equal(maker_append_leaf(maker, bytes_of(leaf, len)), expected);
}

static void leaves_that_are_no_messagepack(void **state)
{
    (void)state;
    struct maker *maker = &world.hostile;
    uint64_t first = maker->count;
    append_raw(maker, "\xc1", 1, E_ENCODING);
    append_raw(maker, "hello", 5, E_ENCODING);
    append_raw(maker, "\x9a\x01\x0a", 3, E_ENCODING);         /* ends in the middle */
    append_raw(maker, "\xcd\x00\x01", 3, E_ENCODING);         /* not the shortest form */
    append_raw(maker, "\xdf\xff\xff\xff\xff", 5, E_ENCODING); /* a map of four billion */
    assert_int_equal(maker_post(maker, DEPOSIT, 1110, 2110, 100), OK);
    assert_int_equal(feed(&world.receiver, maker, maker->count), OK);
    for (uint64_t i = 0; i < 5; i++) {
        assert_int_equal(verdict_of(maker, first + i), E_ENCODING);
    }
    assert_same_books(maker);
}

/* Evaluation of this ledger stops; its entries go on being kept, others go on counting. */
static void assert_stopped(struct maker *maker, enum ledger_status status, uint64_t at,
                           enum err_code code)
{
    const struct ledger_state *held;
    struct ledger_view view;
    assert_int_equal(feed(&world.receiver, maker, maker->count), OK);
    assert_int_equal(store_ledger_find(world.receiver.store, &maker->id, &view), OK);
    assert_int_equal(view.size, maker->count);
    assert_int_equal(store_ledger_state(world.receiver.store, &maker->id, &held), OK);
    assert_int_equal(held->status, status);
    assert_int_equal(held->stopped_at, at);
    assert_int_equal(held->stopped_code, code);
    assert_same_books(maker);
    assert_int_equal(feed(&world.receiver, &world.fund, world.fund.count), OK);
    assert_same_books(&world.fund);
}

static void an_unknown_critical_kind(void **state)
{
    (void)state;
    struct maker *maker = &world.hostile;
    uint64_t index = maker->count;
    struct amount before = maker->state.own[account_row(1110)].debit;
    maker_begin(maker, KIND_NOTE)->kind = 1000;
    append_expecting(maker, E_NEEDS_UPGRADE);
    (void)maker_post(maker, DEPOSIT, 1110, 2110, 100);
    assert_stopped(maker, LEDGER_NEEDS_UPGRADE, index, E_NEEDS_UPGRADE);
    assert_true(amount_equal(before, maker->state.own[account_row(1110)].debit));
}

static void an_unknown_optional_kind(void **state)
{
    (void)state;
    struct maker *maker = &world.hostile;
    maker_begin(maker, KIND_NOTE)->kind = 1001;
    append_expecting(maker, OK);
    assert_int_equal(feed(&world.receiver, maker, maker->count), OK);
    assert_same_books(maker);
}

static void a_leaf_that_is_too_large(void **state)
{
    (void)state;
    struct maker *maker = &world.hostile;
    uint64_t index = maker->count;
    char *leaf = calloc(1, ENTRY_MAX_BYTES + 1);
    assert_non_null(leaf);
    append_raw(maker, leaf, ENTRY_MAX_BYTES + 1, E_LEAF);
    assert_stopped(maker, LEDGER_HALTED, index, E_LEAF);
    free(leaf);
}

static void an_empty_leaf(void **state)
{
    (void)state;
    uint64_t index = world.hostile.count;
    append_raw(&world.hostile, "", 0, E_LEAF);
    assert_stopped(&world.hostile, LEDGER_HALTED, index, E_LEAF);
}

/* What a rebuild folds again is the same, verdicts included. */
static void verdicts_outlive_a_rebuild(void **state)
{
    (void)state;
    struct found before = {.index = 0};
    struct found after = {.index = 0};
    struct home *home = &world.receiver;
    assert_int_equal(feed(home, &world.hostile, world.hostile.count), OK);
    assert_int_equal(store_verdicts(home->store, &world.hostile.id, UINT64_MAX, look_for, &before),
                     OK);
    assert_int_equal(store_rebuild(home->store, NULL, &home->err), OK);
    assert_int_equal(store_verdicts(home->store, &world.hostile.id, UINT64_MAX, look_for, &after),
                     OK);
    assert_int_equal(before.count, 4);
    assert_int_equal(after.count, 4);
    assert_same_books(&world.hostile);
}

/* The audit of this node names each with its code, and counts what is valid. */
static void reports_name_them(void **state)
{
    (void)state;
    static const struct report_verdict wanted[] = {{3, E_UNBALANCED},
                                                   {4, E_ENCODING},
                                                   {6, E_NEGATIVE},
                                                   {7, E_ACCOUNT}};
    struct home *home = &world.receiver;
    struct cut cut = {.count = 0};
    struct report *report = calloc(1, sizeof *report);
    assert_non_null(report);
    assert_int_equal(feed(home, &world.hostile, world.hostile.count), OK);
    assert_int_equal(cut_of_heads(home->store, 20460, &cut, &home->err), OK);
    assert_int_equal(report_build(home->store, &cut, report, &home->err), OK);
    assert_int_equal(report->verdict_count, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < report->verdict_count; i++) {
        assert_int_equal(report->verdicts[i].index, wanted[i].index);
        assert_int_equal(report->verdicts[i].code, wanted[i].code);
    }
    int row = account_row(2110);
    assert_true(amount_equal(report->combined.rows[row].turnover.credit, amount_of(150000)));
    report_free(report);
    cut_free(&cut);
    free(report);
}

/* However many a group writes, the report stays small: all are counted, the first are named, and
 * what is invalid past those is still not listed as a journal. */
static void reports_name_the_first(void **state)
{
    (void)state;
    struct home *home = &world.receiver;
    struct cut cut = {.count = 0};
    struct report *report = calloc(1, sizeof *report);
    assert_non_null(report);
    for (unsigned i = 0; i < 3 * REPORT_LISTED_MAX; i++) {
        assert_int_equal(maker_append_leaf(&world.hostile, bytes_of_text("x")), E_ENCODING);
    }
    for (unsigned i = 0; i < 2; i++) {
        maker_begin(&world.hostile, KIND_POST);
        maker_event(&world.hostile, EVENT_JOURNAL);
        maker_line(&world.hostile, 1110, i == 0 ? 101 : 100);
        maker_line(&world.hostile, 2110, -100);
        (void)maker_append(&world.hostile);
    }
    assert_int_equal(feed(home, &world.hostile, world.hostile.count), OK);
    assert_int_equal(cut_of_heads(home->store, 20460, &cut, &home->err), OK);
    assert_int_equal(report_build(home->store, &cut, report, &home->err), OK);
    assert_int_equal(report->verdict_count, REPORT_LISTED_MAX);
    size_t number = 0;
    while (!hash_equal(&report->groups[number].item.group, &world.hostile.id)) {
        number++;
    }
    const struct report_group *group = &report->groups[number];
    assert_int_equal(group->invalid, 4 + 3 * REPORT_LISTED_MAX + 1);
    assert_int_equal(group->journals, group->listed_count);
    for (size_t i = 0; i < group->listed_count; i++) {
        assert_int_not_equal(report->listed[group->listed_first + i].index,
                             world.hostile.count - 2);
    }
    report_free(report);
    cut_free(&cut);
    free(report);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unbalanced_posts),
        TEST(unknown_account),
        TEST(negative_balance),
        TEST(future_date),
        TEST(forbidden_counterparty),
        TEST(approval_copied_from_another_entry),
        TEST(approval_copied_from_another_group),
        TEST(the_same_nine_fields_twice),
        TEST(leaves_that_are_no_messagepack),
        TEST(an_unknown_critical_kind),
        TEST(an_unknown_optional_kind),
        TEST(a_leaf_that_is_too_large),
        TEST(an_empty_leaf),
        TEST(verdicts_outlive_a_rebuild),
        TEST(reports_name_them),
        TEST(reports_name_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
