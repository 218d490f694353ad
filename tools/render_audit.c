/* The federation's audit report as text, in English or Thai: the eleven sections, in order, nothing
 * but what the report says, so that one cut gives one text on every node. */
#include <inttypes.h>

#include "tools/commands.h"
#include "tools/show.h"

/* One phrase in both languages. */
static const char *say(const struct invocation *invocation, const char *english, const char *thai)
{
    return invocation->language == LANGUAGE_TH ? thai : english;
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
    printf("%s  %s\n", field_short(result, "network"), show_name(invocation->language, result));
    printf("%s %s   %s %s   %s %" PRIu64 "   %s\n", say(invocation, "cut", "ชุดตรวจ"),
           field_text(result, "cut"), say(invocation, "as of", "ณ วันที่"),
           field_date(result, "as_of", invocation->language), say(invocation, "rules", "กติกาฉบับ"),
           field_uint(result, "rules"), field_text(result, "currency"));
}

/* Why a group is not as it should be; "" when it is. */
static void group_state(const struct invocation *invocation, const msgpack_object *group, char *out,
                        size_t size)
{
    out[0] = 0;
    if (!field_flag(group, "held")) {
        snprintf(out, size, "%s", say(invocation, "not held here", "ไม่มีสมุดบัญชีในชุดตรวจ"));
    } else if (field_flag(group, "forked")) {
        snprintf(out, size, "%s: `satcha why %s` %s", say(invocation, "FORKED", "สมุดแตกเป็นสองฉบับ"),
                 field_short(group, "group"), say(invocation, "shows both heads", "แสดงหัวทั้งสอง"));
    } else if (field_flag(group, "stale") && !field_flag(group, "network")) {
        const char *last = field_date(group, "last_date", invocation->language);
        snprintf(out, size, "%s %s, %" PRId64 " %s",
                 say(invocation, "no entry for more than 35 days: the last",
                     "ไม่มีรายการเกิน 35 วัน: ล่าสุด"),
                 last[0] ? last : "N/A", field_int(group, "age_days"),
                 say(invocation, "days", "วัน"));
    }
}

static void print_group_state(const struct invocation *invocation, const msgpack_object *group)
{
    char state[256];
    group_state(invocation, group, state, sizeof state);
    if (state[0]) {
        printf("  %s  %s: %s\n", field_short(group, "group"),
               show_name(invocation->language, group), state);
    }
    if (field(group, "stopped_at")) {
        printf("  %s  %s: %s %s %" PRIu64 "\n", field_short(group, "group"),
               show_name(invocation->language, group), field_text(group, "status"),
               say(invocation, "at entry", "ที่รายการ"), field_uint(group, "stopped_at"));
    }
    for (uint32_t k = 0; k < field_count(group, "invalid_entries"); k++) {
        const msgpack_object *invalid = field_item(group, "invalid_entries", k);
        printf("  %s  %s: %s %" PRIu64 " %s %s\n", field_short(group, "group"),
               show_name(invocation->language, group), say(invocation, "entry", "รายการ"),
               field_uint(invalid, "entry"), say(invocation, "is invalid:", "ไม่ถูกต้อง:"),
               field_text(invalid, "code"));
    }
}

static void print_coverage(const struct invocation *invocation, const msgpack_object *result)
{
    const msgpack_object *coverage = field(result, "coverage");
    printf("%s: %" PRIu64 " %s %" PRIu64 "; %s: %" PRIu64 "\n",
           say(invocation, "groups held", "ถือสมุดบัญชี"), field_uint(coverage, "held"),
           say(invocation, "of", "จาก"), field_uint(coverage, "expected"),
           say(invocation, "with an entry of the last 35 days", "มีรายการใน 35 วัน"),
           field_uint(coverage, "fresh"));
    printf("%s: %" PRIu64 "; %s: %" PRIu64 "; %s: %" PRIu64 "; %s: %" PRIu64 "\n",
           say(invocation, "forked", "สมุดแตก"), field_uint(coverage, "forked"),
           say(invocation, "halted", "หยุดอ่าน"), field_uint(coverage, "halted"),
           say(invocation, "of a newer program", "ต้องใช้โปรแกรมรุ่นใหม่"),
           field_uint(coverage, "needs_upgrade"),
           say(invocation, "invalid entries", "รายการที่ไม่ถูกต้อง"), field_uint(coverage, "invalid"));
    for (uint32_t i = 0; i < field_count(result, "groups"); i++) {
        print_group_state(invocation, field_item(result, "groups", i));
    }
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
        show_cell(table, "%s", show_account(invocation->language, field_uint(row, "account")));
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
    puts(say(invocation,
             "balance = debits − credits; N/A: no account is reported, which is not 0.00",
             "คงเหลือ = เดบิต − เครดิต; N/A: ไม่ได้รายงานบัญชีใด ซึ่งไม่ใช่ 0.00"));
    for (uint32_t i = 0; i < field_count(result, "groups"); i++) {
        const msgpack_object *group = field_item(result, "groups", i);
        if (field_count(group, "rows") > 0) {
            printf("%s  %s\n", field_short(group, "group"), show_name(invocation->language, group));
            print_trial(invocation, group, minor_digits, false);
        } else if (!field_flag(group, "network")) {
            printf("%s  %s: N/A\n", field_short(group, "group"),
                   show_name(invocation->language, group));
        }
    }
}

static void print_combined(const struct invocation *invocation, const msgpack_object *result,
                           unsigned minor_digits)
{
    const msgpack_object *combined = field(result, "combined");
    char text[AMOUNT_TEXT_MAX];
    puts(say(invocation, "groups: how many report the account; its figures are the sums over these",
             "กลุ่ม: จำนวนกลุ่มที่รายงานบัญชีนั้น ยอดคือผลรวมของกลุ่มเหล่านั้น"));
    print_trial(invocation, combined, minor_digits, true);
    printf("%s: %s\n",
           say(invocation, "eliminations between groups, in transit (1190)",
               "การตัดรายการระหว่างกลุ่ม เงินระหว่างทาง (1190)"),
           say(invocation, "not in this version", "ยังไม่มีในรุ่นนี้"));
    printf("%s %s\n",
           say(invocation, "unexplained difference (debits − credits; must be 0)",
               "ผลต่างที่อธิบายไม่ได้ (เดบิต − เครดิต ต้องเป็น 0)"),
           amount_format(amount_of(field_int(combined, "difference")), minor_digits, text));
}

static void channel_row(const struct invocation *invocation, const msgpack_object *row,
                        const char *number, uint64_t account, const char *amount_key,
                        unsigned minor_digits, struct show_table *table)
{
    uint64_t groups = field_uint(row, "groups");
    show_cell(table, "%s", number);
    show_cell(table, "%" PRIu64, account);
    show_cell(table, "%s", show_account(invocation->language, account));
    if (groups == 0) {
        show_cell(table, "N/A");
    } else {
        show_cell_amount(table, field_int(row, amount_key), minor_digits);
    }
    show_cell(table, "%" PRIu64 " %s %" PRIu64 " %s", groups, say(invocation, "of", "จาก"),
              field_uint(row, "of"),
              account == 2110 ? say(invocation, "report savings", "กลุ่มรายงานเงินสัจจะ")
                              : say(invocation, "report", "กลุ่มรายงาน"));
}

static void print_income(const struct invocation *invocation, const msgpack_object *result,
                         unsigned minor_digits)
{
    const char *headings[] = {say(invocation, ">channel", ">ช่องทาง"),
                              say(invocation, "account", "บัญชี"), "",
                              say(invocation, ">received", ">รับ"), ""};
    const msgpack_object *restricted = field(result, "restricted");
    puts(say(invocation,
             "received = credits of the account; what was reversed stands among its debits\n"
             "channel 1: 2110 where the policy calls members' money returnable, else 4311",
             "รับ = ด้านเครดิตของบัญชี รายการที่กลับแล้วอยู่ด้านเดบิต\n"
             "ช่องทาง 1: 2110 เมื่อนโยบายให้คืนเงินสมาชิก มิฉะนั้น 4311"));
    struct show_table *table = show_table_new(5, headings);
    for (uint32_t i = 0; i < field_count(result, "income"); i++) {
        const msgpack_object *row = field_item(result, "income", i);
        char number[24];
        if (field_uint(row, "of") > 0) { /* else no group's policy sends members' money here */
            snprintf(number, sizeof number, "%" PRIu64, field_uint(row, "channel"));
            channel_row(invocation, row, number, field_uint(row, "account"), "amount", minor_digits,
                        table);
        }
    }
    channel_row(invocation, restricted, "", 3230, "received", minor_digits, table);
    show_table_print(table, stdout);
    if (field_uint(restricted, "groups") > 0) {
        char released[AMOUNT_TEXT_MAX];
        printf("%s %s\n",
               say(invocation,
                   "3230 released or returned = its debits:", "3230 ใช้หรือคืน = ด้านเดบิต:"),
               amount_format(amount_of(field_int(restricted, "released")), minor_digits, released));
    }
    printf("%s: %s\n", say(invocation, "matching due", "เงินสมทบที่พึงได้"),
           say(invocation, "not in this version", "ยังไม่มีในรุ่นนี้"));
}

static void print_counts(const struct invocation *invocation, const msgpack_object *result)
{
    const msgpack_object *counts = field(result, "counts");
    const char *headings[] = {say(invocation, "group", "กลุ่ม"),
                              say(invocation, ">members", ">สมาชิก"), ""};
    char text[AMOUNT_TEXT_MAX];
    printf("%s: %s (%" PRIu64 " %s %" PRIu64 " %s)\n", say(invocation, "members", "สมาชิก"),
           amount_format(amount_of(field_int(counts, "members")), 0, text),
           field_uint(counts, "groups"), say(invocation, "of", "จาก"), field_uint(counts, "of"),
           say(invocation, "groups", "กลุ่ม"));
    struct show_table *table = show_table_new(3, headings);
    for (uint32_t i = 0; i < field_count(result, "groups"); i++) {
        const msgpack_object *group = field_item(result, "groups", i);
        if (field_flag(group, "network")) {
            continue;
        }
        show_cell(table, "%s", field_short(group, "group"));
        if (field(group, "members")) {
            show_cell_amount(table, field_int(group, "members"), 0);
        } else {
            show_cell(table, "N/A");
        }
        show_cell(table, "%s", show_name(invocation->language, group));
    }
    show_table_print(table, stdout);
    printf("%s: %s\n",
           say(invocation, "% of population, loans, deeds, households, grades and awards",
               "ร้อยละของประชากร เงินกู้ โฉนด ครัวเรือน เกรดและรางวัล"),
           say(invocation, "not in this version", "ยังไม่มีในรุ่นนี้"));
}

/* The entries behind a count, as many as fit a line; `satcha log GROUP` has them all. */
static void print_entries(const struct invocation *invocation, const msgpack_object *group,
                          const char *key, uint64_t count)
{
    enum { SHOWN_MAX = 10 };
    const msgpack_object *entries = field(group, key);
    uint32_t listed = field_count(group, key);
    printf("  %s  %s: %" PRIu64 " (%s", field_short(group, "group"),
           show_name(invocation->language, group), count,
           say(invocation, count == 1 ? "entry" : "entries", "รายการที่"));
    for (uint32_t i = 0; i < listed && i < SHOWN_MAX; i++) {
        printf(" %" PRIu64, entries->via.array.ptr[i].via.u64);
    }
    puts(count > SHOWN_MAX ? " …)" : ")");
}

static void print_count(const struct invocation *invocation, const msgpack_object *result,
                        const char *title, const char *sum_key, const char *entries_key)
{
    printf("%s: %" PRIu64 "\n", title, field_uint(field(result, "events"), sum_key));
    for (uint32_t i = 0; i < field_count(result, "groups"); i++) {
        const msgpack_object *group = field_item(result, "groups", i);
        if (field_uint(group, sum_key) > 0) {
            print_entries(invocation, group, entries_key, field_uint(group, sum_key));
        }
    }
}

/* The balance of 3900 by group: what the opening still lacks. */
static void print_openings(const struct invocation *invocation, const msgpack_object *result,
                           unsigned minor_digits)
{
    const char *headings[] = {say(invocation, "group", "กลุ่ม"),
                              say(invocation, ">debits − credits of 3900", ">เดบิต − เครดิต 3900"),
                              ""};
    uint64_t count = field_uint(field(result, "events"), "opening_incomplete");
    printf("%s (3900): %" PRIu64 " %s\n", say(invocation, "opening incomplete", "ยอดยกมายังไม่ครบ"),
           count, say(invocation, "groups", "กลุ่ม"));
    if (count == 0) {
        return;
    }
    struct show_table *table = show_table_new(3, headings);
    for (uint32_t i = 0; i < field_count(result, "groups"); i++) {
        const msgpack_object *group = field_item(result, "groups", i);
        for (uint32_t k = 0;
             field_flag(group, "opening_incomplete") && k < field_count(group, "rows"); k++) {
            const msgpack_object *row = field_item(group, "rows", k);
            if (field_uint(row, "account") == 3900) {
                show_cell(table, "%s", field_short(group, "group"));
                show_cell_amount(table, field_int(row, "balance"), minor_digits);
                show_cell(table, "%s", show_name(invocation->language, group));
            }
        }
    }
    show_table_print(table, stdout);
}

static void print_events(const struct invocation *invocation, const msgpack_object *result,
                         unsigned minor_digits)
{
    print_count(invocation, result, say(invocation, "journal entries", "รายการทั่วไป"), "journals",
                "journal_entries");
    print_count(invocation, result, say(invocation, "reversals", "รายการกลับ"), "reversals",
                "reversal_entries");
    printf("%s: %" PRIu64 " (%s 1)\n", say(invocation, "invalid entries", "รายการที่ไม่ถูกต้อง"),
           field_uint(field(result, "events"), "invalid"),
           say(invocation, "named in section", "ระบุไว้ในข้อ"));
    print_openings(invocation, result, minor_digits);
    printf("%s: %s\n",
           say(invocation, "disputes, open proposals, missing closes",
               "ข้อพิพาท ข้อเสนอที่ค้าง งวดที่ยังไม่ปิด"),
           say(invocation, "not in this version", "ยังไม่มีในรุ่นนี้"));
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
        amount_format(amount_of(field_int(place, "members")), 0, members);
        printf("%s  %s: %s %" PRIu64 ", %s %" PRIu64 ", %s %s\n", field_text(place, "code"),
               show_name(invocation->language, place), say(invocation, "groups", "กลุ่ม"),
               field_uint(place, "groups"), say(invocation, "held", "ถือสมุดบัญชี"),
               field_uint(place, "held"), say(invocation, "members", "สมาชิก"),
               field_uint(place, "held") > 0 ? members : "N/A");
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
        print_events(invocation, result, minor_digits);
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
