/* The network as this node sees it: roster, contacts, connections, ledgers. */
#include <inttypes.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/show.h"

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
           field_short(result, "network"), show_name(invocation->language, result),
           field_text(result, "currency"), field_uint(result, "size"),
           field_uint(result, "quorum"));
    for (uint32_t i = 0; i < field_count(result, "governors"); i++) {
        const msgpack_object *governor = field_item(result, "governors", i);
        printf("governor %" PRIu64 "  %s  %s\n", field_uint(governor, "number"),
               field_short(governor, "group"), field_text(governor, "name"));
    }
    static const char *const headings[] = {"group", ">place", "type", "name", "address"};
    struct show_table *table = show_table_new(5, headings);
    for (uint32_t i = 0; i < field_count(result, "groups"); i++) {
        const msgpack_object *row = field_item(result, "groups", i);
        const msgpack_object *address = field_item(row, "addresses", 0);
        show_cell(table, "%s", field_short(row, "group"));
        show_cell(table, "%" PRIu64, field_uint(row, "place"));
        show_cell(table, "%s", field_text(row, "type"));
        show_cell(table, "%s", show_name(invocation->language, row));
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
        show_cell(table, "%s", show_name(invocation->language, row));
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
        show_cell(table, "%s", show_name(invocation->language, row));
        show_cell(table, "%s", field_text(row, "address"));
        show_cell(table, "%s", field_text(row, "direction"));
        show_cell(table, "%s", field_text(row, "state"));
        show_cell(table, "%" PRIu64, field_uint(row, "round_trip_ms"));
        show_cell(table, "%" PRIu64, field_uint(row, "bytes_in"));
        show_cell(table, "%" PRIu64, field_uint(row, "bytes_out"));
        show_cell(table, "%" PRIu64, field_uint(row, "behind_count"));
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
    static const char *const headings[] = {"group",      ">size",      "root", ">members",
                                           "last entry", "last heard", "name"};
    struct show_table *table = show_table_new(7, headings);
    for (uint32_t i = 0; i < field_count(result, "groups"); i++) {
        const msgpack_object *row = field_item(result, "groups", i);
        const char *heard = field_text(row, "heard"); /* 2026-11-22T13:27… */
        show_cell(table, "%s", field_short(row, "group"));
        show_cell(table, "%" PRIu64, field_uint(row, "size"));
        show_cell(table, "%s", field_short(row, "root"));
        if (field_flag(row, "network")) {
            show_cell(table, "%s", "");
        } else if (field(row, "members")) {
            show_cell(table, "%" PRId64, field_int(row, "members"));
        } else {
            show_cell(table, "%s", "N/A");
        }
        show_cell(table, "%s", field_date(row, "last_date", invocation->language));
        show_cell(table, "%.5s %.5s", strlen(heard) > 15 ? heard + 5 : "",
                  strlen(heard) > 15 ? heard + 11 : "");
        const char *flags = field_text(row, "flags");
        show_cell(table, "%s%s%s%s", show_name(invocation->language, row), flags[0] ? " [" : "",
                  flags, flags[0] ? "]" : "");
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
    for (uint32_t i = 0; i < field_count(result, "heads"); i++) {
        const msgpack_object *head = field_item(result, "heads", i);
        printf("  head %" PRIu64 " entries, root %s\n", field_uint(head, "size"),
               field_hex(head, "root"));
    }
    return OK;
}
