/* The audit report: what it counts, and that a cut gives the same bytes everywhere. */
#include "tests/lib/cmocka.h"

#include <string.h>

#include "store/places.h"
#include "store/report.h"
#include "tests/lib/three.h"

static struct three three;
static struct ask asked;
static struct buffer cut;

static int set_up(void **state)
{
    (void)state;
    three_new(&three);
    buffer_init(&cut, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_free(&cut);
    ask_end(&asked);
    three_remove(&three);
    return 0;
}

static void audit_cut(const struct home *home)
{
    ask_begin(&asked);
    ask_bin(&asked, "cut", buffer_view(&cut));
    enum err_code code = ask_run(&asked, home, "audit");
    if (code != OK) {
        fail_msg("%s: %s", err_name(code), asked.err.text);
    }
}

/* The row of an account; NULL when the trial balance has none. */
static const msgpack_object *row_of(const msgpack_object *trial, int64_t account)
{
    for (uint32_t i = 0; i < count_of(trial, "rows"); i++) {
        if (int_of(item_of(trial, "rows", i), "account") == account) {
            return item_of(trial, "rows", i);
        }
    }
    return NULL;
}

static void figures_add_up_and_unknown_is_not_zero(void **state)
{
    (void)state;
    assert_int_equal(ask_of(&asked, &three.network, "audit", "date", "2026-01-06"), OK);
    const msgpack_object *report = answer(&asked);
    assert_true(flag_of(report, "good"));
    const msgpack_object *coverage = field_of(report, "coverage");
    assert_int_equal(int_of(coverage, "expected"), 2);
    assert_int_equal(int_of(coverage, "held"), 2);
    assert_int_equal(int_of(coverage, "fresh"), 2);
    const msgpack_object *combined = field_of(report, "combined");
    assert_int_equal(int_of(combined, "difference"), 0);
    assert_int_equal(int_of(combined, "debit"), 1125230457);
    assert_int_equal(int_of(combined, "credit"), 1125230457);
    const msgpack_object *savings = row_of(combined, 2110);
    assert_int_equal(int_of(savings, "balance"), -1125230457);
    assert_int_equal(int_of(savings, "groups"), 1);
    assert_null(row_of(combined, 1110));
    assert_int_equal(int_of(field_of(report, "counts"), "members"), 1400);
    assert_int_equal(int_of(field_of(report, "counts"), "groups"), 2);
    assert_int_equal(int_of(field_of(report, "events"), "opening_incomplete"), 1);
    const msgpack_object *channel = item_of(report, "income", 0);
    assert_int_equal(int_of(channel, "account"), 2110);
    assert_int_equal(int_of(channel, "amount"), 1125230457);
    assert_int_equal(int_of(channel, "groups"), 1);
    assert_int_equal(int_of(channel, "of"), 2);
    assert_int_equal(count_of(report, "groups"), 3);
    assert_true(flag_of(item_of(report, "groups", 0), "network"));
    assert_false(flag_of(item_of(report, "groups", 1), "network"));
}

static void ages_count_to_the_as_of_date(void **state)
{
    (void)state;
    assert_int_equal(ask_of(&asked, &three.network, "audit", "date", "2026-02-09"), OK);
    assert_int_equal(int_of(field_of(answer(&asked), "coverage"), "fresh"), 2); /* 35 days */
    assert_int_equal(ask_of(&asked, &three.network, "audit", "date", "10/2/2569"), OK);
    assert_int_equal(int_of(field_of(answer(&asked), "coverage"), "fresh"), 0);
    assert_int_equal(int_of(item_of(answer(&asked), "groups", 1), "age_days"), 36);
}

static void one_cut_gives_the_same_bytes_everywhere(void **state)
{
    (void)state;
    struct buffer first;
    buffer_init(&first, 0);
    three_cut(&three, &three.second, "2026-01-06", &cut);
    audit_cut(&three.network);
    buffer_append(&first, asked.result.data, asked.result.len);
    audit_cut(&three.first);
    assert_true(bytes_equal(buffer_view(&first), buffer_view(&asked.result)));
    audit_cut(&three.second);
    assert_true(bytes_equal(buffer_view(&first), buffer_view(&asked.result)));

    /* Later entries, here and there, change nothing of it; nor does another clock. */
    three.first.now_ms += 86400000;
    assert_int_equal(ask_of(&asked, &three.first, "post", "event", "other-income", "amount", "500"),
                     OK);
    three_carry(&three);
    audit_cut(&three.first);
    assert_true(bytes_equal(buffer_view(&first), buffer_view(&asked.result)));
    audit_cut(&three.network);
    assert_true(bytes_equal(buffer_view(&first), buffer_view(&asked.result)));
    buffer_free(&first);
}

static void a_node_that_lacks_a_head_says_which(void **state)
{
    (void)state;
    char name[512];
    assert_int_equal(ask_of(&asked, &three.first, "note", "topic", "later"), OK);
    assert_int_equal(ask_of(&asked, &three.first, "id"), OK);
    text_of(answer(&asked), "name", name);
    three_cut(&three, &three.first, "2026-01-06", &cut);
    ask_begin(&asked);
    ask_bin(&asked, "cut", buffer_view(&cut));
    assert_int_equal(ask_run(&asked, &three.second, "audit"), E_NO_DATA);
    assert_non_null(strstr(asked.err.text, name));
    assert_non_null(strstr(asked.err.text, "4 entries are held here, the cut is over 5"));
    assert_int_equal(err_exit_status(E_NO_DATA), 3);
}

/* A change of the text that keeps it well formed; its signature then tells. */
static void change(const char *from, const char *to)
{
    uint8_t *at = memmem(cut.data, cut.len, from, strlen(from));
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
}

static void a_changed_cut_is_refused(void **state)
{
    (void)state;
    three_cut(&three, &three.first, "2026-01-06", &cut);
    change("2026-01-06", "2026-01-07");
    ask_begin(&asked);
    ask_bin(&asked, "cut", buffer_view(&cut));
    assert_int_equal(ask_run(&asked, &three.second, "audit"), E_SIGNATURE);

    three_cut(&three, &three.first, "2026-01-06", &cut);
    change("rules 1", "rules 2");
    ask_begin(&asked);
    ask_bin(&asked, "cut", buffer_view(&cut));
    enum err_code code = ask_run(&asked, &three.second, "audit");
    assert_int_not_equal(code, OK);
}

static void reversals_and_journals_are_counted(void **state)
{
    (void)state;
    static const char *const legs[] = {"1120=100", "4190=-100"};
    ask_begin(&asked);
    ask_text(&asked, "event", "journal");
    ask_texts(&asked, "lines", legs, 2);
    assert_int_equal(ask_run(&asked, &three.second, "post"), OK);
    int64_t entry = int_of(answer(&asked), "entry");
    ask_begin(&asked);
    ask_number(&asked, "entry", (uint64_t)entry);
    ask_officers(&asked, &three.second, 2, 2);
    enum err_code code = ask_run(&asked, &three.second, "reverse");
    if (code != OK) {
        fail_msg("%s: %s", err_name(code), asked.err.text);
    }
    three_carry(&three);
    assert_int_equal(ask_of(&asked, &three.network, "audit", "date", "2026-01-06"), OK);
    const msgpack_object *events = field_of(answer(&asked), "events");
    assert_int_equal(int_of(events, "journals"), 1);
    assert_int_equal(int_of(events, "reversals"), 1);
    const msgpack_object *group = NULL;
    for (uint32_t i = 0; i < count_of(answer(&asked), "groups"); i++) {
        const msgpack_object *row = item_of(answer(&asked), "groups", i);
        group = int_of(row, "journals") == 1 ? row : group;
    }
    assert_non_null(group);
    assert_int_equal(count_of(group, "journal_entries"), 1);
    assert_int_equal(item_of(group, "journal_entries", 0)->via.u64, entry);
    assert_int_equal(count_of(group, "reversal_entries"), 1);
    assert_int_equal(item_of(group, "reversal_entries", 0)->via.u64, entry + 1);
    /* Gross figures stay: the turnover happened, and was taken back. */
    const msgpack_object *bank = row_of(field_of(answer(&asked), "combined"), 1120);
    assert_int_equal(int_of(bank, "debit"), 10000);
    assert_int_equal(int_of(bank, "credit"), 10000);
    assert_int_equal(int_of(bank, "balance"), 0);
}

static void places_roll_up(void **state)
{
    (void)state;
    static const char *const levels[] = {"tambon",  "district", "province",
                                         "cluster", "region",   "country"};
    for (unsigned i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        int64_t groups = 0, members = 0;
        assert_int_equal(ask_of(&asked, &three.network, "audit", "date", "2026-01-06", "by",
                                levels[i]),
                         OK);
        for (uint32_t unit = 0; unit < count_of(answer(&asked), "places"); unit++) {
            groups += int_of(item_of(answer(&asked), "places", unit), "groups");
            members += int_of(item_of(answer(&asked), "places", unit), "members");
        }
        assert_int_equal(groups, 2);
        assert_int_equal(members, 1400);
    }
    assert_int_equal(ask_of(&asked, &three.network, "audit", "by", "village"), E_USAGE);
}

static void the_table_of_places_is_whole(void **state)
{
    (void)state;
    unsigned provinces = 0, regions = 0;
    uint32_t clusters = 0;
    for (uint32_t code = 0; code < 100; code++) {
        const struct province *province = place_province(code);
        if (province) {
            provinces++;
            assert_non_null(place_region(province));
            clusters |= place_cluster(province) ? UINT32_C(1) << province->cluster : 0;
            regions |= 1u << province->region;
        }
    }
    assert_int_equal(provinces, 77);
    assert_int_equal(__builtin_popcount(clusters), 18);
    assert_int_equal(__builtin_popcount(regions), 5);
    struct place_unit unit;
    place_unit_of(841502, PLACE_DISTRICT, &unit);
    assert_string_equal(unit.code, "8415");
    place_unit_of(841502, PLACE_PROVINCE, &unit);
    assert_string_equal(unit.name_en, "Surat Thani");
    place_unit_of(8415, PLACE_TAMBON, &unit);
    assert_string_equal(unit.code, "8415");
    place_unit_of(841502, PLACE_CLUSTER, &unit);
    assert_string_equal(unit.name_en, "South Gulf");
    place_unit_of(100101, PLACE_CLUSTER, &unit); /* Bangkok has none */
    assert_string_equal(unit.code, "10");
    place_unit_of(100101, PLACE_REGION, &unit);
    assert_string_equal(unit.code, "BKK-E");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(figures_add_up_and_unknown_is_not_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ages_count_to_the_as_of_date, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_cut_gives_the_same_bytes_everywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_node_that_lacks_a_head_says_which, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_cut_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reversals_and_journals_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(places_roll_up, set_up, tear_down),
        cmocka_unit_test(the_table_of_places_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
