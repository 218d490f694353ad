/* Commands around a file of the person's: import, verify, completion. */
#include <inttypes.h>
#include <string.h>

#include "proto/bytes.h"
#include "tools/commands.h"
#include "tools/completion.h"
#include "tools/json.h"
#include "tools/show.h"

/* The typed arguments and the file's name, so that errors can say FILE:LINE. */
static enum err_code ask_with_name(const struct invocation *invocation, const char *request,
                                   msgpack_unpacked *result, struct err *err)
{
    struct buffer typed, arguments;
    buffer_init(&typed, 0);
    buffer_init(&arguments, 0);
    enum err_code code = invocation_arguments(invocation, &typed, err);
    if (code == OK) {
        struct cursor cursor = cursor_of(buffer_view(&typed));
        size_t pairs = cursor_map(&cursor, OPTIONS_MAX + POSITIONALS_MAX);
        pack_map(&arguments, pairs + 1);
        buffer_append(&arguments, cursor.at, (size_t)(cursor.end - cursor.at));
        pack_text(&arguments, "name");
        pack_text(&arguments, invocation->words[0]);
        code = client_request(invocation, request, buffer_view(&arguments), result, err);
    }
    buffer_free(&typed);
    buffer_free(&arguments);
    return code;
}

enum err_code command_import(const struct invocation *invocation, struct err *err)
{
    msgpack_unpacked result;
    enum err_code code = ask_with_name(invocation, "import", &result, err);
    if (code != OK) {
        return code;
    }
    if (invocation->json) {
        json_write(stdout, &result.data);
    } else {
        uint64_t joined = field_uint(&result.data, "members_joined");
        uint64_t rows = field_uint(&result.data, "rows");
        printf("%s: %" PRIu64 " row%s", invocation->words[0], rows, rows == 1 ? "" : "s");
        if (joined > 0) {
            printf(", %" PRIu64 " new member%s", joined, joined == 1 ? "" : "s");
        }
        fputs("; ", stdout);
        code = render_written(invocation, &result.data, err);
    }
    msgpack_unpacked_destroy(&result);
    return code;
}

static void show_findings(const msgpack_object *result)
{
    for (uint32_t i = 0; i < field_count(result, "findings"); i++) {
        const msgpack_object *finding = field_item(result, "findings", i);
        printf("BAD  %s", field(finding, "group") ? field_short(finding, "group") : "-");
        if (field(finding, "entry")) {
            printf(" entry %" PRIu64, field_uint(finding, "entry"));
        }
        printf(": %s\n", field_text(finding, "what"));
    }
}

enum err_code command_verify(const struct invocation *invocation, struct err *err)
{
    msgpack_unpacked result;
    enum err_code code;
    if (invocation->word_count > 0) {
        code = ask_with_name(invocation, "verify", &result, err);
    } else {
        struct buffer none;
        buffer_init(&none, 0);
        pack_map(&none, 0);
        code = client_request(invocation, "verify", buffer_view(&none), &result, err);
        buffer_free(&none);
    }
    if (code != OK) {
        return code;
    }
    bool good = field_flag(&result.data, "good");
    if (invocation->json) {
        json_write(stdout, &result.data);
    } else if (invocation->word_count > 0) {
        printf("%s: a %s%s: %s\n", invocation->words[0], good ? "good " : "BAD ",
               field_text(&result.data, "type"), field_text(&result.data, "what"));
    } else {
        show_findings(&result.data);
        printf("%s: %" PRIu64 " entries of %" PRIu64 " groups, every root, signature and balance "
               "computed again\n",
               good ? "good" : "BAD", field_uint(&result.data, "entries"),
               field_uint(&result.data, "groups"));
    }
    uint32_t findings = field_count(&result.data, "findings");
    msgpack_unpacked_destroy(&result);
    return good ? OK
                : err_set(err, E_DIFFERS,
                          "%" PRIu32 " findings; `satcha rebuild` mends projections, a spoiled "
                          "entry is to be fetched again from a peer",
                          findings);
}

enum err_code command_completion(const struct invocation *invocation, struct err *err)
{
    (void)invocation;
    (void)err;
    completion_script(stdout);
    return OK;
}
