/* The cut: what is written is read back, anything else is refused, and its signature counts. */
#include "tests/lib/cmocka.h"

#include <string.h>

#include "proto/id.h"
#include "store/cut.h"
#include "tests/lib/three.h"

static struct three three;
static struct buffer text;

static int set_up(void **state)
{
    (void)state;
    three_new(&three);
    buffer_init(&text, 0);
    three_cut(&three, &three.first, "2026-01-06", &text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_free(&text);
    three_remove(&three);
    return 0;
}

static void a_cut_says_which_heads(void **state)
{
    (void)state;
    struct cut cut;
    struct err err;
    unsigned verified = 0;
    assert_int_equal(cut_parse(buffer_view(&text), &cut, &err), OK);
    assert_true(hash_equal(&cut.network, store_own_group(three.network.store)));
    assert_int_equal(cut.rules, RULES_VERSION);
    assert_int_equal(cut.count, 3);
    assert_true(hash_equal(&cut.items[0].group, &cut.network));
    for (size_t i = 0; i < cut.count; i++) {
        struct hash root;
        assert_true(cut.items[i].size > 0);
        assert_int_equal(store_root_at(three.second.store, &cut.items[i].group, cut.items[i].size,
                                       &root),
                         OK);
        assert_true(hash_equal(&root, &cut.items[i].root));
    }
    assert_int_equal(cut.fork_count, 0);
    assert_int_equal(cut.signature_count, 1);
    assert_int_equal(strlen(cut.id), CUT_ID_MAX - 1);
    assert_int_equal(cut_verify(three.second.store, buffer_view(&text), &cut, &verified, &err), OK);
    assert_int_equal(verified, 1);
    cut_free(&cut);
}

static void the_same_heads_give_the_same_id(void **state)
{
    (void)state;
    char first[512], second[512];
    assert_int_equal(ask_of(&three.asked, &three.second, "cut", "date", "2026-01-06"), OK);
    text_of(answer(&three.asked), "id", first);
    assert_int_equal(ask_of(&three.asked, &three.network, "cut", "date", "2026-01-06"), OK);
    text_of(answer(&three.asked), "id", second);
    assert_string_equal(first, second); /* another maker, another signature */
    assert_int_equal(ask_of(&three.asked, &three.network, "cut", "date", "2026-01-07"), OK);
    text_of(answer(&three.asked), "id", second);
    assert_string_not_equal(first, second);
}

static void every_byte_of_the_text_counts(void **state)
{
    (void)state;
    struct err err;
    unsigned refused = 0, bad_signature = 0;
    for (size_t at = 0; at < text.len; at++) {
        struct cut cut;
        unsigned verified = 0;
        text.data[at] ^= 1;
        enum err_code code = cut_parse(buffer_view(&text), &cut, &err);
        if (code == OK) {
            code = cut_verify(three.second.store, buffer_view(&text), &cut, &verified, &err);
            assert_true(code != OK || verified == 0);
            bad_signature++;
            cut_free(&cut);
        } else {
            assert_int_equal(code, E_ENCODING);
            refused++;
        }
        text.data[at] ^= 1;
    }
    assert_true(refused > 0 && bad_signature > 0);
}

/* The text with `from` replaced, parsed; it must be refused at that line. */
static void expect_refused(const char *from, const char *to, const char *line)
{
    struct buffer other;
    struct cut cut;
    struct err err;
    uint8_t *at = memmem(text.data, text.len, from, strlen(from));
    assert_non_null(at);
    size_t before = (size_t)(at - text.data);
    buffer_init(&other, 0);
    buffer_append(&other, text.data, before);
    buffer_append(&other, to, strlen(to));
    buffer_append(&other, at + strlen(from), text.len - before - strlen(from));
    assert_int_equal(cut_parse(buffer_view(&other), &cut, &err), E_ENCODING);
    if (!strstr(err.text, line)) {
        fail_msg("expected %s in: %s", line, err.text);
    }
    buffer_free(&other);
}

static void what_would_be_written_otherwise_is_refused(void **state)
{
    (void)state;
    expect_refused("satcha/cut/1\n", "satcha/cut/2\n", "line 1 ");
    expect_refused("satcha/cut/1\n", "satcha/cut/1\r\n", "line 1 ");
    expect_refused("2026-01-06", "2026-1-6", "line 3 ");
    expect_refused("2026-01-06", "6/1/2026", "line 3 ");
    expect_refused("rules 1", "rules 01", "line 4 ");
    expect_refused("rules 1", "Rules 1", "line 4 ");
    expect_refused("groups 3", "groups 2", "line 8 ");
    expect_refused("groups 3", "groups 4", "line 9 ");
    expect_refused("groups 3", "groups 0", "line 5 ");
    expect_refused("groups 3", "groups 99999999", "line 5 ");
    expect_refused("forks 0", "forks 1", "line 10 ");
    expect_refused("forks 0\n", "forks 0", "line 10 ");
    expect_refused("\n\n", "\n", "line 10 ");
    struct cut cut;
    struct err err;
    assert_int_equal(cut_parse(bytes_of(text.data, text.len - 1), &cut, &err), E_ENCODING);
    assert_int_equal(cut_parse(bytes_of(NULL, 0), &cut, &err), E_ENCODING);
}

static void lines_of_other_makers_are_passed_over(void **state)
{
    (void)state;
    struct cut cut;
    struct err err;
    unsigned verified = 0;
    buffer_print(&text, "\xe2\x80\x94 example.org/auditor AAAA\n");
    assert_int_equal(cut_parse(buffer_view(&text), &cut, &err), OK);
    assert_int_equal(cut.signature_count, 1);
    assert_int_equal(cut_verify(three.first.store, buffer_view(&text), &cut, &verified, &err), OK);
    assert_int_equal(verified, 1);
    cut_free(&cut);
    for (unsigned i = 0; i < NOTE_SIGNATURES_MAX; i++) {
        buffer_print(&text, "\xe2\x80\x94 example.org/auditor AAAA\n");
    }
    assert_int_equal(cut_parse(buffer_view(&text), &cut, &err), E_ENCODING);
}

static void a_home_without_a_network_has_no_cut(void **state)
{
    (void)state;
    struct home alone;
    struct ask asked = {.pair_count = 0};
    home_new(&alone, 5, GROUP_SAVINGS, NULL);
    assert_int_equal(ask_of(&asked, &alone, "cut"), E_NO_DATA);
    ask_end(&asked);
    home_remove(&alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cut_says_which_heads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_heads_give_the_same_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_byte_of_the_text_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_would_be_written_otherwise_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(lines_of_other_makers_are_passed_over, set_up, tear_down),
        cmocka_unit_test(a_home_without_a_network_has_no_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
