/* Any bytes as a message: what decodes is read to its end and packs into the same bytes again (a
 * HELLO apart, whose later fields are skipped). */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void pack_items(struct message *message, struct buffer *out)
{
    struct map_item item;

    if (message->type == MESSAGE_LIST) {
        message_list_begin(out, message->more, message->count);
    } else {
        message_push_begin(out, message->count);
    }
    while (message_item(message, &item)) {
        map_item_pack(out, &item);
    }
}

static void pack_chain(struct message *message, struct buffer *out)
{
    struct link link;
    size_t left = message->count;

    message_chain_begin(out, &message->group, message->number, left);
    while (message_link(message, &link)) {
        link_pack(out, &link);
        left--;
    }
    assert(left == 0);
}

static void pack_refuse(const struct message *message, struct buffer *out)
{
    char text[REFUSAL_TEXT_MAX + 1] = {0};

    assert(message->text.len <= REFUSAL_TEXT_MAX);
    if (message->text.len > 0) {
        memcpy(text, message->text.data, message->text.len);
    }
    if (strlen(text) == message->text.len) { /* a text that holds a zero byte packs shorter */
        message_refuse(out, (enum err_code)message->code, text);
    }
}

static void walk_leaves(const struct chunk *chunk)
{
    struct bytes rest = chunk->leaves, leaf;
    bool failed = false;
    size_t total = 0;

    while (chunk_leaf(&rest, &leaf, &failed)) {
        total += leaf.len + 2;
    }
    assert(failed || total == chunk->leaves.len);
}

static void pack(struct message *message, struct buffer *out)
{
    switch (message->type) {
    case MESSAGE_HELLO:
        message_hello(out, &message->hello);
        break;
    case MESSAGE_REFUSE:
        pack_refuse(message, out);
        break;
    case MESSAGE_LIST:
    case MESSAGE_PUSH:
        pack_items(message, out);
        break;
    case MESSAGE_WANT:
        message_want(out, &message->want);
        break;
    case MESSAGE_CHAIN:
        pack_chain(message, out);
        break;
    case MESSAGE_HEAD:
        message_head(out, &message->head);
        break;
    case MESSAGE_CHUNK:
        walk_leaves(&message->chunk);
        message_chunk(out, &message->chunk);
        break;
    case MESSAGE_UNABLE:
        message_unable(out, &message->group, (enum err_code)message->code);
        break;
    case MESSAGE_CREDIT:
        message_credit(out, message->number);
        break;
    case MESSAGE_OWN:
        message_own(out, &message->starts);
        break;
    case MESSAGE_OWN_HEAD:
        message_own_head(out, message->has_own_head ? &message->head.head : NULL, &message->starts);
        break;
    case MESSAGE_PING:
        message_ping(out, message->number);
        break;
    case MESSAGE_PONG:
        message_pong(out, message->number);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message message;
    struct buffer out;
    enum message_type type;
    struct err err;

    crypto_init();
    if (message_decode(bytes_of(data, size), &message, &err) != OK) {
        return 0;
    }
    type = message.type;
    buffer_init(&out, 0);
    pack(&message, &out);
    assert(!out.failed);
    if (type != MESSAGE_HELLO && out.len > 0) {
        assert(bytes_equal(buffer_view(&out), bytes_of(data, size)));
    }
    buffer_free(&out);
    return 0;
}
