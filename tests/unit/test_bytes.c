/* Views, UTF-8, digits and quotes as people type them, and the growing buffer. */
#include "tests/lib/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "proto/bytes.h"

static bool is_utf8(const char *text)
{
    return bytes_is_utf8(bytes_of_text(text));
}

static void test_utf8(void **state)
{
    (void)state;
    assert_true(is_utf8(""));
    assert_true(bytes_is_utf8(bytes_of(NULL, 0)));
    assert_true(is_utf8("plain"));
    assert_true(is_utf8("สัจจะ"));
    assert_true(is_utf8("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"));
    assert_true(is_utf8("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    static const char *const broken[] = {
        "\x80",             /* a continuation alone */
        "\xc0\x80",         /* overlong */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* past U+10FFFF */
        "\xf5\x80\x80\x80", /* past U+10FFFF */
        "\xff",
        "\xc3",         /* cut */
        "\xe0\xb8",     /* cut */
        "\xf0\x9f\x8d", /* cut */
        "a\xe0\xb8z",   /* cut by a letter */
        "\xe0\xb8\xc3\xa9",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_false(is_utf8(broken[i]));
    }
}

static void test_views(void **state)
{
    (void)state;
    assert_true(bytes_equal(bytes_of(NULL, 0), bytes_of_text("")));
    assert_true(bytes_equal(bytes_of_text(NULL), bytes_of_text("")));
    assert_true(bytes_equal(bytes_of("ab", 2), bytes_of_text("ab")));
    assert_false(bytes_equal(bytes_of("ab", 2), bytes_of_text("abc")));
    assert_false(bytes_equal(bytes_of("ab", 2), bytes_of_text("ac")));
}

static void test_fold_digits(void **state)
{
    (void)state;
    char out[16];
    assert_true(bytes_fold_digits(bytes_of_text("๒๒/๑๑/๒๕๖๙"), out, sizeof out));
    assert_string_equal(out, "22/11/2569");
    assert_true(bytes_fold_digits(bytes_of_text("๐๓๔๕๖๗๘๙"), out, sizeof out));
    assert_string_equal(out, "03456789");
    assert_true(bytes_fold_digits(bytes_of_text("๏"), out, sizeof out)); /* beside the digits */
    assert_string_equal(out, "๏");
    assert_true(bytes_fold_digits(bytes_of_text("123456789012345"), out, sizeof out));
    assert_false(bytes_fold_digits(bytes_of_text("1234567890123456"), out, sizeof out));
    assert_false(bytes_fold_digits(bytes_of("1\0002", 3), out, sizeof out));
    assert_false(bytes_fold_digits(bytes_of_text(""), out, 0));
}

static void test_quote(void **state)
{
    (void)state;
    char out[QUOTE_MAX];
    assert_string_equal(bytes_quote(bytes_of_text("สัจจะ 42"), out), "สัจจะ 42");
    assert_string_equal(bytes_quote(bytes_of("a\033[1m\n\0z", 8), out), "a?[1m??z");
    assert_string_equal(bytes_quote(bytes_of_text("\xc2\x9b\xff\xe0\xb8|"), out), "????|");
    char text[200];
    memset(text, 'x', sizeof text);
    assert_int_equal(strlen(bytes_quote(bytes_of(text, sizeof text), out)), QUOTE_MAX - 1);
    assert_string_equal(out + QUOTE_MAX - 4, "...");
    for (size_t i = 0; i + 3 <= sizeof text; i += 3) {
        static const uint8_t thai[] = {0xe0, 0xb8, 0xaa};
        memcpy(text + i, thai, sizeof thai);
    }
    assert_true(is_utf8(bytes_quote(bytes_of(text, sizeof text), out)));
}

static void test_buffer_grows(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 0);
    assert_int_equal(buffer_view(&buffer).len, 0);
    for (unsigned i = 0; i < 10000; i++) {
        uint8_t byte = (uint8_t)(i & 0xff);
        buffer_append(&buffer, &byte, 1);
    }
    buffer_append(&buffer, NULL, 0);
    assert_false(buffer.failed);
    assert_int_equal(buffer.len, 10000);
    for (unsigned i = 0; i < 10000; i++) {
        assert_int_equal(buffer.data[i], i & 0xff);
    }
    assert_non_null(buffer_extend(&buffer, 0));
    buffer_clear(&buffer);
    assert_int_equal(buffer_view(&buffer).len, 0);
    buffer_free(&buffer);
    buffer_free(&buffer);
    buffer_free(NULL);
}

static void test_buffer_failure_sticks(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 10);
    buffer_append(&buffer, "12345", 5);
    buffer_append(&buffer, "67890", 5);
    assert_false(buffer.failed);
    buffer_append(&buffer, "x", 1);
    assert_true(buffer.failed);
    assert_int_equal(buffer.len, 10);
    assert_null(buffer_extend(&buffer, 0));
    buffer_clear(&buffer);
    buffer_append(&buffer, "ab", 2);
    assert_false(buffer.failed);
    assert_true(bytes_equal(buffer_view(&buffer), bytes_of_text("ab")));
    assert_null(buffer_extend(&buffer, SIZE_MAX));
    assert_true(buffer.failed);
    buffer_free(&buffer);
}

static void test_buffer_print(void **state)
{
    (void)state;
    struct buffer buffer;
    char wide[600];
    buffer_init(&buffer, 0);
    buffer_print(&buffer, "%d %s", 42, "baht");
    assert_true(bytes_equal(buffer_view(&buffer), bytes_of_text("42 baht")));
    buffer_clear(&buffer);
    memset(wide, 'w', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    buffer_print(&buffer, "%s", wide);
    assert_true(bytes_equal(buffer_view(&buffer), bytes_of_text(wide)));
    buffer_free(&buffer);
}

static size_t cut(const char *text, size_t max)
{
    return bytes_cut(bytes_of_text(text), max);
}

static void test_cut(void **state)
{
    (void)state;
    assert_int_equal(cut("", 3), 0);
    assert_int_equal(cut("abc", 5), 3);
    assert_int_equal(cut("abc", 2), 2);
    assert_int_equal(cut("\xe0\xb8\x81\xe0\xb8\x81", 6), 6);
    assert_int_equal(cut("\xe0\xb8\x81\xe0\xb8\x81", 5), 3);
    assert_int_equal(cut("\xe0\xb8\x81\xe0\xb8\x81", 4), 3);
    assert_int_equal(cut("\xe0\xb8\x81\xe0\xb8\x81", 3), 3);
    assert_int_equal(cut("a\xe0\xb8", 9), 1); /* cut before */
    assert_int_equal(cut("\xf0\x9f\x8d\x9a", 3), 0);
}

static void test_lines(void **state)
{
    (void)state;
    struct bytes rest = bytes_of_text("one\n\nthree");
    struct bytes line;
    assert_true(bytes_line(&rest, &line));
    assert_true(bytes_equal(line, bytes_of_text("one")));
    assert_true(bytes_line(&rest, &line));
    assert_int_equal(line.len, 0);
    assert_false(bytes_line(&rest, &line)); /* not ended */
    assert_true(bytes_equal(rest, bytes_of_text("three")));
    rest = bytes_of(NULL, 0);
    assert_false(bytes_line(&rest, &line));
}

static void test_digits(void **state)
{
    (void)state;
    uint64_t value = 7;
    static const char *const refused[] = {"", "-1", "+1", " 1", "1 ", "1a", "18446744073709551616"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_false(bytes_digits(bytes_of_text(refused[i]), UINT64_MAX, &value));
        assert_false(bytes_decimal(bytes_of_text(refused[i]), UINT64_MAX, &value));
    }
    assert_false(bytes_digits(bytes_of_text("101"), 100, &value));
    assert_false(bytes_decimal(bytes_of_text("007"), 100, &value));
    assert_int_equal(value, 7);
    assert_true(bytes_digits(bytes_of_text("0100"), 100, &value));
    assert_int_equal(value, 100);
    assert_true(bytes_decimal(bytes_of_text("0"), 0, &value));
    assert_int_equal(value, 0);
    assert_true(bytes_decimal(bytes_of_text("18446744073709551615"), UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
}

static void test_numbers(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0x00, 0x01, 0xe2, 0x40};
    uint8_t out[8];
    bytes_put_number(out, 123456, 4);
    assert_memory_equal(out, expected, sizeof expected);
    assert_int_equal(bytes_get_number(out, 4), 123456);
    assert_int_equal(bytes_get_number(out + 1, 2), 0x01e2);
    bytes_put_number(out, UINT64_MAX - 1, 8);
    assert_true(bytes_get_number(out, 8) == UINT64_MAX - 1);
}

static void test_array_grows(void **state)
{
    (void)state;
    size_t capacity = 0;
    uint32_t *numbers = NULL;
    for (uint32_t i = 0; i < 1000; i++) {
        numbers = array_room(numbers, i, &capacity, sizeof *numbers);
        assert_non_null(numbers);
        assert_true(capacity > i);
        numbers[i] = i;
    }
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(numbers[i], i);
    }
    assert_true(capacity <= 2048);
    assert_null(array_room(numbers, SIZE_MAX / 2, &(size_t){SIZE_MAX / 2}, sizeof *numbers));
    free(numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),         cmocka_unit_test(test_views),
        cmocka_unit_test(test_fold_digits),  cmocka_unit_test(test_quote),
        cmocka_unit_test(test_buffer_grows), cmocka_unit_test(test_buffer_failure_sticks),
        cmocka_unit_test(test_buffer_print), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_lines),        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_numbers),      cmocka_unit_test(test_array_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
