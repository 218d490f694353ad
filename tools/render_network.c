/* The network as this node sees it: roster, contacts, connections, ledgers. */
#include <inttypes.h>

#include "tools/commands.h"
#include "tools/show.h"

/* The name in the person's language where there is one. */
static const char *named(const struct invocation *invocation, const msgpack_object *row)
{
    const char *english = field_text(row, "name_en");
    return invocation->language == LANGUAGE_EN && english[0] ? english : field_text(row, "name");
}

enum err_code render_joined(const struct invocation *invocation, const msgpack_object *result,
                            struct err *err)
{
    if (field(result, "network")) {
        printf("joined %s  %s\n", field_short(result, "network"),
               field_text(result, "network_name"));
    }
    return render_written(invocation, result, err);
}

enum err_code render_network(const struct invocation *invocation, const msgpack_object *result,
                             struct err *err)
{
    (void)err;
    printf("%s  %s  (%s, roster of %" PRIu64 " entries, %" PRIu64 " governors must agree)\n",
           field_short(result, "network"), named(invocation, result),
           field_text(result, "currency"), field_uint(result, "size"),
           field_uint(result, "quorum"));
    static const char *const headings[] = {"group", ">place", "type", "name", "address"};
    struct show_table *table = show_table_new(5, headings);
    for (uint32_t i = 0; i < field_count(result, "groups"); i++) {
        const msgpack_object *row = field_item(result, "groups", i);
        const msgpack_object *address = field_item(row, "addresses", 0);
        show_cell(table, "%s", field_short(row, "group"));
        show_cell(table, "%" PRIu64, field_uint(row, "place"));
        show_cell(table, "%s", field_text(row, "type"));
        show_cell(table, "%s", named(invocation, row));
        show_cell(table, "%.*s", address ? (int)address->via.str.size : 0,
                  address ? address->via.str.ptr : "");
    }
    show_table_print(table, stdout);
    return OK;
}

enum err_code render_peer_list(const struct invocation *invocation, const msgpack_object *result,
                               struct err *err)
{
    (void)err;
    static const char *const headings[] = {"group", "address", "name", "flags"};
    struct show_table *table = show_table_new(4, headings);
    for (uint32_t i = 0; i < field_count(result, "peers"); i++) {
        const msgpack_object *row = field_item(result, "peers", i);
        show_cell(table, "%s", field_short(row, "group"));
        show_cell(table, "%s", field_text(row, "address"));
        show_cell(table, "%s", named(invocation, row));
        show_cell(table, "%s%s", field_flag(row, "by_hand") ? "by hand " : "",
                  field_flag(row, "banned") ? "banned" : "");
    }
    show_table_print(table, stdout);
    return OK;
}

enum err_code render_peers(const struct invocation *invocation, const msgpack_object *result,
                           struct err *err)
{
    (void)err;
    static const char *const headings[] = {"group", "name",      "address", "way",     "state",
                                           ">ms",   ">bytes in", ">out",    ">behind", "error"};
    struct show_table *table = show_table_new(10, headings);
    for (uint32_t i = 0; i < field_count(result, "peers"); i++) {
        const msgpack_object *row = field_item(result, "peers", i);
        show_cell(table, "%s", field_short(row, "group"));
        show_cell(table, "%s", named(invocation, row));
        show_cell(table, "%s", field_text(row, "address"));
        show_cell(table, "%s", field_text(row, "direction"));
        show_cell(table, "%s", field_text(row, "state"));
        show_cell(table, "%" PRIu64, field_uint(row, "round_trip_ms"));
        show_cell(table, "%" PRIu64, field_uint(row, "bytes_in"));
        show_cell(table, "%" PRIu64, field_uint(row, "bytes_out"));
        const msgpack_object *behind = field(row, "behind");
        uint64_t count = behind && behind->type == MSGPACK_OBJECT_ARRAY ? behind->via.array.size
                                                                        : field_uint(row, "behind");
        show_cell(table, "%" PRIu64, count);
        show_cell(table, "%s", field_text(row, "error"));
    }
    show_table_print(table, stdout);
    return OK;
}

enum err_code render_ping(const struct invocation *invocation, const msgpack_object *result,
                          struct err *err)
{
    (void)invocation;
    (void)err;
    printf("%s answered in %" PRIu64 " ms\n", field_short(result, "group"),
           field_uint(result, "round_trip_ms"));
    return OK;
}

enum err_code render_groups(const struct invocation *invocation, const msgpack_object *result,
                            struct err *err)
{
    (void)err;
    static const char *const headings[] = {"group",      ">place",     ">size", "root", ">members",
                                           "last entry", "last heard", "flags", "name"};
    struct show_table *table = show_table_new(9, headings);
    for (uint32_t i = 0; i < field_count(result, "groups"); i++) {
        const msgpack_object *row = field_item(result, "groups", i);
        show_cell(table, "%s", field_short(row, "group"));
        show_cell(table, "%" PRIu64, field_uint(row, "place"));
        show_cell(table, "%" PRIu64, field_uint(row, "size"));
        show_cell(table, "%s", field_short(row, "root"));
        show_cell(table, "%" PRId64, field_int(row, "members"));
        show_cell(table, "%s", field_date(row, "last_date", invocation->language));
        show_cell(table, "%.16s", field_text(row, "heard"));
        show_cell(table, "%s", field_text(row, "flags"));
        show_cell(table, "%s", named(invocation, row));
    }
    show_table_print(table, stdout);
    return OK;
}

enum err_code render_why(const struct invocation *invocation, const msgpack_object *result,
                         struct err *err)
{
    (void)invocation;
    (void)err;
    printf("%s  %s: %s\n", field_short(result, "group"), field_text(result, "name"),
           field_text(result, "why"));
    return OK;
}
