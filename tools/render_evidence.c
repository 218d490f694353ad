/* Evidence for outside eyes: cards, invites, cuts, checkpoints as they are, proofs in words. */
#include <inttypes.h>

#include "tools/commands.h"
#include "tools/show.h"

static enum err_code print_text(const msgpack_object *result, const char *key, struct err *err)
{
    const msgpack_object *text = field(result, key);
    if (!text || text->type != MSGPACK_OBJECT_STR) {
        return err_set(err, E_FRAME, "the answer has no %s", key);
    }
    if (fwrite(text->via.str.ptr, 1, text->via.str.size, stdout) != text->via.str.size) {
        return err_set(err, E_IO, "standard output cannot be written");
    }
    if (text->via.str.size == 0 || text->via.str.ptr[text->via.str.size - 1] != '\n') {
        putchar('\n');
    }
    return OK;
}

enum err_code render_card(const struct invocation *invocation, const msgpack_object *result,
                          struct err *err)
{
    (void)invocation;
    return print_text(result, "card", err);
}

enum err_code render_invite(const struct invocation *invocation, const msgpack_object *result,
                            struct err *err)
{
    (void)invocation;
    return print_text(result, "invite", err);
}

enum err_code render_text(const struct invocation *invocation, const msgpack_object *result,
                          struct err *err)
{
    (void)invocation;
    return print_text(result, "text", err);
}

enum err_code render_proof(const struct invocation *invocation, const msgpack_object *result,
                           struct err *err)
{
    (void)invocation;
    (void)err;
    if (field(result, "leaf_hash")) {
        printf("entry %" PRIu64 " of %s is in the ledger of size %" PRIu64 "\n",
               field_uint(result, "entry"), field_short(result, "group"),
               field_uint(result, "size"));
        printf("leaf hash  %s\nroot       %s\n", field_hex(result, "leaf_hash"),
               field_hex(result, "root"));
    } else {
        printf("the ledger of %s at size %" PRIu64 " is a prefix of it at size %" PRIu64 "\n",
               field_short(result, "group"), field_uint(result, "from"), field_uint(result, "to"));
        printf("from root  %s\nto root    %s\n", field_hex(result, "from_root"),
               field_hex(result, "to_root"));
    }
    for (uint32_t i = 0; i < field_count(result, "proof"); i++) {
        const msgpack_object *node = field_item(result, "proof", i);
        char hex[HEX_HASH_MAX];
        if (node->type == MSGPACK_OBJECT_BIN && node->via.bin.size == HASH_BYTES) {
            printf("proof %-4" PRIu32 " %s\n", i,
                   hex_format(bytes_of(node->via.bin.ptr, HASH_BYTES), hex));
        }
    }
    return OK;
}
