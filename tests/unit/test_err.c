/* Error names, exit statuses, and messages that are cut and prefixed. */
#include "tests/lib/cmocka.h"

#include <string.h>

#include "proto/err.h"

static void test_names_and_statuses(void **state)
{
    (void)state;
    assert_string_equal(err_name(OK), "OK");
    assert_string_equal(err_name(E_NEGATIVE), "E_NEGATIVE");
    assert_string_equal(err_name(10), "E_NEGATIVE");
    assert_string_equal(err_name(29), "E_UNKNOWN");
    assert_string_equal(err_name(UINT32_MAX), "E_UNKNOWN");
    assert_int_equal(err_exit_status(OK), 0);
    assert_int_equal(err_exit_status(E_NEGATIVE), 1);
    assert_int_equal(err_exit_status(E_USAGE), 2);
    assert_int_equal(err_exit_status(E_IO), 3);
    assert_int_equal(err_exit_status(E_FORKED), 4);
    assert_int_equal(err_exit_status(29), 3);
}

static void test_set_and_prefix(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(err_set(&err, E_DATE, "day %d of month %d", 31, 2), E_DATE);
    assert_string_equal(err.text, "day 31 of month 2");
    assert_int_equal(err.code, E_DATE);
    assert_int_equal(err_prefix(&err, E_IO, "%s:%d", "day.csv", 7), E_DATE);
    assert_string_equal(err.text, "day.csv:7: day 31 of month 2");
    /* Its own text may be an argument. */
    assert_int_equal(err_set(&err, E_IO, "again: %s", err.text), E_IO);
    assert_string_equal(err.text, "again: day.csv:7: day 31 of month 2");
}

static void test_null_is_enough(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, E_DATE, "%d", 1), E_DATE);
    assert_int_equal(err_prefix(NULL, E_DATE, "%d", 1), E_DATE);
}

/* A long text is cut between characters, whatever falls on the boundary. */
static void test_cut_at_a_character(void **state)
{
    (void)state;
    static const struct {
        const char *character;
        size_t len;
    } cases[] = {{"a", 1}, {"é", 2}, {"ส", 3}, {"\xf0\x9f\x8d\xba", 4}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t shift = 0; shift < 4; shift++) {
            char text[2 * ERR_TEXT_MAX];
            size_t len = shift;
            memset(text, 'x', shift);
            while (len + cases[i].len < sizeof text) {
                memcpy(text + len, cases[i].character, cases[i].len);
                len += cases[i].len;
            }
            text[len] = '\0';
            struct err err;
            (void)err_set(&err, E_IO, "%s", text);
            size_t room = ERR_TEXT_MAX - 1 - shift;
            assert_int_equal(strlen(err.text), shift + room / cases[i].len * cases[i].len);
            assert_memory_equal(err.text, text, strlen(err.text));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_statuses),
        cmocka_unit_test(test_set_and_prefix),
        cmocka_unit_test(test_null_is_enough),
        cmocka_unit_test(test_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
