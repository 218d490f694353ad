/* The CSV reader: RFC 4180 as written and as spreadsheets write it. */
#include "tests/lib/cmocka.h"

#include <string.h>

#include "store/csv.h"

static struct csv csv;
static struct bytes fields[CSV_FIELDS_MAX];
static unsigned count;
static struct err err;

static void begin(const char *content)
{
    assert_int_equal(csv_open(&csv, bytes_of_text(content), &err), OK);
}

/* The next record is these fields, joined by '|', at this line. */
static void expect_row(uint32_t line, const char *joined)
{
    char found[256] = "";
    size_t used = 0;
    assert_int_equal(csv_next(&csv, fields, &count, &err), OK);
    for (unsigned i = 0; i < count; i++) {
        assert_true(used + fields[i].len + 2 < sizeof found);
        if (i > 0) {
            found[used++] = '|';
        }
        if (fields[i].len > 0) {
            memcpy(found + used, fields[i].data, fields[i].len);
        }
        used += fields[i].len;
        found[used] = 0;
    }
    assert_string_equal(found, joined);
    assert_int_equal(csv.row_line, line);
}

static void expect_end(void)
{
    assert_int_equal(csv_next(&csv, fields, &count, &err), OK);
    assert_int_equal(count, 0);
    csv_close(&csv);
}

static void expect_refused(const char *content, uint32_t line, const char *what)
{
    begin(content);
    enum err_code code;
    do {
        code = csv_next(&csv, fields, &count, &err);
    } while (code == OK && count > 0);
    assert_int_equal(code, E_ENCODING);
    assert_int_equal(csv.row_line, line);
    assert_non_null(strstr(err.text, what));
    csv_close(&csv);
}

static void plain_rows_are_read(void **state)
{
    (void)state;
    begin("a,b,c\n1,2,3\n,,\n");
    expect_row(1, "a|b|c");
    expect_row(2, "1|2|3");
    expect_row(3, "||");
    expect_end();
}

static void spreadsheets_add_marks_and_carriage_returns(void **state)
{
    (void)state;
    begin("\xef\xbb\xbf"
          "a,b\r\n1,2\r\n\r\n\n3,4");
    expect_row(1, "a|b");
    expect_row(2, "1|2");
    expect_row(5, "3|4");
    expect_end();
}

static void quoted_fields_hold_commas_quotes_and_breaks(void **state)
{
    (void)state;
    begin("\"a,b\",\"say \"\"yes\"\"\",\"two\r\nlines\"\nnext,\"\",x\n");
    expect_row(1, "a,b|say \"yes\"|two\r\nlines");
    expect_row(3, "next||x");
    expect_end();
}

static void the_last_field_may_be_empty(void **state)
{
    (void)state;
    begin("a,b,");
    expect_row(1, "a|b|");
    expect_end();
    begin("");
    expect_end();
    begin("\xef\xbb\xbf");
    expect_end();
}

static void what_is_no_csv_is_refused_with_its_line(void **state)
{
    (void)state;
    expect_refused("a,b\n1,2\"3\n", 2, "inside a field");
    expect_refused("a,b\n\n\"1,2\n", 3, "not closed");
    expect_refused("a,b\n\"1\"2,3\n", 2, "after the closing");
    expect_refused("a,\xff\n", 1, "UTF-8");
    expect_refused("a,b\n\"\xe0\xb8\",2\n", 2, "UTF-8");
}

static void a_row_has_a_bounded_number_of_fields(void **state)
{
    (void)state;
    char line[2 * CSV_FIELDS_MAX + 3];
    memset(line, ',', sizeof line);
    line[CSV_FIELDS_MAX - 1] = 0;
    begin(line);
    assert_int_equal(csv_next(&csv, fields, &count, &err), OK);
    assert_int_equal(count, CSV_FIELDS_MAX);
    csv_close(&csv);
    line[CSV_FIELDS_MAX - 1] = ',';
    line[CSV_FIELDS_MAX] = 0;
    expect_refused(line, 1, "more than");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_rows_are_read),
        cmocka_unit_test(spreadsheets_add_marks_and_carriage_returns),
        cmocka_unit_test(quoted_fields_hold_commas_quotes_and_breaks),
        cmocka_unit_test(the_last_field_may_be_empty),
        cmocka_unit_test(what_is_no_csv_is_refused_with_its_line),
        cmocka_unit_test(a_row_has_a_bounded_number_of_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
