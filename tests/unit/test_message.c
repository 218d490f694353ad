/* Messages: each type there and back, cut at every byte, with a byte too many, with every bit
 * flipped; and the claims that a well-formed message must not make. */
#include "tests/lib/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "proto/message.h"

static struct hash filled(uint8_t byte)
{
    struct hash hash;

    memset(hash.bytes, byte, sizeof hash.bytes);
    return hash;
}

static struct merkle_proof proof_of(unsigned count)
{
    struct merkle_proof proof = {.count = count};

    for (unsigned i = 0; i < count; i++) {
        proof.node[i] = filled((uint8_t)i);
    }
    return proof;
}

static struct head head_of(uint64_t size)
{
    struct head head = {.group = filled(1),
                        .epoch = 3,
                        .size = size,
                        .root = filled(2),
                        .signature_count = 2};

    memset(&head.signature[0], 0x5a, sizeof head.signature[0]);
    memset(&head.signature[1], 0xa5, sizeof head.signature[1]);
    return head;
}

static const struct map_item items[] = {
    {{{9, 8, 7, 6, 5, 4, 3, 2}}, 0, 0, {{0}}},
    {{{1, 2, 3, 4, 5, 6, 7, 8}}, 2, 1234567, {{1}}},
    {{{1, 1, 1, 1, 1, 1, 1, 1}}, UINT32_MAX, UINT64_MAX, {{2}}},
};

static const uint8_t leaf_bytes[] = {0, 3, 'a', 'b', 'c', 0, 1, 'd', 0, 0};

static void write_hello(struct buffer *out)
{
    const struct hello hello = {1, 4, 5, TIME_MAX_MS, LEDGER_SIZE_MAX, filled(7)};

    message_hello(out, &hello);
}

static void write_refuse(struct buffer *out)
{
    message_refuse(out, E_VERSION, "ไม่มีรุ่นที่ตรงกัน");
}

static void write_list(struct buffer *out)
{
    message_list_begin(out, true, 3);
    for (size_t i = 0; i < 3; i++) {
        map_item_pack(out, &items[i]);
    }
}

static void write_push(struct buffer *out)
{
    message_push_begin(out, 1);
    map_item_pack(out, &items[1]);
}

static void write_want(struct buffer *out)
{
    const struct want want = {filled(4), 9, WANT_STOP, 17};

    message_want(out, &want);
}

static void write_chain(struct buffer *out)
{
    const struct hash group = filled(1);
    struct link link = {head_of(20), bytes_of(leaf_bytes, 5), proof_of(4), proof_of(2)};

    message_chain_begin(out, &group, 3, 2);
    link_pack(out, &link);
    link.head.signature_count = 0;
    link.inclusion.count = 0;
    link_pack(out, &link);
}

static void write_head(struct buffer *out)
{
    const struct head_answer answer = {head_of(100), 60, true, filled(6), proof_of(7)};

    message_head(out, &answer);
}

static void write_bare_head(struct buffer *out)
{
    const struct head_answer answer = {.head = head_of(100), .have = 101};

    message_head(out, &answer);
}

static void write_chunk(struct buffer *out)
{
    const struct chunk chunk = {filled(1),  256, 1000, 3, bytes_of(leaf_bytes, sizeof leaf_bytes),
                                proof_of(5)};

    message_chunk(out, &chunk);
}

static void write_unable(struct buffer *out)
{
    const struct hash group = filled(8);

    message_unable(out, &group, E_FORKED);
}

static void write_credit(struct buffer *out)
{
    message_credit(out, 262144);
}

static void write_own(struct buffer *out)
{
    struct start_count starts = {.starts = 1};
    message_own(out, &starts);
}

static void write_own_head(struct buffer *out)
{
    struct head head = {.epoch = 7, .size = 1234567, .signature_count = 1};
    struct start_count starts = {.starts = 77};
    message_own_head(out, &head, &starts);
}

static void write_ping(struct buffer *out)
{
    message_ping(out, UINT64_MAX);
}

static void write_pong(struct buffer *out)
{
    message_pong(out, 0);
}

static void (*const writers[])(struct buffer *out) = {write_hello,  write_refuse, write_list,
                                                      write_push,   write_want,   write_chain,
                                                      write_head,   write_chunk,  write_own,
                                                      write_unable, write_credit, write_own_head,
                                                      write_ping,   write_pong,   write_bare_head};
enum { WRITERS = sizeof writers / sizeof writers[0] };

/* Reads a message to its end, as a session does. */
static enum err_code read_all(struct bytes bytes, struct message *message)
{
    struct map_item item;
    struct link link;
    enum err_code code = message_decode(bytes, message, NULL);

    if (code != OK) {
        return code;
    }
    if (message->type == MESSAGE_CHAIN) {
        for (size_t left = message->count; left > 0; left--) {
            assert_true(message_link(message, &link));
        }
        assert_false(message_link(message, &link));
    } else if (message->count > 0) {
        for (size_t left = message->count; left > 0; left--) {
            assert_true(message_item(message, &item));
        }
        assert_false(message_item(message, &item));
    }
    return OK;
}

static struct message decoded(void (*write)(struct buffer *), struct buffer *bytes)
{
    struct message message;

    buffer_init(bytes, 0);
    write(bytes);
    assert_false(bytes->failed);
    assert_int_equal(message_decode(buffer_view(bytes), &message, NULL), OK);
    return message;
}

static void test_hello_refuse_want(void **state)
{
    struct buffer bytes;
    struct message message = decoded(write_hello, &bytes);
    const struct hash seven = filled(7), four = filled(4);

    (void)state;
    assert_int_equal(message.type, MESSAGE_HELLO);
    assert_int_equal(message.hello.version_max, 4);
    assert_int_equal(message.hello.features, 5);
    assert_true(message.hello.time_ms == TIME_MAX_MS);
    assert_true(message.hello.network_size == LEDGER_SIZE_MAX);
    assert_true(hash_equal(&message.hello.digest, &seven));
    buffer_free(&bytes);
    message = decoded(write_refuse, &bytes);
    assert_int_equal(message.code, E_VERSION);
    assert_true(bytes_equal(message.text, bytes_of_text("ไม่มีรุ่นที่ตรงกัน")));
    buffer_free(&bytes);
    message = decoded(write_want, &bytes);
    assert_true(hash_equal(&message.want.group, &four));
    assert_int_equal(message.want.epoch, 9);
    assert_true(message.want.have == WANT_STOP);
    assert_int_equal(message.want.links, 17);
    buffer_free(&bytes);
}

static void test_items(void **state)
{
    struct buffer bytes;
    struct message message = decoded(write_list, &bytes);
    struct map_item item;

    (void)state;
    assert_true(message.more);
    assert_int_equal(message.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(message_item(&message, &item));
        assert_memory_equal(item.group.bytes, items[i].group.bytes, GROUP_TAG_BYTES);
        assert_int_equal(item.epoch, items[i].epoch);
        assert_true(item.size == items[i].size);
        assert_true(hash_equal(&item.root, &items[i].root));
    }
    assert_false(message_item(&message, &item));
    buffer_free(&bytes);
    message = decoded(write_push, &bytes);
    assert_int_equal(message.count, 1);
    buffer_free(&bytes);
}

static void test_chain_head_chunk(void **state)
{
    struct buffer bytes;
    struct message message = decoded(write_chain, &bytes);
    struct link link;
    const struct hash six = filled(6);

    (void)state;
    assert_int_equal(message.number, 3);
    assert_int_equal(message.count, 2);
    assert_true(message_link(&message, &link));
    assert_int_equal(link.head.size, 20);
    assert_int_equal(link.head.signature_count, 2);
    assert_int_equal(link.inclusion.count, 4);
    assert_int_equal(link.consistency.count, 2);
    assert_int_equal(link.leaf.len, 5);
    assert_true(message_link(&message, &link));
    assert_int_equal(link.head.signature_count, 0);
    buffer_free(&bytes);
    message = decoded(write_head, &bytes);
    assert_int_equal(message.head.have, 60);
    assert_true(message.head.has_root);
    assert_true(hash_equal(&message.head.root_at_have, &six));
    assert_int_equal(message.head.proof.count, 7);
    buffer_free(&bytes);
    message = decoded(write_chunk, &bytes);
    assert_int_equal(message.chunk.start, 256);
    assert_int_equal(message.chunk.head_size, 1000);
    assert_int_equal(message.chunk.count, 3);
    assert_int_equal(message.chunk.leaves.len, sizeof leaf_bytes);
    assert_int_equal(message.chunk.proof.count, 5);
    buffer_free(&bytes);
}

static void test_numbers(void **state)
{
    struct buffer bytes;
    struct message message = decoded(write_unable, &bytes);

    (void)state;
    assert_int_equal(message.code, E_FORKED);
    buffer_free(&bytes);
    message = decoded(write_credit, &bytes);
    assert_int_equal(message.number, 262144);
    buffer_free(&bytes);
    message = decoded(write_own_head, &bytes);
    assert_true(message.has_own_head);
    assert_int_equal(message.head.head.size, 1234567);
    assert_int_equal(message.starts.starts, 77);
    buffer_free(&bytes);
    message = decoded(write_ping, &bytes);
    assert_true(message.number == UINT64_MAX);
    buffer_free(&bytes);
}

static void test_every_truncation_and_trailing_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < WRITERS; i++) {
        struct buffer bytes;
        struct message message;

        buffer_init(&bytes, 0);
        writers[i](&bytes);
        assert_int_equal(read_all(buffer_view(&bytes), &message), OK);
        for (size_t len = 0; len < bytes.len; len++) {
            uint8_t *exact = malloc(len + 1); /* so that a sanitizer sees a read past the end */

            assert_non_null(exact);
            memcpy(exact, bytes.data, len);
            assert_int_equal(message_decode(bytes_of(exact, len), &message, NULL), E_FRAME);
            free(exact);
        }
        buffer_append(&bytes, "", 1);
        assert_int_equal(message_decode(buffer_view(&bytes), &message, NULL), E_FRAME);
        buffer_free(&bytes);
    }
}

/* Nothing that a flipped bit makes of a message is read past its end or asserted away. */
static void test_every_bit_flip(void **state)
{
    unsigned decoded_count = 0, refused = 0;

    (void)state;
    for (size_t i = 0; i < WRITERS; i++) {
        struct buffer bytes;
        struct message message;

        buffer_init(&bytes, 0);
        writers[i](&bytes);
        for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
            bytes.data[bit / 8] ^= (uint8_t)(1U << (bit % 8));
            if (read_all(buffer_view(&bytes), &message) == OK) {
                decoded_count++;
            } else {
                refused++;
            }
            bytes.data[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        }
        buffer_free(&bytes);
    }
    print_message("bit flips: %u still decode, %u refused\n", decoded_count, refused);
    assert_true(refused > 0);
}

static void assert_code(const void *bytes, size_t len, enum err_code code)
{
    struct message message;
    struct err err = {.code = OK};

    assert_int_equal(message_decode(bytes_of(bytes, len), &message, &err), code);
    assert_int_equal(err.code, code);
}

static void test_types_and_shapes(void **state)
{
    (void)state;
    assert_code("\x92\x14\xc0", 3, OK);    /* OWN, no start count */
    assert_code("\x91\x15", 2, E_NOT_YET); /* 21: odd, to be skipped */
    assert_code("\x93\x1b\xc0\xc0", 4, E_NOT_YET);
    assert_code("\x91\x1c", 2, E_FRAME); /* 28: even */
    assert_code("\x91\x00", 2, E_FRAME);
    assert_code("\x92\x14\x00", 3, E_FRAME); /* OWN with a number */
    assert_code("\x91\x14", 2, E_FRAME);
    assert_code("\x90", 1, E_FRAME);
    assert_code("\x91\xcc\x14", 3, E_FRAME); /* not the shortest 20 */
    assert_code("\x82\x18\x00", 3, E_FRAME); /* a map */
    assert_code("\x92\x18\xff", 3, E_FRAME); /* PING -1 */
    assert_code("", 0, E_FRAME);
}

/* A later version's HELLO has more fields, which are skipped; fewer are refused. */
static void test_hello_of_a_later_version(void **state)
{
    struct buffer bytes;
    struct message message;

    (void)state;
    buffer_init(&bytes, 0);
    write_hello(&bytes);
    bytes.data[0] = 0x99;
    buffer_append(&bytes, "\x93\x01\xa1z\xc0\xc3", 6);
    assert_int_equal(message_decode(buffer_view(&bytes), &message, NULL), OK);
    assert_int_equal(message.hello.version_max, 4);
    bytes.data[bytes.len - 1] = 0xc1;
    assert_int_equal(message_decode(buffer_view(&bytes), &message, NULL), E_FRAME);
    buffer_free(&bytes);
}

static void assert_written(const struct buffer *bytes, enum err_code code)
{
    struct message message;

    assert_int_equal(message_decode(buffer_view(bytes), &message, NULL), code);
}

static void check_chunk(struct chunk chunk, enum err_code code)
{
    struct buffer bytes;

    buffer_init(&bytes, 0);
    message_chunk(&bytes, &chunk);
    assert_written(&bytes, code);
    buffer_free(&bytes);
}

static void test_impossible_claims(void **state)
{
    const struct chunk fine = {filled(1),   256, 259, 3, bytes_of(leaf_bytes, sizeof leaf_bytes),
                               {.count = 0}};
    struct chunk chunk = fine;
    struct head_answer answer = {.head = head_of(100), .have = 50};
    struct buffer bytes;
    uint8_t *large = calloc(1, CHUNK_MAX_BYTES + 1);

    (void)state;
    check_chunk(chunk, OK);
    chunk.count = 4; /* past its head */
    check_chunk(chunk, E_FRAME);
    chunk = fine;
    chunk.count = 0;
    check_chunk(chunk, E_FRAME);
    chunk.count = 60; /* more leaves than bytes can hold */
    chunk.head_size = 1000;
    check_chunk(chunk, E_FRAME);
    chunk = fine;
    chunk.start = LEDGER_SIZE_MAX + 1;
    check_chunk(chunk, E_FRAME);
    chunk = fine;
    chunk.leaves = bytes_of(large, CHUNK_MAX_BYTES);
    check_chunk(chunk, OK);
    chunk.leaves.len++;
    check_chunk(chunk, E_FRAME);
    free(large);
    buffer_init(&bytes, 0);
    message_head(&bytes, &answer); /* no root although there is something to prove */
    assert_written(&bytes, E_FRAME);
    buffer_clear(&bytes);
    answer.have = 101;
    answer.has_root = true;
    message_head(&bytes, &answer);
    assert_written(&bytes, E_FRAME);
    buffer_free(&bytes);
}

static void test_leaves(void **state)
{
    struct bytes rest = bytes_of(leaf_bytes, sizeof leaf_bytes), leaf;
    bool failed = false;

    (void)state;
    assert_true(chunk_leaf(&rest, &leaf, &failed));
    assert_true(bytes_equal(leaf, bytes_of_text("abc")));
    assert_true(chunk_leaf(&rest, &leaf, &failed));
    assert_true(bytes_equal(leaf, bytes_of_text("d")));
    assert_true(chunk_leaf(&rest, &leaf, &failed));
    assert_int_equal(leaf.len, 0);
    assert_false(chunk_leaf(&rest, &leaf, &failed));
    assert_false(failed);
    for (size_t len = 1; len < 5; len++) {
        rest = bytes_of(leaf_bytes, len);
        failed = false;
        assert_false(chunk_leaf(&rest, &leaf, &failed));
        assert_true(failed);
    }
}

static void test_long_refusal_is_cut_at_a_character(void **state)
{
    char text[3 * 90 + 1];
    struct buffer bytes;
    struct message message;

    (void)state;
    for (size_t i = 0; i < 90; i++) {
        memcpy(text + 3 * i, "ก", 3);
    }
    text[sizeof text - 1] = '\0';
    buffer_init(&bytes, 0);
    message_refuse(&bytes, E_CAP, text);
    assert_int_equal(message_decode(buffer_view(&bytes), &message, NULL), OK);
    assert_int_equal(message.text.len, 198);
    buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello_refuse_want),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_chain_head_chunk),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_every_truncation_and_trailing_byte),
        cmocka_unit_test(test_every_bit_flip),
        cmocka_unit_test(test_types_and_shapes),
        cmocka_unit_test(test_hello_of_a_later_version),
        cmocka_unit_test(test_impossible_claims),
        cmocka_unit_test(test_leaves),
        cmocka_unit_test(test_long_refusal_is_cut_at_a_character),
    };

    crypto_init();
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
