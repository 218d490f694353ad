/* The examples of docs/protocol.md are what the code writes: a block ```example NAME is compared
 * byte for byte, hex with its blanks and comments taken away. And its figures are the code's. */
#include "tests/lib/cmocka.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "proto/id.h"
#include "proto/limits.h"
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

/* A number as the text has it: 262,144. */
static const char *grouped(uint64_t number, char out[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    size_t at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            out[at++] = ',';
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

/* The words around each figure, a line break being a blank; '#' stands for the number. */
static void test_figures(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        uint64_t number;
    } figures[] = {
        {"a leaf of 1 to # bytes", ENTRY_MAX_BYTES},
        {"root] …]`, 0 to # |", ENTRY_REFS_MAX},
        {"satang] …]`, 0 to # |", ENTRY_POSTS_MAX},
        {"at most # keys", ENTRY_TERMS_KEYS_MAX},
        {"signature] …]`, 0 to # |", ENTRY_APPROVALS_MAX},
        {"Containers nest at most # deep", ENTRY_DEPTH_MAX},
        {"name (str ≤ # bytes)", NAME_MAX_BYTES},
        {"ascending by number, at most #;", OFFICERS_MAX},
        {"`[place …]`, at most #", SERVICE_AREAS_MAX},
        {"`[uint …]`, at most #)", ACCOUNTS_REPORTED_MAX},
        {"`[str 1…255 …]`, at most #", ADDRESSES_MAX},
        {"`[str 1…# …]`", ADDRESS_MAX_BYTES},
        {"addresses} …]`, at most #;", ROSTER_ADMIT_MAX},
        {"topic (str 1…#)", TOPIC_MAX_BYTES},
        {"approvals 0…8] …]`, at most #;", POLICY_QUORUMS_MAX},
        {"u16 BE, at most #", FRAME_MAX_BYTES},
        {"up to # bytes; one with", FRAME_MAX_BYTES - FRAME_TAG_BYTES - 1},
        {"A message is at most # bytes", MESSAGE_MAX_BYTES},
        {"after exactly # frames", FRAME_REKEY_MESSAGES},
        {"The handshake may take # s", HANDSHAKE_MS / 1000},
        {"text (str, ≤ # bytes)", REFUSAL_TEXT_MAX},
        {"a page (≤ # items)", LIST_PAGE_ITEMS},
        {"‖ leaf), ≤ # bytes", CHUNK_MAX_BYTES},
        {"bytes, ≤ # leaves", CHUNK_LEAVES_MAX},
        {"At most # wants", SESSION_WANTS_MAX},
        {"CHAIN pages (≤ # bytes)", CHAIN_PAGE_MAX_BYTES},
        {"at a multiple of # entries", RUN_LEAVES},
        {"**Credit.** # bytes", SESSION_CREDIT_BYTES},
        {"nothing comes for # s while", STALL_MS / 1000},
        {"less than # bytes of links", PULL_TURN_BYTES},
        {"and entries in # s,", PULL_TURN_MS / 1000},
        {"any message for # s after it", PING_ANSWER_MS / 1000},
    };
    static char flat[131072];
    size_t len = 0;
    for (const char *at = (const char *)page.data; *at && len < sizeof flat - 1; at++) {
        bool blank = isspace((unsigned char)*at) != 0;
        if (!blank || len == 0 || flat[len - 1] != ' ') {
            flat[len++] = blank ? ' ' : *at;
        }
    }
    flat[len] = '\0';
    for (unsigned i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        char number[32], wanted[256];
        const char *mark = strchr(figures[i].words, '#');
        assert_non_null(mark);
        (void)snprintf(wanted, sizeof wanted, "%.*s%s%s", (int)(mark - figures[i].words),
                       figures[i].words, grouped(figures[i].number, number), mark + 1);
        if (strstr(flat, wanted) == NULL) {
            fail_msg("docs/protocol.md does not say: %s", wanted);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_genesis),
        cmocka_unit_test(test_deposit),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_figures),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
