/* docs/testing.md: every test that its tables of bad input name is there. */
#include "tests/lib/cmocka.h"

#include <string.h>

#include "store/files.h"

static struct bytes to_byte(struct bytes text, char byte)
{
    const uint8_t *end = text.len == 0 ? NULL : memchr(text.data, byte, text.len);
    return bytes_of(text.data, end == NULL ? text.len : (size_t)(end - text.data));
}

/* What stands behind the first `len` bytes and one separator. */
static struct bytes behind(struct bytes text, size_t len)
{
    return len >= text.len ? bytes_of(NULL, 0) : bytes_of(text.data + len + 1, text.len - len - 1);
}

static void read_source(struct bytes name, struct buffer *source)
{
    char path[128];
    struct err err;
    assert_true(name.len < sizeof path);
    memcpy(path, name.data, name.len);
    path[name.len] = '\0';
    if (file_read(path, (size_t)1 << 20, source, &err) != OK) {
        fail_msg("docs/testing.md names %s: %s", path, err.text);
    }
}

/* The second cell of a row: files in backquotes, each followed by the names of tests in it. */
static unsigned check_cell(struct bytes cell)
{
    struct buffer source;
    unsigned count = 0;
    buffer_init(&source, 0);
    while (cell.len > 0) {
        cell = behind(cell, to_byte(cell, '`').len);
        struct bytes word = to_byte(cell, '`');
        cell = behind(cell, word.len);
        if (word.len > 6 && memcmp(word.data, "tests/", 6) == 0) {
            read_source(word, &source);
        } else if (word.len > 0) {
            if (memmem(source.data, source.len, word.data, word.len) == NULL) {
                fail_msg("docs/testing.md names the test %.*s, which is not in the file before it",
                         (int)word.len, (const char *)word.data);
            }
            count++;
        }
    }
    buffer_free(&source);
    return count;
}

static void every_test_that_is_named_exists(void **state)
{
    (void)state;
    static const char heading[] = "## Bad input";
    struct buffer document;
    unsigned count = 0;
    buffer_init(&document, 0);
    assert_int_equal(file_read("docs/testing.md", (size_t)1 << 20, &document, NULL), OK);
    const uint8_t *start = memmem(document.data, document.len, heading, sizeof heading - 1);
    assert_non_null(start);
    struct bytes rest = bytes_of(start, (size_t)(document.data + document.len - start));
    while (rest.len > 0) {
        struct bytes line = to_byte(rest, '\n');
        rest = behind(rest, line.len);
        if (line.len > 0 && line.data[0] == '|') {
            line = behind(line, 0);
            line = behind(line, to_byte(line, '|').len);
            count += check_cell(to_byte(line, '|'));
        }
    }
    assert_true(count > 80);
    buffer_free(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_test_that_is_named_exists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
