/* Any bytes as a signed note: refused with a reason, or a head whose own text parses to the same
 * head. And the same bytes as a head on the wire. */
#include <assert.h>
#include <string.h>

#include "proto/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_head(const struct head *a, const struct head *b)
{
    assert(hash_equal(&a->group, &b->group) && a->epoch == b->epoch && a->size == b->size);
    assert(hash_equal(&a->root, &b->root) && a->signature_count == b->signature_count);
    for (unsigned i = 0; i < a->signature_count; i++) {
        assert(memcmp(&a->signature[i], &b->signature[i], sizeof a->signature[i]) == 0);
    }
}

static void as_text(struct bytes bytes)
{
    struct head head;
    struct head again;
    struct err err;
    struct buffer text;
    if (checkpoint_parse(bytes, &head, &err) != OK) {
        assert(err.text[0] != '\0');
        return;
    }
    assert(head.signature_count <= HEAD_SIGNATURES_MAX);
    if (head.signature_count == 0) {
        return; /* only lines of others: a note of ours has one of ours */
    }
    buffer_init(&text, 0);
    checkpoint_write(&text, &head);
    enum err_code code = checkpoint_parse(buffer_view(&text), &again, &err);
    assert(code == OK);
    same_head(&head, &again);
    buffer_free(&text);
}

static void as_binary(struct bytes bytes)
{
    struct head head;
    struct buffer packed;
    struct cursor cursor = cursor_of(bytes);
    head_read(&cursor, &head);
    if (!cursor_done(&cursor)) {
        return;
    }
    buffer_init(&packed, 0);
    head_pack(&packed, &head);
    assert(bytes_equal(buffer_view(&packed), bytes));
    buffer_free(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    crypto_init();
    as_text(bytes_of(data, size));
    as_binary(bytes_of(data, size));
    return 0;
}
