/* The examples of docs/protocol.md are what the code writes: a block ```example NAME is compared
 * byte for byte, hex with its blanks and comments taken away. */
#include "tests/lib/cmocka.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "proto/id.h"
#include "tests/lib/build.h"

static struct maker group;
static struct buffer page;

static int set_up(void **state)
{
    (void)state;
    maker_init(&group, 1, GROUP_SAVINGS);
    maker_begin(&group, KIND_POST);
    maker_event(&group, 2);
    memset(group.draft->body.bytes, 0xbb, HASH_BYTES);
    maker_line(&group, 1110, 120000);
    maker_line(&group, 2110, -120000);
    maker_approve(&group, 2);
    assert_int_equal(maker_append(&group), OK);
    buffer_init(&page, 0);
    FILE *file = fopen("docs/protocol.md", "rb");
    if (file == NULL) {
        return -1;
    }
    char part[4096];
    size_t len;
    while ((len = fread(part, 1, sizeof part, file)) > 0) {
        buffer_append(&page, part, len);
    }
    buffer_append(&page, "", 1);
    return fclose(file);
}

static int tear_down(void **state)
{
    (void)state;
    maker_free(&group);
    buffer_free(&page);
    return 0;
}

/* The text between "```example NAME\n" and the next "```". */
static struct bytes example(const char *name)
{
    char mark[64];
    (void)snprintf(mark, sizeof mark, "```example %s\n", name);
    const char *start = strstr((const char *)page.data, mark);
    if (start == NULL) {
        fail_msg("docs/protocol.md: no example %s", name);
        return bytes_of(NULL, 0);
    }
    start += strlen(mark);
    const char *end = strstr(start, "```");
    assert_non_null(end);
    return bytes_of(start, end == NULL ? 0 : (size_t)(end - start));
}

/* The hex digits of an example, without blanks and without what stands behind a '#'. */
static void expect_hex(const char *name, struct bytes expected)
{
    static char digits[2 * ENTRY_MAX_BYTES + 1];
    static char wanted[2 * ENTRY_MAX_BYTES + 1];
    struct bytes text = example(name);
    size_t count = 0;
    bool comment = false;
    for (size_t i = 0; i < text.len && count < sizeof digits - 1; i++) {
        comment = text.data[i] == '#' || (comment && text.data[i] != '\n');
        if (!comment && isspace(text.data[i]) == 0) {
            digits[count++] = (char)text.data[i];
        }
    }
    digits[count] = '\0';
    assert_string_equal(digits, hex_format(expected, wanted));
}

static void test_genesis(void **state)
{
    (void)state;
    expect_hex("genesis", buffer_view(&group.items[0].leaf));
}

static void test_deposit(void **state)
{
    (void)state;
    struct hash hash;
    struct bytes leaf = buffer_view(&group.items[1].leaf);
    expect_hex("deposit", leaf);
    entry_unsigned_hash(&group.fold->entry, leaf, &hash);
    expect_hex("nine", hash_view(&hash));
}

static void test_head(void **state)
{
    (void)state;
    struct head head;
    struct buffer text;
    buffer_init(&text, 0);
    maker_head(&group, 2, &head);
    checkpoint_write(&text, &head);
    assert_true(bytes_equal(example("head"), buffer_view(&text)));
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_genesis),
        cmocka_unit_test(test_deposit),
        cmocka_unit_test(test_head),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
