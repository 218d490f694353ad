/* Writing canonical MessagePack: msgpack-c's packer over our buffer. It takes the shortest form of
 * every number and length, and the uint family for non-negative numbers, which is canonical form
 * as docs/protocol.md has it; the tests hold it to that. */
#include "proto/bytes.h"

#include <string.h>

#include <msgpack/pack.h>

/* Failure stays in the buffer (sticky), so the packer is always told that all is well. */
static int write_to_buffer(void *data, const char *bytes, size_t len)
{
    buffer_append(data, bytes, len);
    return 0;
}

static msgpack_packer packer_of(struct buffer *out)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, write_to_buffer);
    return packer;
}

void pack_nil(struct buffer *out)
{
    msgpack_packer packer = packer_of(out);
    (void)msgpack_pack_nil(&packer);
}

void pack_bool(struct buffer *out, bool value)
{
    msgpack_packer packer = packer_of(out);
    (void)(value ? msgpack_pack_true(&packer) : msgpack_pack_false(&packer));
}

void pack_uint(struct buffer *out, uint64_t value)
{
    msgpack_packer packer = packer_of(out);
    (void)msgpack_pack_uint64(&packer, value);
}

void pack_int(struct buffer *out, int64_t value)
{
    msgpack_packer packer = packer_of(out);
    (void)msgpack_pack_int64(&packer, value);
}

void pack_bin(struct buffer *out, struct bytes value)
{
    if (value.len > UINT32_MAX) {
        out->failed = true;
        return;
    }
    msgpack_packer packer = packer_of(out);
    (void)msgpack_pack_bin(&packer, value.len);
    buffer_append(out, value.data, value.len);
}

void pack_str(struct buffer *out, struct bytes value)
{
    if (value.len > UINT32_MAX || !bytes_is_utf8(value)) {
        out->failed = true; /* what we write must be what we read */
        return;
    }
    msgpack_packer packer = packer_of(out);
    (void)msgpack_pack_str(&packer, value.len);
    buffer_append(out, value.data, value.len);
}

void pack_text(struct buffer *out, const char *value)
{
    if (value == NULL) {
        pack_nil(out);
    } else {
        pack_str(out, bytes_of_text(value));
    }
}

void pack_array(struct buffer *out, size_t count)
{
    if (count > UINT32_MAX) {
        out->failed = true;
        return;
    }
    msgpack_packer packer = packer_of(out);
    (void)msgpack_pack_array(&packer, count);
}

void pack_map(struct buffer *out, size_t count)
{
    if (count > UINT32_MAX) {
        out->failed = true;
        return;
    }
    msgpack_packer packer = packer_of(out);
    (void)msgpack_pack_map(&packer, count);
}
