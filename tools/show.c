/* Tables and fields: see show.h. */
#include "tools/show.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "proto/accounts.h"

enum { CELL_MAX = 512, ROTATING_BUFFERS = 16, WRAP_MIN = 10 };

/* One code point from well-formed or broken UTF-8; always advances. */
static uint32_t next_code_point(const uint8_t **at, const uint8_t *end)
{
    uint8_t first = *(*at)++;
    unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    uint32_t value = more == 0 ? first : first & (0x3fu >> more);
    while (more > 0 && *at < end && (**at & 0xc0) == 0x80) {
        value = value << 6 | (*(*at)++ & 0x3fu);
        more--;
    }
    return value;
}

static bool takes_no_column(uint32_t c)
{
    return c == 0x0e31 || (c >= 0x0e34 && c <= 0x0e3a) || (c >= 0x0e47 && c <= 0x0e4e) ||
           (c >= 0x0300 && c <= 0x036f) || c == 0x200b;
}

/* Columns that a terminal needs for the text: Thai vowels and tone marks above and below the line
 * take none. */
static size_t width_of(struct bytes text)
{
    const uint8_t *at = text.data;
    const uint8_t *end = text.data + text.len;
    size_t width = 0;
    while (at < end) {
        width += !takes_no_column(next_code_point(&at, end));
    }
    return width;
}

enum align { ALIGN_LEFT, ALIGN_RIGHT };

struct show_table {
    unsigned columns;
    size_t count; /* cells, headings included */
    size_t capacity;
    char **cells;
    enum align align[16];
};

static void add_cell(struct show_table *table, const char *text)
{
    char **cells = array_room(table->cells, table->count, &table->capacity, sizeof *cells);
    if (!cells) {
        abort(); /* a screenful of text: nothing sensible is left to do */
    }
    table->cells = cells;
    table->cells[table->count] = strdup(text);
    if (!table->cells[table->count]) {
        abort();
    }
    table->count++;
}

struct show_table *show_table_new(unsigned columns, const char *const *headings)
{
    struct show_table *table = calloc(1, sizeof *table);
    if (!table || columns > 16) {
        abort();
    }
    table->columns = columns;
    for (unsigned i = 0; i < columns; i++) {
        table->align[i] = headings[i][0] == '>' ? ALIGN_RIGHT : ALIGN_LEFT;
        add_cell(table, headings[i] + (table->align[i] == ALIGN_RIGHT));
    }
    return table;
}

void show_cell(struct show_table *table, const char *format, ...)
{
    char text[CELL_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add_cell(table, text);
}

void show_cell_amount(struct show_table *table, int64_t satang, unsigned minor_digits)
{
    char text[AMOUNT_TEXT_MAX];
    add_cell(table, amount_format(amount_of(satang), minor_digits, text));
}

void show_cells_debit_credit(struct show_table *table, int64_t satang, unsigned minor_digits)
{
    if (satang < 0) {
        add_cell(table, "");
    }
    show_cell_amount(table, satang < 0 ? -satang : satang, minor_digits);
    if (satang >= 0) {
        add_cell(table, "");
    }
}

/* Columns of the terminal behind `out`; 0 where there is none. */
static size_t terminal_columns(FILE *out)
{
    struct winsize size;
    int fd = fileno(out);
    return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Words of the text up to `limit`; the lines below begin at column `start`. */
static void print_wrapped(const char *text, size_t start, size_t limit, FILE *out)
{
    size_t at = start;
    while (*text) {
        size_t len = strcspn(text, " ");
        size_t width = width_of(bytes_of(text, len));
        if (at > start && at + 1 + width > limit) {
            fprintf(out, "\n%*s", (int)start, "");
            at = start;
        } else if (at > start) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", (int)len, text);
        at += width;
        text += len + (text[len] == ' ');
    }
}

static void print_row(const struct show_table *table, size_t first, const size_t *widths, FILE *out)
{
    size_t start = 0, limit = terminal_columns(out);
    unsigned columns = table->columns;
    while (columns > 1 && (first + columns > table->count || !*table->cells[first + columns - 1])) {
        columns--; /* no blanks at the end of a line */
    }
    for (unsigned i = 0; i < columns; i++) {
        const char *text = table->cells[first + i];
        int pad = (int)(widths[i] - width_of(bytes_of_text(text)));
        bool last = i + 1 == columns;
        if (table->align[i] == ALIGN_RIGHT) {
            fprintf(out, "%*s%s%s", pad, "", text, last ? "" : "  ");
        } else if (last && limit >= start + WRAP_MIN) {
            print_wrapped(text, start, limit, out);
        } else {
            fprintf(out, "%s%*s", text, last ? 0 : pad + 2, "");
        }
        start += widths[i] + 2;
    }
    fputc('\n', out);
}

void show_table_print(struct show_table *table, FILE *out)
{
    size_t widths[16] = {0};
    for (size_t i = 0; i < table->count; i++) {
        size_t width = width_of(bytes_of_text(table->cells[i]));
        unsigned column = (unsigned)(i % table->columns);
        widths[column] = width > widths[column] ? width : widths[column];
    }
    for (size_t first = 0; first < table->count; first += table->columns) {
        print_row(table, first, widths, out);
    }
    for (size_t i = 0; i < table->count; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    free(table);
}

static char *rotating_buffer(void)
{
    static char buffers[ROTATING_BUFFERS][CELL_MAX];
    static unsigned turn;
    turn = (turn + 1) % ROTATING_BUFFERS;
    return buffers[turn];
}

const msgpack_object *field(const msgpack_object *map, const char *key)
{
    if (!map || map->type != MSGPACK_OBJECT_MAP) {
        return NULL;
    }
    size_t len = strlen(key);
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *pair = &map->via.map.ptr[i];
        if (pair->key.type == MSGPACK_OBJECT_STR && pair->key.via.str.size == len &&
            memcmp(pair->key.via.str.ptr, key, len) == 0) {
            return pair->val.type == MSGPACK_OBJECT_NIL ? NULL : &pair->val;
        }
    }
    return NULL;
}

uint64_t field_uint(const msgpack_object *map, const char *key)
{
    const msgpack_object *value = field(map, key);
    return value && value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? value->via.u64 : 0;
}

int64_t field_int(const msgpack_object *map, const char *key)
{
    const msgpack_object *value = field(map, key);
    if (!value) {
        return 0;
    }
    if (value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        return value->via.i64;
    }
    return value->type == MSGPACK_OBJECT_POSITIVE_INTEGER && value->via.u64 <= INT64_MAX
               ? (int64_t)value->via.u64
               : 0;
}

bool field_flag(const msgpack_object *map, const char *key)
{
    const msgpack_object *value = field(map, key);
    return value && value->type == MSGPACK_OBJECT_BOOLEAN && value->via.boolean;
}

const char *field_text(const msgpack_object *map, const char *key)
{
    const msgpack_object *value = field(map, key);
    if (!value || value->type != MSGPACK_OBJECT_STR) {
        return "";
    }
    char *text = rotating_buffer();
    size_t len = value->via.str.size < CELL_MAX - 1 ? value->via.str.size : CELL_MAX - 1;
    memcpy(text, value->via.str.ptr, len);
    text[len] = 0;
    return text;
}

const char *field_hex(const msgpack_object *map, const char *key)
{
    const msgpack_object *value = field(map, key);
    if (!value || value->type != MSGPACK_OBJECT_BIN || value->via.bin.size > CELL_MAX / 2 - 1) {
        return "";
    }
    return hex_format(bytes_of(value->via.bin.ptr, value->via.bin.size), rotating_buffer());
}

const char *field_short(const msgpack_object *map, const char *key)
{
    const msgpack_object *value = field(map, key);
    if (!value || value->type != MSGPACK_OBJECT_BIN || value->via.bin.size < ID_SHORT_DIGITS / 2) {
        return "";
    }
    return hex_format(bytes_of(value->via.bin.ptr, ID_SHORT_DIGITS / 2), rotating_buffer());
}

const char *field_date(const msgpack_object *map, const char *key, enum language language)
{
    const char *iso = field_text(map, key);
    int32_t days;
    if (date_parse(bytes_of_text(iso), &days, NULL) != OK) {
        return iso;
    }
    char formatted[DATE_TEXT_MAX];
    char *text = rotating_buffer();
    snprintf(text, CELL_MAX, "%s", date_format(days, language, formatted));
    return text;
}

uint32_t field_count(const msgpack_object *map, const char *key)
{
    const msgpack_object *value = field(map, key);
    return value && value->type == MSGPACK_OBJECT_ARRAY ? value->via.array.size : 0;
}

const msgpack_object *field_item(const msgpack_object *map, const char *key, uint32_t index)
{
    return index < field_count(map, key) ? &field(map, key)->via.array.ptr[index] : NULL;
}

const char *show_name(enum language language, const msgpack_object *row)
{
    const char *english = field_text(row, "name_en");
    return language == LANGUAGE_EN && english[0] ? english : field_text(row, "name");
}

const char *show_account(enum language language, uint64_t code)
{
    const struct account *account = account_find(code);
    if (!account) {
        return "?";
    }
    return language == LANGUAGE_TH ? account->name_th : account->name_en;
}
