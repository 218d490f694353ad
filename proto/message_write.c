/* Writing messages: the mirror of message.c, one function for each type; layouts stand in
 * proto/message.h. A failure (memory, limit) stays in the buffer, which the caller checks once. */
#include "proto/message.h"

static void begin(struct buffer *out, enum message_type type, size_t fields)
{
    pack_array(out, fields);
    pack_uint(out, type);
}

void link_pack(struct buffer *out, const struct link *link)
{
    pack_array(out, 4);
    head_pack(out, &link->head);
    pack_bin(out, link->leaf);
    merkle_proof_pack(out, &link->inclusion);
    merkle_proof_pack(out, &link->consistency);
}

void message_hello(struct buffer *out, const struct hello *hello)
{
    begin(out, MESSAGE_HELLO, 7);
    pack_uint(out, hello->version_min);
    pack_uint(out, hello->version_max);
    pack_uint(out, hello->features);
    pack_uint(out, hello->time_ms);
    pack_uint(out, hello->network_size);
    pack_bin(out, hash_view(&hello->digest));
}

/* At most REFUSAL_TEXT_MAX bytes, cut at a character boundary. */
void message_refuse(struct buffer *out, enum err_code code, const char *text)
{
    size_t len = bytes_cut(bytes_of_text(text), REFUSAL_TEXT_MAX);

    begin(out, MESSAGE_REFUSE, 3);
    pack_uint(out, code);
    pack_str(out, bytes_of(text, len));
}

void message_list_begin(struct buffer *out, bool more, size_t count)
{
    begin(out, MESSAGE_LIST, 3);
    pack_bool(out, more);
    pack_array(out, count);
}

void message_push_begin(struct buffer *out, size_t count)
{
    begin(out, MESSAGE_PUSH, 2);
    pack_array(out, count);
}

void map_item_pack(struct buffer *out, const struct map_item *item)
{
    pack_array(out, 4);
    pack_bin(out, bytes_of(item->group.bytes, GROUP_TAG_BYTES));
    pack_uint(out, item->epoch);
    pack_uint(out, item->size);
    pack_bin(out, hash_view(&item->root));
}

void message_want(struct buffer *out, const struct want *want)
{
    begin(out, MESSAGE_WANT, 5);
    pack_bin(out, hash_view(&want->group));
    pack_uint(out, want->epoch);
    pack_uint(out, want->have);
    pack_uint(out, want->links);
}

void message_chain_begin(struct buffer *out, const struct hash *group, uint64_t first, size_t count)
{
    begin(out, MESSAGE_CHAIN, 4);
    pack_bin(out, hash_view(group));
    pack_uint(out, first);
    pack_array(out, count);
}

void message_head(struct buffer *out, const struct head_answer *answer)
{
    begin(out, MESSAGE_HEAD, 5);
    head_pack(out, &answer->head);
    pack_uint(out, answer->have);
    if (answer->has_root) {
        pack_bin(out, hash_view(&answer->root_at_have));
    } else {
        pack_nil(out);
    }
    merkle_proof_pack(out, &answer->proof);
}

void message_chunk(struct buffer *out, const struct chunk *chunk)
{
    begin(out, MESSAGE_CHUNK, 7);
    pack_bin(out, hash_view(&chunk->group));
    pack_uint(out, chunk->start);
    pack_uint(out, chunk->head_size);
    pack_uint(out, chunk->count);
    pack_bin(out, chunk->leaves);
    merkle_proof_pack(out, &chunk->proof);
}

void message_unable(struct buffer *out, const struct hash *group, enum err_code code)
{
    begin(out, MESSAGE_UNABLE, 3);
    pack_bin(out, hash_view(group));
    pack_uint(out, code);
}

static void write_number(struct buffer *out, enum message_type type, uint64_t number)
{
    begin(out, type, 2);
    pack_uint(out, number);
}

void message_credit(struct buffer *out, uint64_t bytes)
{
    write_number(out, MESSAGE_CREDIT, bytes);
}

void message_own(struct buffer *out, const struct start_count *starts)
{
    begin(out, MESSAGE_OWN, 2);
    start_count_pack(out, starts);
}

void message_own_head(struct buffer *out, const struct head *head, const struct start_count *starts)
{
    begin(out, MESSAGE_OWN_HEAD, 3);
    if (head == NULL) {
        pack_nil(out);
    } else {
        head_pack(out, head);
    }
    start_count_pack(out, starts);
}

void message_ping(struct buffer *out, uint64_t number)
{
    write_number(out, MESSAGE_PING, number);
}

void message_pong(struct buffer *out, uint64_t number)
{
    write_number(out, MESSAGE_PONG, number);
}
