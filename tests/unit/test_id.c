/* Hex, typed prefixes of ids, and strict base64. */
#include "tests/lib/cmocka.h"

#include <string.h>

#include "proto/id.h"

static void test_hex(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x1f, 0xa0, 0xff};
    char text[9];
    uint8_t out[4] = {9, 9, 9, 9};
    assert_string_equal(hex_format(bytes_of(bytes, 4), text), "001fa0ff");
    assert_true(hex_parse(bytes_of_text("001FA0ff"), out, 4));
    assert_memory_equal(out, bytes, 4);
    memset(out, 9, sizeof out);
    assert_false(hex_parse(bytes_of_text("001fa0f"), out, 4));
    assert_false(hex_parse(bytes_of_text("001fa0ff0"), out, 4));
    assert_false(hex_parse(bytes_of_text("001fa0fg"), out, 4));
    assert_false(hex_parse(bytes_of_text("001fa0f "), out, 4));
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(out[i], 9);
    }
    assert_true(hex_parse(bytes_of_text(""), out, 0));
}

static void test_prefix(void **state)
{
    (void)state;
    struct hash id;
    char text[HEX_HASH_MAX];
    struct id_prefix prefix;
    for (unsigned i = 0; i < HASH_BYTES; i++) {
        id.bytes[i] = (uint8_t)(i * 7 + 0xab);
    }
    (void)hash_format(&id, text);
    assert_int_equal(strlen(text), 64);
    for (size_t digits = 8; digits <= 64; digits++) {
        assert_true(id_prefix_parse(bytes_of(text, digits), &prefix));
        assert_true(id_prefix_matches(&prefix, &id));
        struct hash other = id;
        size_t last = digits - 1;
        other.bytes[last / 2] ^= last % 2 == 0 ? 0x10 : 0x01;
        assert_false(id_prefix_matches(&prefix, &other));
        other = id;
        if (digits < 64) { /* what was not typed does not matter */
            other.bytes[digits / 2] ^= digits % 2 == 0 ? 0x80 : 0x08;
            assert_true(id_prefix_matches(&prefix, &other));
        }
    }
    assert_false(id_prefix_parse(bytes_of(text, 7), &prefix));
    assert_false(id_prefix_parse(bytes_of_text("bang rak"), &prefix));
    char longer[66];
    memset(longer, 'a', sizeof longer);
    assert_false(id_prefix_parse(bytes_of(longer, 65), &prefix));
    assert_true(id_prefix_parse(bytes_of_text("ABCDEF01"), &prefix));
}

static void test_base64(void **state)
{
    (void)state;
    static const struct {
        const char *plain;
        const char *encoded;
    } cases[] = {{"", ""},
                 {"f", "Zg=="},
                 {"fo", "Zm8="},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg=="},
                 {"fooba", "Zm9vYmE="},
                 {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) { /* RFC 4648, section 10 */
        char text[16];
        uint8_t out[16];
        size_t len = 99;
        struct bytes plain = bytes_of_text(cases[i].plain);
        assert_string_equal(base64_format(plain, text, sizeof text), cases[i].encoded);
        assert_true(base64_parse(bytes_of_text(cases[i].encoded), out, plain.len, &len));
        assert_true(bytes_equal(bytes_of(out, len), plain));
    }
    static const char *const refused[] = {"Zg",    "Zg=",   "Zg===",    "Zh==",     "Zm9=",
                                          "Zm9v=", "Zg==x", "Zg==\n",   "Zg== ",    " Zg==",
                                          "Z g=",  "Zm-_",  "Zm9vZg=",  "Zg==Zg==", "====",
                                          "=",     "Z",     "Zm9vYmFyZ"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        uint8_t out[16];
        size_t len = 99;
        if (base64_parse(bytes_of_text(refused[i]), out, sizeof out, &len)) {
            fail_msg("accepted: %s", refused[i]);
        }
        assert_int_equal(len, 99);
    }
    uint8_t small[5];
    size_t len = 99;
    assert_false(base64_parse(bytes_of_text("Zm9vYmFy"), small, sizeof small, &len));
}

/* Every accepted text is the one that we would write. */
static unsigned accept_if_written_so(const char text[4])
{
    uint8_t out[3];
    size_t len;
    char again[8];
    if (!base64_parse(bytes_of(text, 4), out, sizeof out, &len)) {
        return 0;
    }
    assert_memory_equal(base64_format(bytes_of(out, len), again, sizeof again), text, 4);
    return 1;
}

static void test_base64_is_unique(void **state)
{
    (void)state;
    static const char alphabet[] = "ABgwxyz019+/=";
    const size_t symbols = sizeof alphabet - 1;
    unsigned accepted = 0;
    for (size_t i = 0; i < symbols * symbols * symbols * symbols; i++) {
        char text[4] = {alphabet[i % symbols], alphabet[i / symbols % symbols],
                        alphabet[i / symbols / symbols % symbols],
                        alphabet[i / symbols / symbols / symbols]};
        accepted += accept_if_written_so(text);
    }
    assert_true(accepted > 1000);
    /* Any two bytes, at every place. */
    accepted = 0;
    for (unsigned i = 0; i < 0x10000; i++) {
        for (unsigned place = 0; place < 4; place++) {
            char text[4] = {'A', 'A', 'A', 'A'};
            text[place] = (char)(unsigned char)(i & 0xff);
            text[(place + 1) % 4] = (char)(unsigned char)(i >> 8);
            accepted += accept_if_written_so(text);
        }
    }
    /* 64 letters at both places; "AA==" and 16 of "AA?="; 64 of "?AA=". */
    assert_int_equal(accepted, 4 * 64 * 64 + 1 + 16 + 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_base64_is_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
