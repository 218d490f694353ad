/* What the disk gives back: packed states, private bodies and lines, start counts. The disk lies,
 * so these decoders refuse like those of the wire; what is read packs to the same bytes. The first
 * byte says which. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/body.h"
#include "proto/rules.h"
#include "proto/starts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct buffer *again, struct bytes bytes)
{
    assert(!again->failed && bytes_equal(buffer_view(again), bytes));
}

static void as_ledger_state(struct bytes bytes, struct buffer *again)
{
    struct ledger_state *state = calloc(1, sizeof *state);
    assert(state != NULL);
    if (ledger_state_read(bytes, state) == OK) {
        ledger_state_pack(again, state);
        assert(!again->failed);
    }
    free(state);
}

static void as_key_state(struct bytes bytes, struct buffer *again)
{
    struct key_state state;
    if (key_state_read(bytes, &state) == OK) {
        key_state_pack(again, &state);
        same(again, bytes);
    }
}

static void as_body(struct bytes bytes)
{
    struct bytes rest = bytes, salt, line;
    bool failed = false;
    struct hash commitment;
    uint32_t count = 0, walked = 0;
    while (body_next(&rest, &salt, &line, &failed)) {
        struct body_line leg;
        struct member_line member;
        walked++;
        if (body_line_read(line, &leg) == OK) {
            assert(leg.memo.len <= MEMO_MAX_BYTES);
        }
        if (member_line_read(line, &member) == OK) {
            assert(member.operation >= MEMBER_OPENING && member.operation <= MEMBER_CHANGE);
        }
    }
    enum err_code code = body_commit(bytes, &commitment, &count);
    assert(code != OK || (!failed && count == walked));
}

static void as_start_count(struct bytes bytes, struct buffer *again)
{
    struct cursor cursor = cursor_of(bytes);
    struct start_count count;
    start_count_read(&cursor, &count);
    if (cursor_done(&cursor)) {
        start_count_pack(again, &count);
        same(again, bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer again;
    if (size == 0) {
        return 0;
    }
    crypto_init();
    buffer_init(&again, 0);
    struct bytes rest = bytes_of(data + 1, size - 1);
    switch (data[0]) {
    case 'l':
        as_ledger_state(rest, &again);
        break;
    case 'k':
        as_key_state(rest, &again);
        break;
    case 's':
        as_start_count(rest, &again);
        break;
    default:
        as_body(rest);
        break;
    }
    buffer_free(&again);
    return 0;
}
