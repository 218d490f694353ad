/* Frames of the control socket: | length u32 BE | MessagePack |. The same bytes are written by the
 * tool and by the daemon; reading them is each side's own business. */
#include "store/request.h"

/* Room for the length, filled in when the frame is complete; returns where it stands. */
static size_t begin(struct buffer *out, size_t items)
{
    size_t at = out->len;
    static const uint8_t empty[CONTROL_LENGTH_BYTES] = {0};
    buffer_append(out, empty, sizeof empty);
    pack_array(out, items);
    return at;
}

static void end(struct buffer *out, size_t at)
{
    if (out->failed) {
        return;
    }
    size_t len = out->len - at - CONTROL_LENGTH_BYTES;
    if (len > CONTROL_FRAME_MAX_BYTES) {
        out->failed = true;
        return;
    }
    bytes_put_number(out->data + at, len, CONTROL_LENGTH_BYTES);
}

void control_pack_request(struct buffer *out, struct bytes name, struct bytes arguments)
{
    size_t at = begin(out, 3);
    pack_uint(out, 1);
    pack_str(out, name);
    if (arguments.len > 0) {
        buffer_append(out, arguments.data, arguments.len);
    } else {
        pack_map(out, 0);
    }
    end(out, at);
}

void control_pack_result(struct buffer *out, struct bytes result)
{
    size_t at = begin(out, 2);
    pack_uint(out, CONTROL_RESULT);
    buffer_append(out, result.data, result.len);
    end(out, at);
}

void control_pack_error(struct buffer *out, const struct err *err)
{
    size_t at = begin(out, 3);
    pack_uint(out, CONTROL_ERROR);
    pack_uint(out, (uint64_t)err->code);
    pack_text(out, err->text);
    end(out, at);
}

void control_pack_progress(struct buffer *out, const char *what, uint64_t done, uint64_t total)
{
    size_t at = begin(out, 4);
    pack_uint(out, CONTROL_PROGRESS);
    pack_text(out, what);
    pack_uint(out, done);
    pack_uint(out, total);
    end(out, at);
}
