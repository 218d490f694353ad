/* What this node is and how it is: id, status, doctor, and short answers to orders. */
#include <inttypes.h>

#include "tools/commands.h"
#include "tools/show.h"

enum err_code render_id(const struct invocation *invocation, const msgpack_object *result,
                        struct err *err)
{
    (void)invocation;
    (void)err;
    printf("%s\n", field_hex(result, "group"));
    return OK;
}

enum err_code render_status(const struct invocation *invocation, const msgpack_object *result,
                            struct err *err)
{
    (void)err;
    printf("group      %s  %s\n", field_short(result, "group"), field_text(result, "name"));
    printf("type       %s, %s\n", field_text(result, "type"), field_text(result, "currency"));
    printf("state      %s%s\n",
           field_flag(result, "status") ? "" : "NOT WELL: ", field_text(result, "status_text"));
    printf("ledger     %" PRIu64 " entries, root %s, invalid %" PRIu64 "\n",
           field_uint(result, "size"), field_hex(result, "root"),
           field_uint(result, "entries_invalid"));
    printf("members    %" PRId64 "\n", field_int(result, "members"));
    printf("last entry %s\n", field_date(result, "last_date", invocation->language));
    if (field(result, "network")) {
        printf("network    %s  %s: %" PRIu64 " of %" PRIu64 " ledgers held\n",
               field_short(result, "network"), field_text(result, "network_name"),
               field_uint(result, "groups_held"), field_uint(result, "groups"));
    } else {
        puts("network    none joined (satcha network join INVITE)");
    }
    if (!field(result, "running_ms")) {
        puts("daemon     not running");
    } else if (field(result, "listening")) {
        printf("daemon     listens on %s, %" PRIu64 " connections\n",
               field_text(result, "listening"), field_uint(result, "connections"));
    } else {
        printf("daemon     dials only, %" PRIu64 " connections\n",
               field_uint(result, "connections"));
    }
    return OK;
}

enum err_code render_doctor(const struct invocation *invocation, const msgpack_object *result,
                            struct err *err)
{
    if (!invocation->json) {
        for (uint32_t i = 0; i < field_count(result, "findings"); i++) {
            const msgpack_object *finding = field_item(result, "findings", i);
            bool good = field_flag(finding, "good");
            printf("%s %s%s%s\n", good ? "ok  " : "BAD ", field_text(finding, "what"),
                   field(finding, "todo") ? ": " : "", field_text(finding, "todo"));
        }
    }
    return field_flag(result, "good") ? OK : err_set(err, E_DIFFERS, "not everything is well here");
}

enum err_code render_rebuilt(const struct invocation *invocation, const msgpack_object *result,
                             struct err *err)
{
    (void)invocation;
    (void)err;
    printf("rebuilt %" PRIu64 " entries of %" PRIu64 " groups\n", field_uint(result, "entries"),
           field_uint(result, "groups"));
    return OK;
}

enum err_code render_done(const struct invocation *invocation, const msgpack_object *result,
                          struct err *err)
{
    (void)err;
    const char *address = field_text(result, "address");
    const msgpack_object *banned = field(result, "banned");
    printf("%s: %s%s%s%s\n", invocation->command->name, field_short(result, "group"),
           address[0] ? " at " : "", address,
           banned && !field_flag(result, "banned") ? " is not banned any more" : "");
    return OK;
}

enum err_code render_words(const struct invocation *invocation, const msgpack_object *result,
                           struct err *err)
{
    (void)invocation;
    (void)err;
    for (uint32_t i = 0; i < field_count(result, "words"); i++) {
        const msgpack_object *word = field_item(result, "words", i);
        if (word->type == MSGPACK_OBJECT_STR) {
            printf("%.*s\n", (int)word->via.str.size, word->via.str.ptr);
        }
    }
    return OK;
}
