/* Heads: binary and text round trips, both signatures of a key change, the key id, and every
 * deviation of a signed note refused. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/checkpoint.h"
#include "proto/id.h"

#define GROUP "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define ORIGIN "satcha/" GROUP "/3"
#define ROOT "/v38+/r5+Pf29fTz8vHw7+7t7Ovq6ejn5uXk4+Lh4N8="
#define MARK "\xe2\x80\x94 "

static struct sign_key key;
static struct sign_key new_key;
static char signature_text[2][200]; /* the signature lines of key and new_key */

static struct head head_unsigned(void)
{
    struct head head;
    memset(&head, 0, sizeof head);
    for (unsigned i = 0; i < HASH_BYTES; i++) {
        head.group.bytes[i] = (uint8_t)i;
        head.root.bytes[i] = (uint8_t)(0xfe - i);
    }
    head.epoch = 3;
    head.size = 1205;
    return head;
}

static int make_keys(void **state)
{
    (void)state;
    uint8_t seed[SEED_BYTES] = {1};
    sign_key_from_seed(&key, seed);
    seed[0] = 2;
    sign_key_from_seed(&new_key, seed);
    struct head head = head_unsigned();
    head_sign(&head, &key);
    head_sign(&head, &new_key);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t record[KEY_ID_BYTES + SIGNATURE_BYTES];
        char base64[100];
        memcpy(record, head.signature[i].key_id, KEY_ID_BYTES);
        memcpy(record + KEY_ID_BYTES, head.signature[i].signature.bytes, SIGNATURE_BYTES);
        (void)snprintf(signature_text[i], sizeof signature_text[i], MARK ORIGIN " %s\n",
                       base64_format(bytes_of(record, sizeof record), base64, sizeof base64));
    }
    return 0;
}

static void test_text(void **state)
{
    (void)state;
    struct head head = head_unsigned();
    char text[HEAD_TEXT_MAX];
    struct bytes written = bytes_of(text, head_text(&head, text));
    assert_true(bytes_equal(written, bytes_of_text(ORIGIN "\n1205\n" ROOT "\n")));
    /* The longest that there is. */
    head.epoch = UINT32_MAX;
    head.size = UINT64_MAX;
    assert_true(head_text(&head, text) < HEAD_TEXT_MAX);
}

/* C2SP signed-note: SHA-256(name || 0x0A || 0x01 || public key), its first four bytes. */
static void test_key_id(void **state)
{
    (void)state;
    struct head head = head_unsigned();
    struct buffer input;
    struct hash digest;
    uint8_t key_id[KEY_ID_BYTES];
    buffer_init(&input, 0);
    buffer_print(&input, ORIGIN "\n\x01");
    buffer_append(&input, key.public_key.bytes, HASH_BYTES);
    hash_of(&digest, buffer_view(&input));
    head_key_id(&head, &key.public_key, key_id);
    assert_memory_equal(key_id, digest.bytes, KEY_ID_BYTES);
    buffer_free(&input);
}

static void test_signatures(void **state)
{
    (void)state;
    struct head head = head_unsigned();
    assert_int_equal(head_verify(&head, &key.public_key), E_SIGNATURE);
    head_sign(&head, &key);
    assert_int_equal(head_verify(&head, &key.public_key), OK);
    assert_int_equal(head_verify(&head, &new_key.public_key), E_SIGNATURE);
    head_sign(&head, &new_key);
    assert_int_equal(head.signature_count, 2);
    assert_int_equal(head_verify(&head, &key.public_key), OK);
    assert_int_equal(head_verify(&head, &new_key.public_key), OK);
    /* Whatever was signed binds. */
    struct head changed = head;
    changed.size++;
    assert_int_equal(head_verify(&changed, &key.public_key), E_SIGNATURE);
    changed = head;
    changed.epoch++;
    assert_int_equal(head_verify(&changed, &key.public_key), E_SIGNATURE);
    changed = head;
    changed.group.bytes[31] ^= 1;
    assert_int_equal(head_verify(&changed, &key.public_key), E_SIGNATURE);
    changed = head;
    changed.root.bytes[0] ^= 1;
    assert_int_equal(head_verify(&changed, &key.public_key), E_SIGNATURE);
    changed = head;
    changed.signature[0].key_id[0] ^= 1;
    assert_int_equal(head_verify(&changed, &key.public_key), E_SIGNATURE);
    assert_int_equal(head_verify(&changed, &new_key.public_key), OK);
}

static void assert_same_head(const struct head *a, const struct head *b)
{
    assert_true(hash_equal(&a->group, &b->group) && hash_equal(&a->root, &b->root));
    assert_true(a->epoch == b->epoch && a->size == b->size);
    assert_int_equal(a->signature_count, b->signature_count);
    assert_memory_equal(a->signature, b->signature, sizeof a->signature[0] * a->signature_count);
}

static void test_both_forms_come_back(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 0);
    for (unsigned count = 0; count <= HEAD_SIGNATURES_MAX; count++) {
        struct head head = head_unsigned();
        struct head again;
        if (count > 0) {
            head_sign(&head, &key);
        }
        if (count > 1) {
            head_sign(&head, &new_key);
        }
        buffer_clear(&out);
        head_pack(&out, &head);
        assert_true(bytes_is_canonical(buffer_view(&out), 1));
        struct cursor cursor = cursor_of(buffer_view(&out));
        head_read(&cursor, &again);
        assert_true(cursor_done(&cursor));
        assert_same_head(&again, &head);
        buffer_clear(&out);
        checkpoint_write(&out, &head);
        struct err err;
        if (count == 0) { /* a note has a signature */
            assert_int_equal(checkpoint_parse(buffer_view(&out), &again, &err), E_ENCODING);
        } else {
            assert_int_equal(checkpoint_parse(buffer_view(&out), &again, &err), OK);
            assert_same_head(&again, &head);
        }
    }
    buffer_free(&out);
}

/* --- binary: each field out of its range --- */

struct binary {
    size_t fields;
    size_t group_len;
    uint64_t epoch;
    uint64_t size;
    size_t root_len;
    size_t signatures_len;
};

static bool binary_is_read(struct binary form)
{
    static const uint8_t zeros[256];
    struct buffer out;
    struct head head;
    buffer_init(&out, 0);
    pack_array(&out, form.fields);
    pack_bin(&out, bytes_of(zeros, form.group_len));
    pack_uint(&out, form.epoch);
    pack_uint(&out, form.size);
    pack_bin(&out, bytes_of(zeros, form.root_len));
    pack_bin(&out, bytes_of(zeros, form.signatures_len));
    for (size_t i = 5; i < form.fields; i++) {
        pack_nil(&out);
    }
    struct cursor cursor = cursor_of(buffer_view(&out));
    head_read(&cursor, &head);
    bool read = cursor_done(&cursor);
    buffer_free(&out);
    return read;
}

static void test_malformed_binary(void **state)
{
    (void)state;
    const struct binary good = {5, 32, 0, 1, 32, 68};
    struct binary form = good;
    assert_true(binary_is_read(good));
    static const size_t signatures[] = {1, 67, 69, UINT64_C(3) * 68};
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        form.signatures_len = signatures[i];
        assert_false(binary_is_read(form));
    }
    form = good;
    form.fields = 4;
    assert_false(binary_is_read(form));
    form.fields = 6;
    assert_false(binary_is_read(form));
    form = good;
    form.group_len = 31;
    assert_false(binary_is_read(form));
    form = good;
    form.root_len = 33;
    assert_false(binary_is_read(form));
    form = good;
    form.epoch = UINT64_C(1) << 32;
    assert_false(binary_is_read(form));
    form = good;
    form.size = 0;
    assert_false(binary_is_read(form));
    form.size = LEDGER_SIZE_MAX + 1;
    assert_false(binary_is_read(form));
    form.size = LEDGER_SIZE_MAX;
    assert_true(binary_is_read(form));
}

/* --- text: each deviation --- */

static enum err_code parse(const char *note, struct head *head, struct err *err)
{
    return checkpoint_parse(bytes_of_text(note), head, err);
}

/* Refused, and the message names the line. */
static void assert_refused(const char *body, const char *signatures, unsigned line)
{
    char note[2048];
    char expected[32];
    struct head head;
    struct head untouched;
    struct err err;
    memset(&head, 0x5a, sizeof head);
    untouched = head;
    (void)snprintf(note, sizeof note, "%s%s", body, signatures);
    (void)snprintf(expected, sizeof expected, "line %u:", line);
    if (parse(note, &head, &err) != E_ENCODING || strstr(err.text, expected) == NULL) {
        fail_msg("expected a refusal of line %u: %s", line, note);
    }
    assert_memory_equal(&head, &untouched, sizeof head);
}

static void test_deviations_above_the_signatures(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        unsigned line;
    } cases[] = {
        {"", 1},
        {"Satcha/" GROUP "/3\n1205\n" ROOT "\n\n", 1},
        {"satcha/" GROUP "\n1205\n" ROOT "\n\n", 1},
        {"satcha/" GROUP "/\n1205\n" ROOT "\n\n", 1},
        {"satcha/" GROUP "/03\n1205\n" ROOT "\n\n", 1},
        {"satcha/" GROUP "/+3\n1205\n" ROOT "\n\n", 1},
        {"satcha/" GROUP "/4294967296\n1205\n" ROOT "\n\n", 1},
        {"satcha/" GROUP "/3/w\n1205\n" ROOT "\n\n", 1},
        {"satcha/" GROUP "0/3\n1205\n" ROOT "\n\n", 1},
        {"satcha/00010203/3\n1205\n" ROOT "\n\n", 1},
        {"satcha/000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F/3\n1205\n" ROOT
         "\n\n",
         1},
        {" " ORIGIN "\n1205\n" ROOT "\n\n", 1},
        {ORIGIN " \n1205\n" ROOT "\n\n", 1},
        {ORIGIN "\r\n1205\n" ROOT "\n\n", 1},
        {ORIGIN "\n0\n" ROOT "\n\n", 2},
        {ORIGIN "\n01205\n" ROOT "\n\n", 2},
        {ORIGIN "\n-1\n" ROOT "\n\n", 2},
        {ORIGIN "\n1205 \n" ROOT "\n\n", 2},
        {ORIGIN "\n1099511627777\n" ROOT "\n\n", 2},
        {ORIGIN "\n99999999999999999999999\n" ROOT "\n\n", 2},
        {ORIGIN "\n\n" ROOT "\n\n", 2},
        {ORIGIN "\n1205\n/v38\n\n", 3},
        {ORIGIN "\n1205\n/v38+/r5+Pf29fTz8vHw7+7t7Ovq6ejn5uXk4+Lh4N9=\n\n", 3},
        {ORIGIN "\n1205\n/v38+/r5+Pf29fTz8vHw7+7t7Ovq6ejn5uXk4+Lh4N8\n\n", 3},
        {ORIGIN "\n1205\n_v38-_r5-Pf29fTz8vHw7-7t7Ovq6ejn5uXk4-Lh4N8=\n\n", 3},
        {ORIGIN "\n1205\n" ROOT "AAAA\n\n", 3},
        {ORIGIN "\n1205\n" ROOT "\nextension\n\n", 4},
        {ORIGIN "\n1205\n" ROOT "\n", 4},
        {ORIGIN "\n1205\n" ROOT "\n\n\n", 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_refused(cases[i].body, signature_text[0], cases[i].line);
    }
}

static void test_deviations_of_signatures(void **state)
{
    (void)state;
    static const char body[] = ORIGIN "\n1205\n" ROOT "\n\n";
    static const char *const lines[] = {
        "",
        "\n",
        "- " ORIGIN " AAAAAAA=\n",           /* a hyphen */
        MARK "witness.example\n",            /* no signature */
        MARK " AAAAAAA=\n",                  /* no name */
        MARK "two  AAAAAAA=\n",              /* two spaces */
        MARK "a+b AAAAAAA=\n",               /* a plus in the name */
        MARK "\xff AAAAAAA=\n",              /* a name that is no text */
        MARK "witness.example AAAAAA==\n",   /* four bytes: a key id alone */
        MARK "witness.example AAAAAAA\n",    /* no padding */
        MARK "witness.example AAAAAAA= \n",  /* trailing space */
        MARK "witness.example AAAAAAA=\r\n", /* another line end */
        MARK ORIGIN " AAAAAAA=\n",           /* our name with another kind of signature */
        MARK "witness.example AAAAAAA=",     /* no line end */
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char two[512];
        assert_refused(body, lines[i], 5);
        (void)snprintf(two, sizeof two, "%s%s", signature_text[0], lines[i]);
        if (lines[i][0] != '\0') {
            assert_refused(body, two, 6);
        }
    }
}

static void test_signatures_of_others(void **state)
{
    (void)state;
    struct head head;
    struct err err;
    char note[4096];
    (void)snprintf(note, sizeof note,
                   ORIGIN "\n1205\n" ROOT "\n\n" MARK "satcha/" GROUP "/w AAAAAAA=\n%s" MARK
                          "witness.example AAAAAAAAAAAA\n%s",
                   signature_text[0], signature_text[1]);
    assert_int_equal(parse(note, &head, &err), OK);
    assert_int_equal(head.signature_count, 2);
    assert_int_equal(head_verify(&head, &key.public_key), OK);
    assert_int_equal(head_verify(&head, &new_key.public_key), OK);
    /* Three of ours are one too many. */
    (void)snprintf(note, sizeof note, ORIGIN "\n1205\n" ROOT "\n\n%s%s%s", signature_text[0],
                   signature_text[1], signature_text[0]);
    assert_int_equal(parse(note, &head, &err), E_SIGNATURE);
    for (unsigned others = NOTE_SIGNATURES_MAX - 1; others <= NOTE_SIGNATURES_MAX; others++) {
        struct buffer out;
        buffer_init(&out, 0);
        buffer_print(&out, ORIGIN "\n1205\n" ROOT "\n\n%s", signature_text[0]);
        for (unsigned i = 0; i < others; i++) {
            buffer_print(&out, MARK "witness%u AAAAAAA=\n", i);
        }
        assert_int_equal(checkpoint_parse(buffer_view(&out), &head, &err),
                         others < NOTE_SIGNATURES_MAX ? OK : E_ENCODING);
        buffer_free(&out);
    }
}

/* Any one byte changed: refused, or another head that the signature does not cover. */
static void test_any_changed_byte(void **state)
{
    (void)state;
    char note[512];
    int len = snprintf(note, sizeof note, ORIGIN "\n1205\n" ROOT "\n\n%s", signature_text[0]);
    assert_true(len > 0);
    for (size_t i = 0; i < (size_t)len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct head head;
            char kept = note[i];
            note[i] = (char)((unsigned char)note[i] ^ (1U << bit));
            if (checkpoint_parse(bytes_of(note, (size_t)len), &head, NULL) == OK) {
                assert_int_equal(head_verify(&head, &key.public_key), E_SIGNATURE);
            }
            note[i] = kept;
        }
        struct head head;
        assert_int_not_equal(checkpoint_parse(bytes_of(note, i), &head, NULL), OK);
    }
}

static void test_a_note_too_long(void **state)
{
    (void)state;
    struct buffer out;
    struct head head;
    struct err err;
    buffer_init(&out, 0);
    buffer_print(&out, ORIGIN "\n1205\n" ROOT "\n\n%s" MARK "long ", signature_text[0]);
    while (out.len <= NOTE_MAX_BYTES) {
        buffer_append(&out, "AAAA", 4);
    }
    buffer_append(&out, "\n", 1);
    assert_int_equal(checkpoint_parse(buffer_view(&out), &head, &err), E_ENCODING);
    assert_non_null(strstr(err.text, "at most 8192"));
    buffer_free(&out);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_key_id),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_both_forms_come_back),
        cmocka_unit_test(test_malformed_binary),
        cmocka_unit_test(test_deviations_above_the_signatures),
        cmocka_unit_test(test_deviations_of_signatures),
        cmocka_unit_test(test_signatures_of_others),
        cmocka_unit_test(test_any_changed_byte),
        cmocka_unit_test(test_a_note_too_long),
    };
    return cmocka_run_group_tests(tests, make_keys, NULL);
}
