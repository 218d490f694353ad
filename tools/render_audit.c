/* The federation's audit report as text, in English or Thai: the eleven sections, in order, nothing
 * but what the report says, so that one cut gives one text on every node. */
#include <inttypes.h>

#include "proto/accounts.h"
#include "tools/commands.h"
#include "tools/show.h"

/* One phrase in both languages. */
static const char *say(const struct invocation *invocation, const char *english, const char *thai)
{
    return invocation->language == LANGUAGE_TH ? thai : english;
}

static const char *named(const struct invocation *invocation, const msgpack_object *row)
{
    const char *english = field_text(row, "name_en");
    return invocation->language == LANGUAGE_EN && english[0] ? english : field_text(row, "name");
}

static void heading(const struct invocation *invocation, unsigned number)
{
    static const char *const titles[11][2] = {
        {"Coverage", "ความครอบคลุม"},
        {"Trial balance of each group", "งบทดลองของแต่ละกลุ่ม"},
        {"Combined trial balance", "งบทดลองรวม"},
        {"Mismatches between groups", "รายการระหว่างกลุ่มที่ไม่ตรงกัน"},
        {"Loans between groups", "เงินกู้ระหว่างกลุ่ม"},
        {"Pools", "กองกลาง"},
        {"Trades and levies", "การค้าและเงินสมทบ"},
        {"Liquidity and ratios", "สภาพคล่องและอัตราส่วน"},
        {"Income by channel", "เงินสมทบตามช่องทาง"},
        {"Counts", "จำนวนนับ"},
        {"What to look at", "เรื่องที่ควรดู"},
    };
    printf("\n%u. %s\n", number, titles[number - 1][invocation->language == LANGUAGE_TH]);
}

static void print_head(const struct invocation *invocation, const msgpack_object *result)
{
    printf("%s  %s\n", field_short(result, "network"), named(invocation, result));
    printf("%s %s   %s %s   %s %" PRIu64 "   %s\n", say(invocation, "cut", "ชุดตรวจ"),
           field_text(result, "cut"), say(invocation, "as of", "ณ วันที่"),
           field_date(result, "as_of", invocation->language), say(invocation, "rules", "กติกาฉบับ"),
           field_uint(result, "rules"), field_text(result, "currency"));
}

static void print_coverage(const struct invocation *invocation, const msgpack_object *result)
{
    const msgpack_object *coverage = field(result, "coverage");
    printf("%s: %" PRIu64 " %s %" PRIu64 "; %s: %" PRIu64 "\n",
           say(invocation, "groups held", "ถือสมุดบัญชี"), field_uint(coverage, "held"),
           say(invocation, "of", "จาก"), field_uint(coverage, "expected"),
           say(invocation, "with an entry of the last 35 days", "มีรายการใน 35 วัน"),
           field_uint(coverage, "fresh"));
    for (uint32_t i = 0; i < field_count(result, "groups"); i++) {
        const msgpack_object *group = field_item(result, "groups", i);
        const char *state =
            !field_flag(group, "held") ? say(invocation, "not held here", "ไม่มีสมุดบัญชีในชุดตรวจ")
            : field_flag(group, "forked") ? say(invocation, "FORKED", "สมุดแตกเป็นสองฉบับ")
            : field_flag(group, "stale") && !field_flag(group, "network")
                ? say(invocation, "no entry for more than 35 days", "ไม่มีรายการเกิน 35 วัน")
                : "";
        if (state[0]) {
            printf("  %s  %s: %s\n", field_short(group, "group"), named(invocation, group), state);
        }
        if (field(group, "stopped_at")) {
            printf("  %s  %s: %s %s %" PRIu64 "\n", field_short(group, "group"),
                   named(invocation, group), field_text(group, "status"),
                   say(invocation, "at entry", "ที่รายการ"), field_uint(group, "stopped_at"));
        }
        for (uint32_t k = 0; k < field_count(group, "invalid_entries"); k++) {
            const msgpack_object *invalid = field_item(group, "invalid_entries", k);
            printf("  %s  %s: %s %" PRIu64 " %s %s\n", field_short(group, "group"),
                   named(invocation, group), say(invocation, "entry", "รายการ"),
                   field_uint(invalid, "entry"), say(invocation, "is invalid:", "ไม่ถูกต้อง:"),
                   field_text(invalid, "code"));
        }
    }
}

static const char *account_title(const struct invocation *invocation, uint64_t code)
{
    const struct account *account = account_find(code);
    return account == NULL ? "?" : say(invocation, account->name_en, account->name_th);
}

/* A trial balance: rows of one map, with the sums below. */
static void print_trial(const struct invocation *invocation, const msgpack_object *trial,
                        unsigned minor_digits, bool with_groups)
{
    const char *headings[] = {say(invocation, ">account", ">บัญชี"),
                              "",
                              say(invocation, ">debits", ">เดบิต"),
                              say(invocation, ">credits", ">เครดิต"),
                              say(invocation, ">balance", ">คงเหลือ"),
                              say(invocation, ">groups", ">กลุ่ม")};
    struct show_table *table = show_table_new(with_groups ? 6 : 5, headings);
    for (uint32_t i = 0; i < field_count(trial, "rows"); i++) {
        const msgpack_object *row = field_item(trial, "rows", i);
        show_cell(table, "%" PRIu64, field_uint(row, "account"));
        show_cell(table, "%s", account_title(invocation, field_uint(row, "account")));
        show_cell_amount(table, field_int(row, "debit"), minor_digits);
        show_cell_amount(table, field_int(row, "credit"), minor_digits);
        show_cell_amount(table, field_int(row, "balance"), minor_digits);
        if (with_groups) {
            show_cell(table, "%" PRIu64, field_uint(row, "groups"));
        }
    }
    show_cell(table, "%s", "");
    show_cell(table, "%s", say(invocation, "total", "รวม"));
    show_cell_amount(table, field_int(trial, "debit"), minor_digits);
    show_cell_amount(table, field_int(trial, "credit"), minor_digits);
    show_cell_amount(table, field_int(trial, "debit") - field_int(trial, "credit"), minor_digits);
    show_table_print(table, stdout);
}

static void print_groups(const struct invocation *invocation, const msgpack_object *result,
                         unsigned minor_digits)
{
    for (uint32_t i = 0; i < field_count(result, "groups"); i++) {
        const msgpack_object *group = field_item(result, "groups", i);
        if (field_count(group, "rows") > 0) {
            printf("%s  %s\n", field_short(group, "group"), named(invocation, group));
            print_trial(invocation, group, minor_digits, false);
        } else if (!field_flag(group, "network")) {
            printf("%s  %s: N/A\n", field_short(group, "group"), named(invocation, group));
        }
    }
}

static void print_combined(const struct invocation *invocation, const msgpack_object *result,
                           unsigned minor_digits)
{
    const msgpack_object *combined = field(result, "combined");
    char text[AMOUNT_TEXT_MAX];
    print_trial(invocation, combined, minor_digits, true);
    printf("%s %s\n", say(invocation, "unexplained difference", "ผลต่างที่อธิบายไม่ได้"),
           amount_format(amount_of(field_int(combined, "difference")), minor_digits, text));
}

static void print_channel(const struct invocation *invocation, const msgpack_object *row,
                          unsigned minor_digits)
{
    char text[AMOUNT_TEXT_MAX];
    uint64_t groups = field_uint(row, "groups"), of = field_uint(row, "of");
    uint64_t account = field_uint(row, "account");
    if (of == 0) {
        return; /* no group's policy sends members' money here */
    }
    amount_format(amount_of(field_int(row, "amount")), minor_digits, text);
    printf("  %" PRIu64 "  %" PRIu64 " %s: %s (%" PRIu64 " %s %" PRIu64 " %s)\n",
           field_uint(row, "channel"), account, account_title(invocation, account),
           groups == 0 ? "N/A" : text, groups, say(invocation, "of", "จาก"), of,
           account == 2110 ? say(invocation, "report savings", "กลุ่มรายงานเงินสัจจะ")
                           : say(invocation, "report", "กลุ่มรายงาน"));
}

static void print_income(const struct invocation *invocation, const msgpack_object *result,
                         unsigned minor_digits)
{
    const msgpack_object *restricted = field(result, "restricted");
    for (uint32_t i = 0; i < field_count(result, "income"); i++) {
        print_channel(invocation, field_item(result, "income", i), minor_digits);
    }
    if (field_uint(restricted, "groups") > 0) {
        char received[AMOUNT_TEXT_MAX], released[AMOUNT_TEXT_MAX];
        printf("  3230 %s: %s %s, %s %s\n", account_title(invocation, 3230),
               say(invocation, "received", "รับ"),
               amount_format(amount_of(field_int(restricted, "received")), minor_digits, received),
               say(invocation, "released", "ใช้"),
               amount_format(amount_of(field_int(restricted, "released")), minor_digits, released));
    }
}

static void print_counts(const struct invocation *invocation, const msgpack_object *result)
{
    const msgpack_object *counts = field(result, "counts");
    char text[AMOUNT_TEXT_MAX];
    printf("%s: %s (%" PRIu64 " %s %" PRIu64 " %s)\n", say(invocation, "members", "สมาชิก"),
           amount_format(amount_of(field_int(counts, "members")), 0, text),
           field_uint(counts, "groups"), say(invocation, "of", "จาก"), field_uint(counts, "of"),
           say(invocation, "groups", "กลุ่ม"));
}

static void print_events(const struct invocation *invocation, const msgpack_object *result)
{
    const msgpack_object *events = field(result, "events");
    printf("%s: %" PRIu64 "\n", say(invocation, "journal entries", "รายการทั่วไป"),
           field_uint(events, "journals"));
    printf("%s: %" PRIu64 "\n", say(invocation, "reversals", "รายการกลับ"),
           field_uint(events, "reversals"));
    printf("%s: %" PRIu64 "\n", say(invocation, "invalid entries", "รายการที่ไม่ถูกต้อง"),
           field_uint(events, "invalid"));
    printf("%s (3900): %" PRIu64 " %s\n", say(invocation, "opening incomplete", "ยอดยกมายังไม่ครบ"),
           field_uint(events, "opening_incomplete"), say(invocation, "groups", "กลุ่ม"));
}

static void print_places(const struct invocation *invocation, const msgpack_object *result,
                         unsigned minor_digits)
{
    if (!invocation_option(invocation, "by")) {
        return;
    }
    printf("\n%s: %s\n", say(invocation, "By place", "ตามพื้นที่"), field_text(result, "by"));
    for (uint32_t i = 0; i < field_count(result, "places"); i++) {
        const msgpack_object *place = field_item(result, "places", i);
        char members[AMOUNT_TEXT_MAX];
        printf("%s  %s: %" PRIu64 " %s, %s %s\n", field_text(place, "code"),
               named(invocation, place), field_uint(place, "groups"),
               say(invocation, "groups", "กลุ่ม"),
               amount_format(amount_of(field_int(place, "members")), 0, members),
               say(invocation, "members", "สมาชิก"));
        if (field_count(place, "rows") > 0) {
            print_trial(invocation, place, minor_digits, true);
        }
    }
}

static void print_section(const struct invocation *invocation, const msgpack_object *result,
                          unsigned number, unsigned minor_digits)
{
    switch (number) {
    case 1:
        print_coverage(invocation, result);
        break;
    case 2:
        print_groups(invocation, result, minor_digits);
        break;
    case 3:
        print_combined(invocation, result, minor_digits);
        break;
    case 9:
        print_income(invocation, result, minor_digits);
        break;
    case 10:
        print_counts(invocation, result);
        break;
    case 11:
        print_events(invocation, result);
        break;
    default:
        puts(say(invocation, "not in this version", "ยังไม่มีในรุ่นนี้"));
        break;
    }
}

enum err_code render_audit(const struct invocation *invocation, const msgpack_object *result,
                           struct err *err)
{
    unsigned minor_digits = (unsigned)field_uint(result, "minor_digits");
    if (!invocation->json) {
        print_head(invocation, result);
        for (unsigned number = 1; number <= 11; number++) {
            heading(invocation, number);
            print_section(invocation, result, number, minor_digits);
        }
        print_places(invocation, result, minor_digits);
    }
    if (!field_flag(result, "good")) {
        char text[AMOUNT_TEXT_MAX];
        int64_t difference = field_int(field(result, "combined"), "difference");
        return err_set(err, E_DIFFERS,
                       "an unexplained difference of %s remains in the combined books",
                       amount_format(amount_of(difference), minor_digits, text));
    }
    return OK;
}
