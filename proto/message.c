/* Reading messages: strict, in one pass, nothing allocated; what is read are views of the message.
 *
 *   array [type, field…]; one row per type in `rows` below, its layout in proto/message.h
 *   map item  | [tag bin 8, epoch uint, size uint, root bin 32] |
 *   link      | [head, leaf bin, inclusion bin 32 n, consistency bin 32 n] |
 *   leaves    | count times: length u16 BE, leaf |
 *
 * Lists of items and links are walked once here, so that a message that decodes can be read to
 * its end without a failure in the middle. */
#include "proto/message.h"

#include <string.h>

enum {
    MESSAGE_FIELDS_MAX = 16,
    HELLO_FIELDS = 7, /* a later version may add fields behind these */
    ITEM_FIELDS = 4,
    LINK_FIELDS = 4,
    CODE_MAX = 65535
};

_Static_assert(CHUNK_MAX_BYTES + 8192 == MESSAGE_MAX_BYTES, "a chunk, its header and its proof");
_Static_assert(CHUNK_MAX_BYTES >= 2 + ENTRY_MAX_BYTES, "the largest leaf fits in a chunk");

static void read_hash(struct cursor *cursor, struct hash *out)
{
    cursor_bin_exact(cursor, out->bytes, HASH_BYTES);
}

static void require(struct cursor *cursor, bool condition)
{
    if (!condition) {
        cursor_fail(cursor);
    }
}

/* --- parts --- */

static bool read_item(struct cursor *cursor, struct map_item *item)
{
    memset(item, 0, sizeof *item);
    require(cursor, cursor_array(cursor, ITEM_FIELDS) == ITEM_FIELDS);
    cursor_bin_exact(cursor, item->group.bytes, GROUP_TAG_BYTES);
    item->epoch = (uint32_t)cursor_uint_max(cursor, UINT32_MAX);
    item->size = cursor_uint(cursor);
    read_hash(cursor, &item->root);
    /* 2^64-1 stands for a frozen ledger, with the highest epoch. */
    require(cursor, item->size <= LEDGER_SIZE_MAX ||
                        (item->size == UINT64_MAX && item->epoch == UINT32_MAX));
    require(cursor, item->size > 0 || (item->epoch == 0 && hash_is_zero(&item->root)));
    return !cursor->failed;
}

bool link_read(struct cursor *cursor, struct link *link)
{
    require(cursor, cursor_array(cursor, LINK_FIELDS) == LINK_FIELDS);
    head_read(cursor, &link->head);
    link->leaf = cursor_bin(cursor);
    require(cursor, link->leaf.len >= 1 && link->leaf.len <= ENTRY_MAX_BYTES);
    merkle_proof_read(cursor, &link->inclusion);
    merkle_proof_read(cursor, &link->consistency);
    return !cursor->failed;
}

bool message_item(struct message *message, struct map_item *item)
{
    if (message->count == 0) {
        return false;
    }
    message->count--;
    return read_item(&message->items, item);
}

bool message_link(struct message *message, struct link *link)
{
    if (message->count == 0) {
        return false;
    }
    message->count--;
    return link_read(&message->items, link);
}

bool chunk_leaf(struct bytes *rest, struct bytes *leaf, bool *failed)
{
    size_t len;

    if (rest->len == 0) {
        return false;
    }
    len = rest->len >= 2 ? (size_t)bytes_get_number(rest->data, 2) : 0;
    if (rest->len < 2 || rest->len - 2 < len) {
        *failed = true;
        return false;
    }
    *leaf = bytes_of(rest->data + 2, len);
    *rest = bytes_of(rest->data + 2 + len, rest->len - 2 - len);
    return true;
}

void chunk_leaf_add(struct buffer *leaves, struct bytes leaf)
{
    uint8_t length[2];

    bytes_put_number(length, leaf.len, sizeof length);
    buffer_append(leaves, length, sizeof length);
    buffer_append(leaves, leaf.data, leaf.len);
}

/* --- one reader for each type --- */

static void read_hello(struct cursor *cursor, struct message *message)
{
    struct hello *hello = &message->hello;

    hello->version_min = cursor_uint(cursor);
    hello->version_max = cursor_uint(cursor);
    hello->features = cursor_uint(cursor);
    hello->time_ms = cursor_uint_max(cursor, TIME_MAX_MS);
    hello->network_size = cursor_uint(cursor);
    read_hash(cursor, &hello->digest);
    require(cursor, hello->version_min <= hello->version_max);
    require(cursor, hello->network_size <= LEDGER_SIZE_MAX || hello->network_size == UINT64_MAX);
}

static void read_refuse(struct cursor *cursor, struct message *message)
{
    message->code = (unsigned)cursor_uint_max(cursor, CODE_MAX);
    message->text = cursor_str(cursor, REFUSAL_TEXT_MAX);
}

static void read_items(struct cursor *cursor, struct message *message)
{
    struct map_item item;

    message->count = cursor_array(cursor, LIST_PAGE_ITEMS);
    message->items = *cursor;
    for (size_t i = 0; i < message->count && read_item(cursor, &item); i++) {
        continue;
    }
}

static void read_list(struct cursor *cursor, struct message *message)
{
    message->more = cursor_bool(cursor);
    read_items(cursor, message);
}

static void read_want(struct cursor *cursor, struct message *message)
{
    read_hash(cursor, &message->want.group);
    message->want.epoch = (uint32_t)cursor_uint_max(cursor, UINT32_MAX);
    message->want.have = cursor_uint_max(cursor, LEDGER_SIZE_MAX);
    message->want.links = cursor_uint_max(cursor, KEY_CHAIN_MAX);
}

static void read_chain(struct cursor *cursor, struct message *message)
{
    struct link link;

    read_hash(cursor, &message->group);
    message->number = cursor_uint_max(cursor, KEY_CHAIN_MAX);
    message->count = cursor_array(cursor, KEY_CHAIN_MAX);
    require(cursor, message->count > 0);
    message->items = *cursor;
    for (size_t i = 0; i < message->count && link_read(cursor, &link); i++) {
        continue;
    }
}

static void read_head(struct cursor *cursor, struct message *message)
{
    struct head_answer *answer = &message->head;

    head_read(cursor, &answer->head);
    answer->have = cursor_uint_max(cursor, LEDGER_SIZE_MAX);
    answer->has_root = !cursor_nil(cursor);
    if (answer->has_root) {
        read_hash(cursor, &answer->root_at_have);
    }
    merkle_proof_read(cursor, &answer->proof);
    require(cursor, answer->head.size >= 1 && answer->head.size <= LEDGER_SIZE_MAX);
    require(cursor, answer->has_root == (answer->have > 0 && answer->have <= answer->head.size));
    require(cursor, answer->has_root || answer->proof.count == 0);
}

static void read_chunk(struct cursor *cursor, struct message *message)
{
    struct chunk *chunk = &message->chunk;

    read_hash(cursor, &chunk->group);
    chunk->start = cursor_uint_max(cursor, LEDGER_SIZE_MAX);
    chunk->head_size = cursor_uint_max(cursor, LEDGER_SIZE_MAX);
    chunk->count = cursor_uint_max(cursor, CHUNK_LEAVES_MAX);
    chunk->leaves = cursor_bin(cursor);
    merkle_proof_read(cursor, &chunk->proof);
    require(cursor, chunk->count >= 1 && chunk->leaves.len >= 2 * chunk->count);
    require(cursor, chunk->leaves.len <= CHUNK_MAX_BYTES);
    require(cursor, chunk->start + chunk->count <= chunk->head_size);
}

static void read_unable(struct cursor *cursor, struct message *message)
{
    read_hash(cursor, &message->group);
    message->code = (unsigned)cursor_uint_max(cursor, CODE_MAX);
}

static void read_number(struct cursor *cursor, struct message *message)
{
    message->number = cursor_uint(cursor);
}

static void read_own(struct cursor *cursor, struct message *message)
{
    start_count_read(cursor, &message->starts);
}

static void read_own_head(struct cursor *cursor, struct message *message)
{
    message->has_own_head = !cursor_nil(cursor);
    if (message->has_own_head) {
        head_read(cursor, &message->head.head);
    }
    start_count_read(cursor, &message->starts);
}

struct row {
    enum message_type type;
    const char *name;
    size_t fields; /* with the type itself */
    void (*read)(struct cursor *cursor, struct message *message);
};

static const struct row rows[] = {
    {MESSAGE_HELLO, "HELLO", HELLO_FIELDS, read_hello},
    {MESSAGE_REFUSE, "REFUSE", 3, read_refuse},
    {MESSAGE_LIST, "LIST", 3, read_list},
    {MESSAGE_PUSH, "PUSH", 2, read_items},
    {MESSAGE_WANT, "WANT", 5, read_want},
    {MESSAGE_CHAIN, "CHAIN", 4, read_chain},
    {MESSAGE_HEAD, "HEAD", 5, read_head},
    {MESSAGE_CHUNK, "CHUNK", 7, read_chunk},
    {MESSAGE_UNABLE, "UNABLE", 3, read_unable},
    {MESSAGE_CREDIT, "CREDIT", 2, read_number},
    {MESSAGE_OWN, "OWN", 2, read_own},
    {MESSAGE_OWN_HEAD, "OWN_HEAD", 3, read_own_head},
    {MESSAGE_PING, "PING", 2, read_number},
    {MESSAGE_PONG, "PONG", 2, read_number},
};

static const struct row *find_row(uint64_t type)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((uint64_t)rows[i].type == type) {
            return &rows[i];
        }
    }
    return NULL;
}

enum err_code message_decode(struct bytes bytes, struct message *message, struct err *err)
{
    struct cursor cursor = cursor_of(bytes);
    size_t fields = cursor_array(&cursor, MESSAGE_FIELDS_MAX);
    uint64_t type = cursor_uint(&cursor);
    const struct row *row = find_row(type);

    if (cursor.failed) {
        return err_set(err, E_FRAME,
                       "a message of %zu bytes is not an array that opens with its type",
                       bytes.len);
    }
    if (row == NULL && type % 2 == 1) {
        return err_set(err, E_NOT_YET, "message type %llu is unknown here and may be skipped",
                       (unsigned long long)type);
    }
    if (row == NULL) {
        return err_set(err, E_FRAME, "message type %llu is unknown here: upgrade satcha",
                       (unsigned long long)type);
    }
    message->type = row->type;
    message->count = 0;
    row->read(&cursor, message);
    if (row->type == MESSAGE_HELLO) {
        for (size_t i = HELLO_FIELDS; i < fields; i++) {
            cursor_skip(&cursor, ENTRY_DEPTH_MAX);
        }
        require(&cursor, fields >= HELLO_FIELDS);
    } else {
        require(&cursor, fields == row->fields);
    }
    if (!cursor_done(&cursor)) {
        return err_set(err, E_FRAME, "a %s message of %zu bytes is malformed", row->name,
                       bytes.len);
    }
    return OK;
}
