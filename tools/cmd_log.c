/* log and lines: listings longer than one reply, asked for page by page; log --raw writes the
 * leaves themselves for a checker of another make. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/json.h"
#include "tools/show.h"

enum { PAGE_ENTRIES = 2000, PAGE_RAW = 20000, LAST_DEFAULT = 50 };

/* Reads a whole number that was typed; `otherwise` when the option is absent. */
static enum err_code number_option(const struct invocation *invocation, const char *name,
                                   uint64_t otherwise, uint64_t *value, struct err *err)
{
    const char *text = invocation_option(invocation, name);
    if (!text) {
        *value = otherwise;
        return OK;
    }
    char *end;
    *value = strtoull(text, &end, 10);
    if (*end || end == text || *text == '-') {
        return err_set(err, E_USAGE, "--%s: \"%s\" is not a whole number", name, text);
    }
    return OK;
}

struct page {
    uint64_t from, to, limit, last;
    bool raw;
};

static enum err_code ask_page(const struct invocation *invocation, const struct page *page,
                              msgpack_unpacked *result, struct err *err)
{
    struct buffer arguments;
    buffer_init(&arguments, 0);
    bool named = invocation->word_count > 0;
    pack_map(&arguments, 2u + named + (page->to > 0) + page->raw);
    if (named) {
        pack_text(&arguments, "group");
        pack_text(&arguments, invocation->words[0]);
    }
    pack_text(&arguments, page->last > 0 ? "last" : "from");
    pack_uint(&arguments, page->last > 0 ? page->last : page->from);
    pack_text(&arguments, "limit");
    pack_uint(&arguments, page->limit);
    if (page->to > 0) {
        pack_text(&arguments, "to");
        pack_uint(&arguments, page->to);
    }
    if (page->raw) {
        pack_text(&arguments, "raw");
        pack_bool(&arguments, true);
    }
    enum err_code code = client_request(invocation, "log", buffer_view(&arguments), result, err);
    buffer_free(&arguments);
    return code;
}

static void print_entry(const struct invocation *invocation, const msgpack_object *entry,
                        unsigned minor_digits)
{
    printf("%6" PRIu64 "  %s  %-8s %s", field_uint(entry, "entry"),
           field_date(entry, "date", invocation->language), field_text(entry, "kind"),
           field_text(entry, "event"));
    if (field_int(entry, "change") != 0) {
        printf(" members %+" PRId64, field_int(entry, "change"));
    }
    for (uint32_t i = 0; i < field_count(entry, "changed"); i++) {
        const msgpack_object *word = field_item(entry, "changed", i);
        printf("%s%.*s", i > 0 ? ", " : " ", (int)word->via.str.size, word->via.str.ptr);
    }
    if (strcmp(field_text(entry, "kind"), "reverse") == 0 && field_count(entry, "refs") > 0) {
        printf(" of entry %" PRIu64, field_uint(field_item(entry, "refs", 0), "entry"));
    }
    if (field(entry, "topic")) {
        printf(" %s", field_text(entry, "topic"));
    }
    if (field(entry, "verdict")) {
        printf("  INVALID %s", field_text(entry, "verdict"));
    }
    putchar('\n');
    for (uint32_t i = 0; i < field_count(entry, "posts"); i++) {
        const msgpack_object *post = field_item(entry, "posts", i);
        char text[AMOUNT_TEXT_MAX];
        int64_t amount = field_int(post, "amount");
        amount_format(amount_of(amount < 0 ? -amount : amount), minor_digits, text);
        printf("        %s %" PRIu64 " %20s%s%s\n", amount < 0 ? "   Cr" : "Dr   ",
               field_uint(post, "account"), text, field(post, "counterparty") ? "  with " : "",
               field_short(post, "counterparty"));
    }
}

static void show_log_page(const struct invocation *invocation, const msgpack_object *result,
                          bool first)
{
    if (invocation->json) {
        json_write(stdout, result);
        return;
    }
    if (first) {
        printf("%s  %s: %" PRIu64 " entries\n", field_short(result, "group"),
               field_text(result, "name"), field_uint(result, "size"));
    }
    for (uint32_t i = 0; i < field_count(result, "entries"); i++) {
        print_entry(invocation, field_item(result, "entries", i),
                    (unsigned)field_uint(result, "minor_digits"));
    }
}

static enum err_code write_raw(FILE *out, const msgpack_object *result, const char *path,
                               struct err *err)
{
    const msgpack_object *leaves = field(result, "leaves");
    if (leaves && leaves->type == MSGPACK_OBJECT_BIN &&
        fwrite(leaves->via.bin.ptr, 1, leaves->via.bin.size, out) != leaves->via.bin.size) {
        return err_set(err, E_IO, "%s cannot be written: is the disk full?", path);
    }
    return OK;
}

/* All pages of [from, to): shown, or with `raw` written to that stream. */
static enum err_code walk_pages(const struct invocation *invocation, struct page page, FILE *raw,
                                const char *path, struct err *err)
{
    bool more = true;
    for (bool first = true; more; first = false) {
        msgpack_unpacked result;
        enum err_code code = ask_page(invocation, &page, &result, err);
        if (code != OK) {
            return code;
        }
        if (raw) {
            code = write_raw(raw, &result.data, path, err);
        } else {
            show_log_page(invocation, &result.data, first);
        }
        more = field_flag(&result.data, "more") && page.last == 0;
        page.from = field_uint(&result.data, "to");
        msgpack_unpacked_destroy(&result);
        if (code != OK) {
            return code;
        }
        if (invocation->json && !raw) {
            more = false; /* one JSON value; its "more" and "to" say how to go on */
        }
    }
    return OK;
}

enum err_code command_log(const struct invocation *invocation, struct err *err)
{
    struct page page = {.limit = PAGE_ENTRIES};
    const char *path = invocation_option(invocation, "raw");
    bool bounded = invocation_option(invocation, "from") || invocation_option(invocation, "to");
    enum err_code code = number_option(invocation, "from", 0, &page.from, err);
    if (code == OK) {
        code = number_option(invocation, "to", 0, &page.to, err);
    }
    if (code == OK) {
        code =
            number_option(invocation, "last", bounded || path ? 0 : LAST_DEFAULT, &page.last, err);
    }
    if (code != OK || !path) {
        return code != OK ? code : walk_pages(invocation, page, NULL, NULL, err);
    }
    page.raw = true;
    page.limit = PAGE_RAW;
    FILE *out = fopen(path, "wb");
    if (!out) {
        return err_set(err, E_IO, "%s cannot be opened for writing", path);
    }
    code = walk_pages(invocation, page, out, path, err);
    if (fclose(out) != 0 && code == OK) {
        code = err_set(err, E_IO, "%s cannot be written: is the disk full?", path);
    }
    return code;
}

static void show_lines_page(const struct invocation *invocation, const msgpack_object *result)
{
    static const char *const headings[] = {">entry", "date",    "event",    ">account", ">member",
                                           ">debit", ">credit", ">balance", "memo"};
    struct show_table *table = show_table_new(9, headings);
    bool undone = false;
    unsigned minor_digits = (unsigned)field_uint(result, "minor_digits");
    for (uint32_t i = 0; i < field_count(result, "lines"); i++) {
        const msgpack_object *line = field_item(result, "lines", i);
        show_cell(table, "%" PRIu64, field_uint(line, "entry"));
        show_cell(table, "%s", field_date(line, "date", invocation->language));
        show_cell(table, "%s%s", field_text(line, "event"), field_flag(line, "undone") ? "*" : "");
        undone = undone || field_flag(line, "undone");
        show_cell(table, "%" PRIu64, field_uint(line, "account"));
        if (field(line, "member")) {
            show_cell(table, "%" PRIu64, field_uint(line, "member"));
        } else {
            show_cell(table, "%s", "");
        }
        show_cells_debit_credit(table, field_int(line, "amount"), minor_digits);
        if (field(line, "balance")) {
            show_cell_amount(table, field_int(line, "balance"), minor_digits);
        } else {
            show_cell(table, "%s", "");
        }
        show_cell(table, "%s", field_text(line, "memo"));
    }
    show_table_print(table, stdout);
    if (undone) {
        puts("* undone by a later entry (satcha reverse)");
    }
}

enum err_code command_lines(const struct invocation *invocation, struct err *err)
{
    struct buffer arguments;
    buffer_init(&arguments, 0);
    msgpack_unpacked result;
    enum err_code code = invocation_arguments(invocation, &arguments, err);
    if (code == OK) {
        code = client_request(invocation, "lines", buffer_view(&arguments), &result, err);
    }
    buffer_free(&arguments);
    if (code != OK) {
        return code;
    }
    if (invocation->json) {
        json_write(stdout, &result.data);
    } else {
        show_lines_page(invocation, &result.data);
        if (field_flag(&result.data, "more")) {
            printf("more from entry %" PRIu64 "; narrow it with --member or --account\n",
                   field_uint(&result.data, "next"));
        }
    }
    msgpack_unpacked_destroy(&result);
    return OK;
}
