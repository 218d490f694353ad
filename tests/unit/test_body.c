/* Private lines: one form each, a commitment that an RFC 6962 tree over salted lines gives, and one
 * line's proof that shows nothing of the others. */
#include "tests/lib/cmocka.h"

#include <string.h>

#include "proto/body.h"
#include "proto/merkle.h"
#include "tests/lib/prng.h"

static struct prng prng;

static int set_up(void **state)
{
    (void)state;
    crypto_init();
    prng_init(&prng, 77);
    return 0;
}

static struct body_line deposit_line(uint32_t row)
{
    struct body_line line = {.line = row,
                             .account = 2110,
                             .member = 42,
                             .amount = amount_of(-120000),
                             .memo = bytes_of_text("ฝากสัจจะ"),
                             .operation = bytes_of_text("2026-01-05/1")};
    return line;
}

static bool same_line(const struct body_line *a, const struct body_line *b)
{
    return a->line == b->line && a->account == b->account && a->member == b->member &&
           a->party == b->party && a->sub == b->sub && a->unit == b->unit && a->fund == b->fund &&
           amount_equal(a->amount, b->amount) && bytes_equal(a->memo, b->memo) &&
           bytes_equal(a->operation, b->operation);
}

static void test_line(void **state)
{
    (void)state;
    struct buffer packed;
    struct body_line read;
    struct body_line line = deposit_line(7);
    buffer_init(&packed, 0);
    body_line_pack(&packed, &line);
    assert_int_equal(body_line_read(buffer_view(&packed), &read), OK);
    assert_true(same_line(&line, &read));
    for (size_t len = 0; len < packed.len; len++) {
        assert_int_equal(body_line_read(bytes_of(packed.data, len), &read), E_ENCODING);
    }
    buffer_clear(&packed);
    struct body_line full = {1,
                             1210,
                             2,
                             3,
                             4,
                             5,
                             6,
                             amount_of(AMOUNT_MAX_SATANG),
                             bytes_of_text("m"),
                             bytes_of_text("o")};
    body_line_pack(&packed, &full);
    assert_int_equal(body_line_read(buffer_view(&packed), &read), OK);
    assert_true(same_line(&full, &read));
    buffer_free(&packed);
}

/* A number or text that is not there is nil, and nothing else. */
static void test_line_has_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        enum err_code code;
    } lines[] = {
#define LINE(bytes, code) {bytes, sizeof(bytes) - 1, code}
        LINE("\x9a\x00\x01\xc0\xc0\xc0\xc0\xc0\x01\xc0\xc0", OK),
        LINE("\x9a\x00\x01\x00\xc0\xc0\xc0\xc0\x01\xc0\xc0", E_ENCODING), /* member 0 */
        LINE("\x9a\x00\x01\xc0\xc0\xc0\xc0\xc0\x00\xc0\xc0", E_ENCODING), /* no amount */
        LINE("\x9a\x00\x01\xc0\xc0\xc0\xc0\xc0\x01\xa0\xc0", E_ENCODING), /* empty memo */
        LINE("\x9a\x00\x01\xc0\xc0\xc0\xc0\xc0\x01\xc0\xa0", E_ENCODING),
        LINE("\x9a\x00\x01\xce\x80\x00\x00\x00\xc0\xc0\xc0\xc0\x01\xc0\xc0", E_ENCODING), /* 2^31 */
        LINE("\x9a\x00\x01\xc0\xc0\xc0\xc0\xc0\x01\xc0\xc0\xc0", E_ENCODING),
        LINE("\x99\x00\x01\xc0\xc0\xc0\xc0\xc0\x01\xc0", E_ENCODING),
#undef LINE
    };
    struct body_line read;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_int_equal(body_line_read(bytes_of(lines[i].bytes, lines[i].len), &read),
                         lines[i].code);
    }
}

static void test_member_line(void **state)
{
    (void)state;
    static const struct {
        struct member_line line;
        enum err_code code;
    } lines[] = {
        {{MEMBER_OPENING, 0, 1388}, OK},
        {{MEMBER_LIST, 1, 1388}, OK},
        {{MEMBER_JOIN, 42, 42}, OK},
        {{MEMBER_LEAVE, 42, 42}, OK},
        {{MEMBER_OPENING, 0, 0}, E_ENCODING},
        {{MEMBER_JOIN, 0, 0}, E_ENCODING},
        {{MEMBER_LIST, 9, 8}, E_ENCODING},
        {{0, 1, 1}, E_ENCODING},
        {{MEMBER_CHANGE + 1, 1, 1}, E_ENCODING},
        {{MEMBER_JOIN, 1, 1U << 31}, E_ENCODING},
    };
    struct buffer packed;
    struct member_line read;
    buffer_init(&packed, 0);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        buffer_clear(&packed);
        member_line_pack(&packed, &lines[i].line);
        assert_int_equal(member_line_read(buffer_view(&packed), &read), lines[i].code);
        if (lines[i].code == OK) {
            assert_memory_equal(&read, &lines[i].line, sizeof read);
        }
    }
    buffer_free(&packed);
}

static void make_body(struct buffer *stored, unsigned count)
{
    struct buffer line;
    buffer_init(&line, 0);
    buffer_clear(stored);
    for (unsigned i = 0; i < count; i++) {
        uint8_t salt[BODY_SALT_BYTES];
        struct body_line legs = deposit_line(i);
        prng_bytes(&prng, salt, sizeof salt);
        buffer_clear(&line);
        body_line_pack(&line, &legs);
        body_append(stored, salt, buffer_view(&line));
    }
    buffer_free(&line);
    assert_false(stored->failed);
}

/* By hand: the tree over salt || line, then the count. Three leaves: ((0 1) 2). */
static void test_commitment(void **state)
{
    (void)state;
    struct buffer stored;
    struct hash leaves[3];
    struct hash root;
    struct hash expected;
    struct hash commitment;
    uint32_t count;
    buffer_init(&stored, 0);
    make_body(&stored, 3);
    struct bytes rest = buffer_view(&stored);
    struct bytes salt;
    struct bytes line;
    bool failed = false;
    for (unsigned i = 0; i < 3; i++) {
        static const uint8_t zero[1] = {0};
        assert_true(body_next(&rest, &salt, &line, &failed));
        struct bytes parts[3] = {bytes_of(zero, 1), salt, line};
        hash_parts(&leaves[i], parts, 3);
    }
    assert_false(body_next(&rest, &salt, &line, &failed));
    assert_false(failed);
    merkle_node_hash(&root, &leaves[0], &leaves[1]);
    merkle_node_hash(&root, &root, &leaves[2]);
    struct bytes parts[3] = {bytes_of_text("satcha/body/1\n"), bytes_of("\0\0\0\3", 4),
                             hash_view(&root)};
    hash_parts(&expected, parts, 3);
    assert_int_equal(body_commit(buffer_view(&stored), &commitment, &count), OK);
    assert_int_equal(count, 3);
    assert_true(hash_equal(&expected, &commitment));
    /* Two equal deposits differ by their salts. */
    struct hash again;
    make_body(&stored, 3);
    assert_int_equal(body_commit(buffer_view(&stored), &again, &count), OK);
    assert_false(hash_equal(&again, &commitment));
    buffer_free(&stored);
}

static void test_malformed(void **state)
{
    (void)state;
    struct buffer stored;
    struct hash commitment;
    uint32_t count = 99;
    buffer_init(&stored, 0);
    assert_int_equal(body_commit(bytes_of(NULL, 0), &commitment, &count), E_ENCODING);
    make_body(&stored, 2);
    size_t one = stored.len / 2; /* both lines are of one length */
    for (size_t len = 1; len < stored.len; len++) {
        enum err_code code = body_commit(bytes_of(stored.data, len), &commitment, &count);
        assert_int_equal(code, len == one ? OK : E_ENCODING);
    }
    uint8_t salt[BODY_SALT_BYTES] = {0};
    uint8_t large[BODY_LINE_MAX_BYTES + 1] = {0};
    buffer_clear(&stored);
    body_append(&stored, salt, bytes_of(large, BODY_LINE_MAX_BYTES));
    assert_false(stored.failed);
    body_append(&stored, salt, bytes_of(large, sizeof large));
    assert_true(stored.failed);
    buffer_clear(&stored);
    body_append(&stored, salt, bytes_of(large, 0));
    assert_true(stored.failed);
    buffer_free(&stored);
}

static void test_too_many_lines(void **state)
{
    (void)state;
    struct buffer stored;
    struct hash commitment;
    uint32_t count;
    uint8_t salt[BODY_SALT_BYTES] = {0};
    buffer_init(&stored, 0);
    for (unsigned i = 0; i < BODY_LINES_MAX; i++) {
        body_append(&stored, salt, bytes_of("\xc0", 1));
    }
    assert_int_equal(body_commit(buffer_view(&stored), &commitment, &count), OK);
    assert_int_equal(count, BODY_LINES_MAX);
    body_append(&stored, salt, bytes_of("\xc0", 1));
    assert_int_equal(body_commit(buffer_view(&stored), &commitment, &count), E_LIMIT);
    buffer_free(&stored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),        cmocka_unit_test(test_line_has_one_form),
        cmocka_unit_test(test_member_line), cmocka_unit_test(test_commitment),
        cmocka_unit_test(test_malformed),   cmocka_unit_test(test_too_many_lines),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
