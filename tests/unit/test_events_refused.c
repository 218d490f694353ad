/* Events, what is refused: rows of input, with the code and the words that help; posts of an entry
 * that no row could have given; and, over pseudo-random rows, that the derivation and the public
 * check agree. */
#include "tests/lib/cmocka.h"

#include <string.h>

#include "proto/accounts.h"
#include "proto/events.h"
#include "tests/lib/posting_text.h"
#include "tests/lib/prng.h"

static struct entry entry; /* large */

static const struct {
    const char *command;
    enum err_code code;
    const char *words; /* in the message */
} refused[] = {
    /* members */
    {"deposit --amount 5.00", E_MEMBER, "member"},
    {"donation --account 4315 --amount 5.00 --member 42", E_MEMBER, "42"},
    {"repay --amount 5.00", E_MEMBER, "member"},
    {"deposit --amount 5.00 --member 2147483648", E_MEMBER, "2147483647"},
    /* accounts */
    {"deposit --member 42 --amount 5.00 --account 2130", E_ACCOUNT, "2110 or 2120"},
    {"deposit --member 42 --amount 5.00 --pay 2110", E_ACCOUNT, "1110 or 1120"},
    {"deposit --member 42 --amount 5.00 --pay 1360", E_ACCOUNT, "1110 or 1120"},
    {"contribute --member 42 --amount 5.00 --account 4311", E_ACCOUNT, "takes no account"},
    {"provision --amount 5.00 --pay bank", E_ACCOUNT, "takes no pay"},
    {"donation --amount 5.00", E_ACCOUNT, "4312, 4313, 4314 or 4315"},
    {"donation --amount 5.00 --account 4311", E_ACCOUNT, "4312"},
    {"donation --amount 5.00 --account 4316", E_ACCOUNT, "4312"},
    {"grant-release --amount 5.00 --fund 7", E_ACCOUNT, "4313"},
    {"bank-interest --amount 5.00 --pay 1110", E_ACCOUNT, "1120"},
    {"payroll-remit --member 42 --amount 5.00 --pay 1110", E_ACCOUNT, "1120"},
    {"transfer --amount 5.00 --account 1110", E_ACCOUNT, "changes nothing"},
    {"transfer --amount 5.00 --account 1120 --pay bank", E_ACCOUNT, "journal"},
    {"transfer --amount 5.00 --account 2110", E_ACCOUNT, "1120 or 1110"},
    {"opening --amount 5.00", E_ACCOUNT, "chart"},
    {"opening --amount 5.00 --account 3900", E_ACCOUNT, "3900"},
    {"opening --amount 5.00 --account 1310", E_ACCOUNT, "1310"},
    {"opening --amount 5.00 --account 1190", E_ACCOUNT, "1190"},
    {"opening --amount 5.00 --account 1111", E_ACCOUNT, "1111"},
    {"opening --amount 5.00 --account 2110 --pay 1110", E_ACCOUNT, "takes no pay"},
    {"journal --amount 5.00", E_ACCOUNT, "chart"},
    {"journal --amount 5.00 --account 1330", E_ACCOUNT, "1330"},
    /* amounts */
    {"deposit --member 42", E_AMOUNT, "0"},
    {"deposit --member 42 --amount -5.00", E_AMOUNT, "-5.00"},
    {"withdraw --member 42 --amount -5.00", E_AMOUNT, "reverse"},
    {"journal --account 1110", E_AMOUNT, "0"},
    {"provision --amount 0.00", E_AMOUNT, "0"},
    {"opening --account 2110 --amount -5.00", E_AMOUNT, "-5.00"},
    {"opening --account 1110 --amount -5.00", E_AMOUNT, "-5.00"},
    {"dispose --amount -5.00 --cost 5.00", E_AMOUNT, "-5.00"},
    {"rounding --member 42 --amount 1.00", E_AMOUNT, "under 1.00"},
    {"rounding --member 42 --amount -1.00", E_AMOUNT, "under 1.00"},
    {"restricted --amount 500,000.01", E_AMOUNT, "500,000.00"},
    {"repay --member 42 --amount 100.00 --interest 60.00 --penalty 40.01", E_AMOUNT, "-0.01"},
    {"disburse --member 42 --amount 100.00 --penalty 100.01", E_AMOUNT, "-0.01"},
    {"refinance --member 42 --amount 100.00 --face 99.99", E_AMOUNT, "2910"},
    {"wages --amount 100.00 --face 99.99", E_AMOUNT, "2410"},
    {"home-sale --member 42 --amount 100.00 --face 100.01 --cost 90.00", E_AMOUNT, "1110"},
    {"write-off --member 42 --amount 100.00 --cost 100.01", E_AMOUNT, "5410"},
    {"repay-outside --amount 100.00 --interest 100.01", E_AMOUNT, "2210"},
    {"repay --member 42 --amount 100.00 --interest -1.00", E_AMOUNT, "interest"},
    {"dispose --amount 10,000,000,000,000.00 --face 10,000,000,000,000.00 --cost 1.00", E_AMOUNT,
     "4190"},
    /* fields that are missing or not taken */
    {"home-sale --member 42 --amount 100.00", E_EVENT, "cost"},
    {"dispose --amount 100.00", E_EVENT, "cost"},
    {"grant --amount 100.00", E_EVENT, "fund"},
    {"grant-return --amount 100.00", E_EVENT, "fund"},
    {"deposit --member 42 --amount 5.00 --interest 1.00", E_EVENT, "interest"},
    {"sale --amount 5.00 --face 1.00", E_EVENT, "face"},
    {"payroll-remit --member 42 --amount 5.00 --interest 1.00", E_EVENT, "1210"},
    {"opening --account 2110 --amount 5.00 --cost 1.00", E_EVENT, "cost"},
    {"journal --account 2110 --amount 5.00 --penalty 1.00", E_EVENT, "penalty"},
    /* rounds */
    {"deposit --member 42 --amount 5.00 --round 2544", E_ROUND, "2544"},
    {"state-capital --amount 1,000,000.00", E_ROUND, "2544, 2552 or 2555"},
    {"state-capital --amount 1,000,000.00 --round 2545", E_ROUND, "2545"},
    {"state-capital --amount 999,999.99 --round 2544", E_ROUND, "1,000,000.00"},
    {"state-capital --amount 1,000,000.01 --round 2555", E_ROUND, "1,000,000.00"},
    {"state-capital --amount 100,000.00 --round 2546", E_ROUND, "grade A"},
    {"state-capital --amount 199,999.99 --round 2552", E_ROUND, "200,000.00 to 600,000.00"},
    {"state-capital --amount 600,000.01 --round 2552", E_ROUND, "600,000.01"},
};

static void test_rows_are_refused_with_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct posting posting;
        struct body_line legs[POSTING_LEGS_MAX];
        struct err err = {.code = OK};
        unsigned count = 77;
        posting_parse(refused[i].command, &posting);
        enum err_code code = event_derive(&posting, 0, legs, &count, &err);
        if (code != refused[i].code || strstr(err.text, refused[i].words) == NULL) {
            fail_msg("%s: %s: %s", refused[i].command, err_name((unsigned)code), err.text);
        }
        assert_int_equal(count, 77);
        assert_null(strchr(err.text, '\n'));
        assert_int_equal(event_derive(&posting, 0, legs, &count, NULL), code);
    }
}

static void test_odd_postings_are_refused(void **state)
{
    (void)state;
    struct body_line legs[POSTING_LEGS_MAX];
    unsigned count = 0;
    static const uint32_t numbers[] = {0, 47, 256 + 2, UINT32_MAX};
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct posting posting = {.event = numbers[i], .amount = amount_of(5), .member = 1};
        assert_int_equal(event_derive(&posting, 0, legs, &count, NULL), E_EVENT);
    }
    struct posting posting = {.event = 2, .member = 42, .amount = amount_of(AMOUNT_MAX_SATANG)};
    assert_int_equal(event_derive(&posting, 0, legs, &count, NULL), OK);
    posting.amount = amount_of(AMOUNT_MAX_SATANG + 1);
    assert_int_equal(event_derive(&posting, 0, legs, &count, NULL), E_AMOUNT);
    posting.amount = amount_of(INT64_MIN);
    assert_int_equal(event_derive(&posting, 0, legs, &count, NULL), E_AMOUNT);

    static uint8_t text[MEMO_MAX_BYTES + 1];
    memset(text, 'x', sizeof text);
    posting.amount = amount_of(5);
    posting.memo = bytes_of(text, MEMO_MAX_BYTES);
    posting.operation = bytes_of(text, OPERATION_ID_MAX_BYTES);
    assert_int_equal(event_derive(&posting, 0, legs, &count, NULL), OK);
    posting.operation.len++;
    assert_int_equal(event_derive(&posting, 0, legs, &count, NULL), E_LIMIT);
    posting.operation.len = 1;
    posting.memo.len++;
    assert_int_equal(event_derive(&posting, 0, legs, &count, NULL), E_LIMIT);
    text[0] = 0xff;
    posting.memo.len = 1;
    assert_int_equal(event_derive(&posting, 0, legs, &count, NULL), E_ENCODING);
}

/* --- the public check --- */

/* "1110 500, 2110 -500" on fresh posts; returns the verdict. */
struct check {
    struct post_terms terms;
    struct {
        uint16_t account;
        int64_t figure;
    } posts[5];
    enum err_code code;
};

static const struct check checks[] = {
    {{.event = 2}, {{1110, 500}, {2110, -500}}, OK},
    {{.event = 2}, {{1110, 300}, {1120, 200}, {2110, -100}, {2120, -400}}, OK},
    {{.event = 2}, {{0, 0}}, E_EVENT},                       /* moves nothing */
    {{.event = 0}, {{1110, 500}, {2110, -500}}, E_EVENT},    /* no such event */
    {{.event = 47}, {{1110, 500}, {2110, -500}}, E_EVENT},   /* nor this */
    {{.event = 2}, {{1110, -500}, {2110, 500}}, E_ACCOUNT},  /* wrong sides */
    {{.event = 2}, {{1110, 500}, {2130, -500}}, E_ACCOUNT},  /* wrong account */
    {{.event = 2}, {{1111, 500}, {2110, -500}}, E_ACCOUNT},  /* none of the chart */
    {{.event = 46}, {{1310, 500}, {2110, -500}}, E_ACCOUNT}, /* between groups */
    {{.event = 46}, {{1190, 500}, {2110, -500}}, E_ACCOUNT}, /* reports only */
    {{.event = 1}, {{1310, 500}, {3900, -500}}, E_ACCOUNT},  /* between groups */
    {{.event = 46}, {{1110, 500}, {1110, -500}}, OK},        /* any own account */
    {{.event = 46, .reversed = true}, {{1110, 5}, {2110, -5}}, E_EVENT},
    {{.event = 2, .reversed = true}, {{1110, -5}, {2110, 5}}, E_EVENT},
    {{.event = 15}, {{5410, 5}, {1290, -5}}, OK},
    {{.event = 15, .reversed = true}, {{5410, -5}, {1290, 5}}, OK},
    {{.event = 15}, {{5410, -5}, {1290, 5}}, E_ACCOUNT},
    {{.event = 15, .reversed = true}, {{5410, 5}, {1290, -5}}, E_ACCOUNT},
    {{.event = 44}, {{5910, 99}, {2110, -50}, {2120, -49}}, OK},
    {{.event = 44, .reversed = true}, {{5910, -99}, {2110, 99}}, OK},
    {{.event = 44}, {{5910, 99 * 32768}, {2110, -99 * 32768}}, OK},
    {{.event = 44}, {{5910, 99 * 32768 + 1}, {2110, -99 * 32768 - 1}}, E_AMOUNT},
    {{.event = 44, .reversed = true}, {{5910, -99 * 32768 - 1}, {2110, 99 * 32768 + 1}}, E_AMOUNT},
    {{.event = 1}, {{1110, 700}, {2110, -500}, {3900, 500}, {3900, -700}}, OK},
    {{.event = 1}, {{1110, -700}, {3900, 700}}, E_ACCOUNT},
    {{.event = 1}, {{2110, 700}, {3900, -700}}, E_ACCOUNT},
    {{.event = 1}, {{3310, 700}, {1290, 50}, {1590, -50}, {3900, -700}}, OK},
    {{.event = 1}, {{4110, -700}, {5240, 600}, {3900, 100}}, OK},
    {{.event = 1, .reported_count = 1, .reported = {2110}}, {{0, 0}}, OK},
    {{.event = 1, .reported_count = 1, .reported = {2310}}, {{0, 0}}, E_ACCOUNT},
    {{.event = 1, .reported_count = 1, .reported = {2111}}, {{0, 0}}, E_ACCOUNT},
    {{.event = 2, .reported_count = 1, .reported = {2110}}, {{1110, 5}, {2110, -5}}, E_EVENT},
    {{.event = 19}, {{1110, 900}, {4210, -900}}, OK},
    {{.event = 19}, {{1110, 900}, {5210, 400}, {4210, -900}, {1410, -400}}, OK},
    {{.event = 19}, {{5210, 400}, {4210, -400}}, E_UNBALANCED},
    {{.event = 19}, {{1110, 400}, {1410, -400}}, E_UNBALANCED},
    {{.event = 28, .grant = 7}, {{1120, 900}, {3230, -900}}, OK},
    {{.event = 28}, {{1120, 900}, {3230, -900}}, E_EVENT},
    {{.event = 35, .grant = 7}, {{5240, 900}, {1110, -900}}, E_EVENT},
    {{.event = 29}, {{1120, 50000000}, {3230, -50000000}}, OK},
    {{.event = 29, .grant = 59}, {{1120, 50000000}, {3230, -50000000}}, OK},
    {{.event = 29}, {{1120, 50000001}, {3230, -50000001}}, E_AMOUNT},
    {{.event = 32, .round = 2544}, {{1120, 100000000}, {3110, -100000000}}, OK},
    {{.event = 32, .round = 2544}, {{1120, 99999999}, {3110, -99999999}}, E_ROUND},
    {{.event = 32, .round = 2546}, {{1120, 10000000}, {3110, -10000000}}, E_ROUND},
    {{.event = 32, .round = 2552}, {{1110, 20000000}, {3110, -20000000}}, OK},
    {{.event = 32, .round = 2552}, {{1110, 30000000}, {1120, 30000000}, {3110, -60000000}}, OK},
    {{.event = 32, .round = 2552}, {{1110, 60000001}, {3110, -60000001}}, E_ROUND},
    {{.event = 32, .round = 2555}, {{1120, 100000000}, {3110, -100000000}}, OK},
    {{.event = 32}, {{1120, 100000000}, {3110, -100000000}}, E_ROUND},
    {{.event = 2, .round = 2544}, {{1110, 500}, {2110, -500}}, E_ROUND},
};

static void test_public_check(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        struct err err = {.code = OK, .text = ""};
        entry.post_count = 0;
        for (unsigned j = 0; j < 5 && checks[i].posts[j].account != 0; j++) {
            struct post *post = &entry.posts[entry.post_count++];
            memset(post, 0, sizeof *post);
            post->account = checks[i].posts[j].account;
            post->amount = amount_of(checks[i].posts[j].figure);
        }
        enum err_code code = event_check(&checks[i].terms, &entry, &err);
        if (code != checks[i].code) {
            fail_msg("row %u: %s, not %s: %s", i, err_name((unsigned)code),
                     err_name((unsigned)checks[i].code), err.text);
        }
        assert_int_equal(event_check(&checks[i].terms, &entry, NULL), code);
    }
}

static void test_counterparty_is_refused(void **state)
{
    (void)state;
    struct post_terms terms = {.event = 2};
    struct posting posting;
    struct body_line legs[POSTING_LEGS_MAX];
    unsigned count = 0;
    posting_parse("deposit --member 42 --amount 5.00", &posting);
    assert_int_equal(event_derive(&posting, 0, legs, &count, NULL), OK);
    entry.post_count = 0;
    entry_add_legs(&entry, legs, count);
    assert_int_equal(event_check(&terms, &entry, NULL), OK);
    entry.posts[1].has_counterparty = true;
    assert_int_equal(event_check(&terms, &entry, NULL), E_CP);
}

static void test_sums_that_overflow_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t event, round;
        uint16_t account;
    } summed[] = {{19, 0, 1410}, {29, 0, 3230}, {32, 2552, 3110}};
    for (unsigned i = 0; i < sizeof summed / sizeof summed[0]; i++) {
        struct post_terms terms = {.event = summed[i].event, .round = summed[i].round};
        memset(entry.posts, 0, 2 * sizeof entry.posts[0]);
        entry.post_count = 2;
        for (unsigned j = 0; j < 2; j++) {
            entry.posts[j].account = summed[i].account;
            entry.posts[j].amount = amount_of(INT64_MIN);
        }
        assert_int_equal(event_check(&terms, &entry, NULL), E_OVERFLOW);
    }
}

/* --- derivation and public check agree --- */

/* An account that the chart has, mostly one that events ask for. */
static uint16_t random_account(struct prng *prng)
{
    static const uint16_t common[] = {1110, 1120, 1120, 2110, 2120, 1360, 2410, 1210,
                                      1230, 1410, 1510, 4311, 4312, 4315, 3310, 5240};
    uint64_t pick = prng_below(prng, 24);
    if (pick < 16) {
        return common[pick];
    }
    return account_at((unsigned)prng_below(prng, account_count()))->code;
}

static uint32_t sometimes(struct prng *prng, uint64_t bound)
{
    return prng_below(prng, 3) == 0 ? (uint32_t)prng_below(prng, bound) + 1 : 0;
}

static struct amount random_part(struct prng *prng)
{
    return amount_of(prng_below(prng, 8) == 0 ? (int64_t)prng_below(prng, 40000) : 0);
}

static void random_posting(struct prng *prng, struct posting *posting)
{
    memset(posting, 0, sizeof *posting);
    posting->event = (uint32_t)prng_below(prng, EVENT_COUNT) + 1;
    const struct event_row *row = event_find(posting->event);
    posting->amount = amount_of((int64_t)prng_below(prng, 60000) + 1);
    if (posting->event == EVENT_ROUNDING) {
        posting->amount = amount_of((int64_t)prng_below(prng, 105) + 1);
    } else if (posting->event == EVENT_STATE_CAPITAL) {
        posting->round = 2544 + (uint32_t)prng_below(prng, 12);
        posting->amount = amount_of(prng_below(prng, 2) == 0 ? 100000000 : 25000000);
    }
    if (prng_below(prng, row->either_way ? 2 : 12) == 0) {
        assert_true(amount_negate(posting->amount, &posting->amount));
    }
    if (row->member == MEMBER_YES || prng_below(prng, 8) == 0) {
        posting->member = (uint32_t)prng_below(prng, 9) + 1;
    }
    posting->account = prng_below(prng, 3) == 0 ? random_account(prng) : 0;
    posting->pay = prng_below(prng, 5) == 0 ? random_account(prng) : 0;
    posting->party = sometimes(prng, 9);
    posting->sub = sometimes(prng, 99);
    posting->unit = sometimes(prng, 9);
    posting->fund = prng_below(prng, 2) == 0 ? (uint32_t)prng_below(prng, 3) + 1 : 0;
    posting->face = random_part(prng);
    posting->cost = random_part(prng);
    posting->interest = random_part(prng);
    posting->penalty = random_part(prng);
}

static void assert_legs_are_sound(const struct posting *posting, const struct body_line *legs,
                                  unsigned count)
{
    struct amount sum = amount_of(0);
    bool member = posting->member == 0, party = posting->party == 0, sub = posting->sub == 0;
    assert_true(count >= 1 && count <= POSTING_LEGS_MAX);
    for (unsigned i = 0; i < count; i++) {
        assert_true(amount_is_postable(legs[i].amount));
        assert_true(amount_add(sum, legs[i].amount, &sum));
        assert_true(account_is_own(legs[i].account));
        assert_true(legs[i].unit == posting->unit && legs[i].fund == posting->fund);
        member = member || legs[i].member == posting->member;
        party = party || legs[i].party == posting->party;
        sub = sub || legs[i].sub == posting->sub;
    }
    assert_true(posting->event == EVENT_JOURNAL || amount_sign(sum) == 0);
    assert_true(member && party && sub); /* nothing that was typed is lost */
}

enum { RANDOM_ROWS = 60000 };

static void check_sum(const struct posting *posting, const struct entry *sum)
{
    struct post_terms terms;
    struct err err = {.code = OK, .text = ""};
    event_terms(posting, &terms);
    if (event_check(&terms, sum, &err) != OK) {
        fail_msg("event %u: %s: %s", (unsigned)posting->event, err_name(err.code), err.text);
    }
}

static void test_what_is_derived_passes_the_check(void **state)
{
    (void)state;
    struct prng prng;
    struct posting posting, first;
    unsigned derived = 0, joined = 0, of_event[EVENT_COUNT + 1] = {0};
    prng_init(&prng, 20260101); /* a failure is the same in every run */
    for (unsigned i = 0; i < RANDOM_ROWS; i++) {
        struct body_line legs[POSTING_LEGS_MAX];
        unsigned count = 0;
        struct err err = {.code = OK, .text = ""};
        random_posting(&prng, &posting);
        enum err_code code = event_derive(&posting, i, legs, &count, &err);
        if (code != OK) {
            assert_true(err.code == code && err.text[0] != '\0' && count == 0);
            continue;
        }
        derived++;
        of_event[posting.event]++;
        assert_legs_are_sound(&posting, legs, count);
        entry.post_count = 0;
        entry_add_legs(&entry, legs, count);
        check_sum(&posting, &entry);
        /* and any number of rows that may share an entry */
        first = posting;
        for (unsigned row = 0; row < 30; row++) {
            random_posting(&prng, &posting);
            posting.event = first.event;
            if (event_share_entry(&first, &posting) &&
                event_derive(&posting, row, legs, &count, NULL) == OK) {
                entry_add_legs(&entry, legs, count);
                joined++;
            }
        }
        check_sum(&first, &entry);
    }
    assert_true(derived > 10000 && joined > 10000);
    for (unsigned number = 1; number <= EVENT_COUNT; number++) {
        assert_true(of_event[number] > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_refused_with_words),
        cmocka_unit_test(test_odd_postings_are_refused),
        cmocka_unit_test(test_public_check),
        cmocka_unit_test(test_counterparty_is_refused),
        cmocka_unit_test(test_sums_that_overflow_are_refused),
        cmocka_unit_test(test_what_is_derived_passes_the_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
