/* docs/bookkeeping.md against the code: the chart, the events with every example and the lines that
 * it writes, the kinds, the error codes. Runs from the repository's root. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/accounts.h"
#include "proto/events.h"
#include "proto/kinds.h"
#include "tests/lib/posting_text.h"

enum { ROW_BYTES = 2000, CELLS = 8 };

/* One row of a Markdown table. */
struct row {
    char text[ROW_BYTES];
    unsigned count;
    char *cells[CELLS];
};

static char *trimmed(char *text)
{
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '`')) {
        text[--len] = '\0';
    }
    return text + strspn(text, " `");
}

/* false when the line is no table row. Cells lose their blanks and back-quotes. */
static bool split(struct row *row)
{
    row->count = 0;
    if (row->text[0] != '|') {
        return false;
    }
    row->text[strcspn(row->text, "\n")] = '\0';
    char *at = row->text + 1;
    for (char *bar = strchr(at, '|'); bar != NULL && row->count < CELLS; bar = strchr(at, '|')) {
        *bar = '\0';
        row->cells[row->count++] = trimmed(at);
        at = bar + 1;
    }
    return row->count > 0;
}

/* Calls `each` for every row of the table whose first heading is `heading`; returns how many. */
static unsigned each_row(const char *heading, void (*each)(unsigned at, const struct row *row))
{
    static struct row row;
    bool inside = false;
    unsigned count = 0;
    FILE *file = fopen("docs/bookkeeping.md", "r");
    if (file == NULL) {
        fail_msg("docs/bookkeeping.md is not there: run from the repository's root");
        return 0;
    }
    while (fgets(row.text, sizeof row.text, file) != NULL) {
        assert_non_null(strchr(row.text, '\n'));
        if (!split(&row)) {
            inside = false;
        } else if (strcmp(row.cells[0], heading) == 0) {
            assert_false(inside);
            inside = true;
        } else if (inside && strncmp(row.cells[0], "---", 3) != 0) {
            each(count++, &row);
        }
    }
    assert_int_equal(fclose(file), 0);
    return count;
}

static void check_account(unsigned at, const struct row *row)
{
    const struct account *account = account_at(at);
    char code[16], kept[64], remark[64];
    assert_non_null(account);
    assert_int_equal(row->count, 6);
    unsigned flags = account->flags;
    snprintf(code, sizeof code, "%u%s", (unsigned)account->code,
             (flags & ACCOUNT_INTERGROUP) != 0 ? "*" : "");
    snprintf(kept, sizeof kept, "%s%s%s", (flags & ACCOUNT_BY_MEMBER) != 0 ? ", member" : "",
             (flags & ACCOUNT_BY_PARTY) != 0 ? ", party" : "",
             (flags & ACCOUNT_BY_SUB) != 0 ? ", sub" : "");
    snprintf(remark, sizeof remark, "%s%s%s", (flags & ACCOUNT_CONTRA) != 0 ? "contra" : "",
             (flags & ACCOUNT_NOT_NEGATIVE) != 0 ? "never below zero" : "",
             (flags & ACCOUNT_REPORT_ONLY) != 0 ? "reports only" : "");
    static const char *const types[] = {"A", "L", "E", "R", "X"};
    assert_string_equal(row->cells[0], code);
    assert_string_equal(row->cells[1], account->name_th);
    assert_string_equal(row->cells[2], account->name_en);
    assert_string_equal(row->cells[3],
                        (flags & ACCOUNT_REPORT_ONLY) != 0 ? "–" : types[account->type]);
    assert_string_equal(row->cells[4], kept[0] == '\0' ? "–" : kept + 2);
    assert_string_equal(row->cells[5], remark[0] == '\0' ? "–" : remark);
}

static void test_chart(void **state)
{
    (void)state;
    assert_int_equal(each_row("code", check_account), account_count());
}

/* "journal --line 5240=350.00 --line …": each line is a row of its own. */
static unsigned derive_journal(char *lines, struct body_line legs[POSTING_LEGS_MAX])
{
    unsigned count = 0;
    for (char *at = strstr(lines, "--line "); at != NULL; at = strstr(at + 1, "--line ")) {
        char command[100];
        unsigned one = 0;
        struct posting posting;
        struct err err = {.code = OK};
        assert_true(count < POSTING_LEGS_MAX && strcspn(at + 7, "=") == 4);
        snprintf(command, sizeof command, "journal --account %.4s --amount %.*s", at + 7,
                 (int)strcspn(at + 12, " "), at + 12);
        posting_parse(command, &posting);
        if (event_derive(&posting, 0, &legs[count], &one, &err) != OK) {
            fail_msg("%s: %s", command, err.text);
        }
        count += one;
    }
    return count;
}

static void check_example(const struct event_row *event, char *command, const char *expected)
{
    static struct entry entry; /* large */
    struct posting posting = {.event = event->number};
    struct body_line legs[POSTING_LEGS_MAX];
    struct post_terms terms;
    struct err err = {.code = OK};
    char text[LEGS_TEXT_MAX];
    unsigned count = 0;
    if (event->number == EVENT_JOURNAL) {
        count = derive_journal(command, legs);
    } else {
        posting_parse(command, &posting);
        assert_int_equal(posting.event, event->number);
        if (event_derive(&posting, 0, legs, &count, &err) != OK) {
            fail_msg("%s: %s: %s", command, err_name(err.code), err.text);
        }
    }
    assert_string_equal(legs_text(legs, count, text), expected);
    event_terms(&posting, &terms);
    entry.post_count = 0;
    entry_add_legs(&entry, legs, count);
    if (event_check(&terms, &entry, &err) != OK) {
        fail_msg("%s: public check: %s: %s", command, err_name(err.code), err.text);
    }
}

static void check_event(unsigned at, const struct row *row)
{
    static const char command[] = "satcha post ";
    static const char *const members[] = {"n", "y", "o"};
    const struct event_row *event = event_at(at);
    char number[16], member[16];
    assert_non_null(event);
    assert_int_equal(row->count, 6);
    snprintf(number, sizeof number, "%u", (unsigned)event->number);
    snprintf(member, sizeof member, "%s%s", members[event->member], event->either_way ? " ⇄" : "");
    assert_string_equal(row->cells[0], number);
    assert_string_equal(row->cells[1], event->name);
    assert_string_equal(row->cells[2], event->name_th);
    assert_string_equal(row->cells[3], member);
    assert_int_equal(strncmp(row->cells[4], command, sizeof command - 1), 0);
    check_example(event, row->cells[4] + sizeof command - 1, row->cells[5]);
}

static void test_events_and_examples(void **state)
{
    (void)state;
    assert_int_equal(each_row("no.", check_event), EVENT_COUNT);
}

static unsigned kinds_told;

static void check_kind(unsigned at, const struct row *row)
{
    (void)at;
    const struct kind_row *kind = kind_find(strtoul(row->cells[0], NULL, 10));
    assert_non_null(kind);
    assert_string_equal(row->cells[1], kind->name);
    assert_int_equal(kind->flags & KIND_NOT_YET, 0);
    kinds_told++;
}

static void test_kinds(void **state)
{
    (void)state;
    unsigned known = 0;
    for (unsigned i = 0; i < kind_count(); i++) {
        known += (kind_at(i)->flags & KIND_NOT_YET) == 0;
    }
    kinds_told = 0;
    each_row("kind no.", check_kind);
    assert_int_equal(kinds_told, known);
}

static const struct {
    const char *name;
} error_names[] = {
#define ERROR_NAME(name, number, status) {#name},
    ERR_CODES(ERROR_NAME)
#undef ERROR_NAME
};

static void check_error(unsigned at, const struct row *row)
{
    if (strncmp(row->cells[0], "E_", 2) != 0) {
        fail_msg("row %u: \"%s\" is no error code", at, row->cells[0]);
    }
    for (unsigned i = 0; i < sizeof error_names / sizeof error_names[0]; i++) {
        if (strcmp(row->cells[0], error_names[i].name) == 0) {
            return;
        }
    }
    fail_msg("there is no error %s", row->cells[0]);
}

static void test_error_codes(void **state)
{
    (void)state;
    assert_true(each_row("error", check_error) >= 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chart),
        cmocka_unit_test(test_events_and_examples),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_error_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
