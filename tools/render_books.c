/* The group's own books: what was written, members, balances, and the two fixed tables. */
#include <inttypes.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/show.h"

static unsigned minor_digits(const msgpack_object *result)
{
    return field(result, "minor_digits") ? (unsigned)field_uint(result, "minor_digits") : 2;
}

/* "entry 17 written, ledger size 18", or why nothing was. */
enum err_code render_written(const struct invocation *invocation, const msgpack_object *result,
                             struct err *err)
{
    (void)err;
    if (field_flag(result, "already")) {
        printf("already there as entry %" PRIu64 ": nothing was written\n",
               field_uint(result, "entry"));
        return OK;
    }
    if (field_flag(result, "dry_run")) {
        printf("%s: all is well; nothing was written (--dry-run)\n", invocation->command->name);
        return OK;
    }
    uint64_t count = field_uint(result, "entries");
    printf("%s: entry %" PRIu64, invocation->command->name, field_uint(result, "entry"));
    if (count > 1) {
        printf(" to %" PRIu64, field_uint(result, "entry") + count - 1);
    }
    printf(" written; the ledger has %" PRIu64 " entries, root %s\n", field_uint(result, "size"),
           field_short(result, "root"));
    return OK;
}

enum err_code render_posted(const struct invocation *invocation, const msgpack_object *result,
                            struct err *err)
{
    static const char *const headings[] = {">account", "name", ">debit", ">credit", ">member"};
    struct show_table *table = show_table_new(5, headings);
    for (uint32_t i = 0; i < field_count(result, "lines"); i++) {
        const msgpack_object *line = field_item(result, "lines", i);
        show_cell(table, "%" PRIu64, field_uint(line, "account"));
        show_cell(table, "%s", show_account(invocation->language, field_uint(line, "account")));
        show_cells_debit_credit(table, field_int(line, "amount"), minor_digits(result));
        if (field_uint(line, "member") > 0) {
            show_cell(table, "%" PRIu64, field_uint(line, "member"));
        } else {
            show_cell(table, "%s", "");
        }
    }
    if (field_count(result, "lines") > 0) {
        show_table_print(table, stdout);
    }
    return render_written(invocation, result, err);
}

enum err_code render_members(const struct invocation *invocation, const msgpack_object *result,
                             struct err *err)
{
    if (field(result, "entry")) {
        return render_written(invocation, result, err);
    }
    printf("members: %" PRId64 ", %" PRIu64 " of them numbered\n", field_int(result, "members"),
           field_uint(result, "listed"));
    for (uint32_t i = 0; i < field_count(result, "rows"); i++) {
        const msgpack_object *row = field_item(result, "rows", i);
        printf("%10" PRIu64 "  %s  entry %" PRIu64 "\n", field_uint(row, "member"),
               field_flag(row, "active") ? "member" : "left  ", field_uint(row, "entry"));
    }
    return OK;
}

static enum err_code render_member_balance(const struct invocation *invocation,
                                           const msgpack_object *result)
{
    static const char *const headings[] = {">account", "name", ">balance"};
    struct show_table *table = show_table_new(3, headings);
    for (uint32_t i = 0; i < field_count(result, "rows"); i++) {
        const msgpack_object *row = field_item(result, "rows", i);
        show_cell(table, "%" PRIu64, field_uint(row, "account"));
        show_cell(table, "%s", show_account(invocation->language, field_uint(row, "account")));
        show_cell_amount(table, field_int(row, "balance"), minor_digits(result));
    }
    show_table_print(table, stdout);
    return OK;
}

enum err_code render_balance(const struct invocation *invocation, const msgpack_object *result,
                             struct err *err)
{
    (void)err;
    if (invocation_option(invocation, "member")) {
        return render_member_balance(invocation, result);
    }
    if (field(result, "group")) {
        printf("%s  %s\n", field_short(result, "group"), field_text(result, "name"));
    }
    static const char *const headings[] = {">account", "name", ">debit", ">credit", ">balance"};
    struct show_table *table = show_table_new(5, headings);
    for (uint32_t i = 0; i < field_count(result, "rows"); i++) {
        const msgpack_object *row = field_item(result, "rows", i);
        show_cell(table, "%" PRIu64, field_uint(row, "account"));
        show_cell(table, "%s", show_account(invocation->language, field_uint(row, "account")));
        show_cell_amount(table, field_int(row, "debit"), minor_digits(result));
        show_cell_amount(table, field_int(row, "credit"), minor_digits(result));
        show_cell_amount(table, field_int(row, "balance"), minor_digits(result));
    }
    show_cell(table, "%s", "");
    show_cell(table, "%s", invocation->language == LANGUAGE_TH ? "รวม" : "total");
    show_cell_amount(table, field_int(result, "debit"), minor_digits(result));
    show_cell_amount(table, field_int(result, "credit"), minor_digits(result));
    show_cell_amount(table, field_int(result, "debit") - field_int(result, "credit"),
                     minor_digits(result));
    show_table_print(table, stdout);
    return OK;
}

enum err_code render_events(const struct invocation *invocation, const msgpack_object *result,
                            struct err *err)
{
    (void)invocation;
    (void)err;
    static const char *const headings[] = {">no.", "event", "ไทย", "member", "what it posts"};
    struct show_table *table = show_table_new(5, headings);
    for (uint32_t i = 0; i < field_count(result, "events"); i++) {
        const msgpack_object *row = field_item(result, "events", i);
        show_cell(table, "%" PRIu64, field_uint(row, "number"));
        show_cell(table, "%s", field_text(row, "name"));
        show_cell(table, "%s", field_text(row, "name_th"));
        show_cell(table, "%s", field_text(row, "member"));
        show_cell(table, "%s", field_text(row, "help"));
    }
    show_table_print(table, stdout);
    return OK;
}

enum err_code render_accounts(const struct invocation *invocation, const msgpack_object *result,
                              struct err *err)
{
    (void)invocation;
    (void)err;
    static const char *const headings[] = {">code", "type", "name", "ไทย"};
    struct show_table *table = show_table_new(4, headings);
    for (uint32_t i = 0; i < field_count(result, "accounts"); i++) {
        const msgpack_object *row = field_item(result, "accounts", i);
        show_cell(table, "%" PRIu64 "%s", field_uint(row, "account"),
                  field_flag(row, "intergroup") ? "*" : "");
        const char *type = field_text(row, "type"); /* A L E R X, as books write it */
        show_cell(table, "%c", strcmp(type, "expense") == 0 ? 'X' : type[0] - 'a' + 'A');
        show_cell(table, "%s", field_text(row, "name"));
        show_cell(table, "%s", field_text(row, "name_th"));
    }
    show_table_print(table, stdout);
    return OK;
}
