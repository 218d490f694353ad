/* The audit report, packed: section by section as store/report.h lists them. Everything comes from
 * the report, so that two nodes with one cut write the same bytes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/date.h"

#include "store/report.h"
#include "store/requests.h"

enum { OPENING_ACCOUNT = 3900, SAVINGS_ACCOUNT = 2110, RESTRICTED_ACCOUNT = 3230 };

/* --- what a group's figures say --- */

static bool has_entries(const struct report_group *group)
{
    return group->held && group->valid > 0;
}

static int32_t age_days(const struct report *report, const struct report_group *group)
{
    return report->cut->as_of - group->last_date;
}

static bool is_stale(const struct report *report, const struct report_group *group)
{
    return !has_entries(group) || age_days(report, group) > STALE_DAYS;
}

static const struct turnover *account_of(const struct report_group *group, uint16_t account)
{
    int row = account_row(account);
    assert(row >= 0);
    return &group->own[row];
}

static bool reports(const struct report_group *group, uint16_t account)
{
    return group->reported[account_row(account)];
}

static bool opening_incomplete(const struct report_group *group)
{
    const struct turnover *opening = account_of(group, OPENING_ACCOUNT);
    return !amount_equal(opening->debit, opening->credit);
}

/* --- sections 1, 2, 11: groups --- */

static void pack_coverage(const struct report *report, struct buffer *out)
{
    uint64_t held = 0, fresh = 0, forked = 0, upgrade = 0, halted = 0, invalid = 0;
    for (size_t i = 0; i < report->count; i++) {
        const struct report_group *group = &report->groups[i];
        forked += group->forked;
        upgrade += group->held && group->status == LEDGER_NEEDS_UPGRADE;
        halted += group->held && group->status == LEDGER_HALTED;
        invalid += group->invalid;
        if (!group->network) {
            held += group->held;
            fresh += !is_stale(report, group);
        }
    }
    pack_text(out, "coverage");
    pack_map(out, 8);
    result_uint(out, "expected", report->count - 1);
    result_uint(out, "held", held);
    result_uint(out, "fresh", fresh);
    result_uint(out, "stale", report->count - 1 - fresh);
    result_uint(out, "forked", forked);
    result_uint(out, "needs_upgrade", upgrade);
    result_uint(out, "halted", halted);
    result_uint(out, "invalid", invalid);
}

static void pack_status(const struct report *report, const struct report_group *group,
                        struct buffer *out)
{
    bool stopped = group->held && group->status != LEDGER_OK;
    result_text(out, "status", group->held ? ledger_status_name(group->status) : NULL);
    pack_text(out, "stopped_at");
    if (stopped) {
        pack_uint(out, group->stopped_at);
    } else {
        pack_nil(out);
    }
    pack_text(out, "last_date");
    if (has_entries(group)) {
        char date[DATE_TEXT_MAX];
        pack_text(out, date_format_iso(group->last_date, date));
    } else {
        pack_nil(out);
    }
    pack_text(out, "age_days");
    if (has_entries(group)) {
        pack_int(out, age_days(report, group));
    } else {
        pack_nil(out);
    }
    result_bool(out, "stale", is_stale(report, group));
}

/* The first journals, or reversals, of a group. */
static void pack_listed(const struct report *report, const struct report_group *group,
                        const char *key, bool reversal, struct buffer *out)
{
    size_t count = 0, end = group->listed_first + group->listed_count;
    for (size_t i = group->listed_first; i < end; i++) {
        count += report->listed[i].reversal == reversal;
    }
    result_array(out, key, count);
    for (size_t i = group->listed_first; i < end; i++) {
        if (report->listed[i].reversal == reversal) {
            pack_uint(out, report->listed[i].index);
        }
    }
}

static enum err_code pack_group(const struct report *report, const struct report_group *group,
                                struct buffer *out, struct err *err)
{
    struct trial trial;
    trial_init(&trial);
    enum err_code code = trial_add(&trial, group->own, group->reported, TRIAL_GROUP, err);
    pack_map(out, 25 + TRIAL_PAIRS);
    result_hash(out, "group", &group->item.group);
    result_text(out, "name", group->name);
    result_text(out, "name_en", group->name_en);
    result_uint(out, "place", group->place);
    result_text(out, "type", group_type_name(group->type));
    result_bool(out, "network", group->network);
    result_uint(out, "epoch", group->item.epoch);
    result_uint(out, "size", group->item.size);
    result_hash(out, "root", group->held ? &group->item.root : NULL);
    result_bool(out, "held", group->held);
    result_bool(out, "forked", group->forked);
    pack_status(report, group, out);
    pack_text(out, "members");
    if (group->held) {
        pack_int(out, group->members);
    } else {
        pack_nil(out);
    }
    result_uint(out, "valid", group->valid);
    result_uint(out, "invalid", group->invalid);
    result_uint(out, "journals", group->journals);
    result_uint(out, "reversals", group->reversals);
    result_bool(out, "opening_incomplete", opening_incomplete(group));
    pack_listed(report, group, "journal_entries", false, out);
    pack_listed(report, group, "reversal_entries", true, out);
    result_array(out, "invalid_entries", group->verdict_count);
    for (size_t i = 0; i < group->verdict_count; i++) {
        const struct report_verdict *verdict = &report->verdicts[group->verdict_first + i];
        pack_map(out, 2);
        result_uint(out, "entry", verdict->index);
        result_text(out, "code", err_name(verdict->code));
    }
    return code == OK ? trial_pack(&trial, out, err) : code;
}

/* --- section 3: combined --- */

static enum err_code pack_combined(const struct report *report, struct buffer *out, bool *good,
                                   struct err *err)
{
    struct turnover sums;
    struct amount difference;
    enum err_code code = trial_sums(&report->combined, &sums, err);
    if (code == OK && !turnover_balance(&sums, &difference)) {
        code = err_set(err, E_OVERFLOW, "the combined sums do not fit");
    }
    if (code != OK) {
        return code;
    }
    pack_text(out, "combined");
    pack_map(out, 1 + TRIAL_PAIRS);
    code = trial_pack(&report->combined, out, err);
    result_amount(out, "difference", difference);
    *good = amount_sign(difference) == 0;
    return code;
}

/* --- section 9: income by channel --- */

struct channel {
    uint8_t number;
    uint16_t account;
    uint32_t member_money; /* 0: whatever the policy says */
};
static const struct channel CHANNELS[] = {
    {1, SAVINGS_ACCOUNT, MEMBER_MONEY_RETURNABLE},
    {1, 4311, MEMBER_MONEY_CONTRIBUTION},
    {2, 4312, 0},
    {3, 4313, 0},
    {4, 4314, 0},
    {5, 4315, 0},
    {6, 4316, 0},
};
enum { CHANNEL_COUNT = sizeof CHANNELS / sizeof CHANNELS[0] };

/* Credits of the account, over the groups to which the channel applies. `of` counts those. */
static enum err_code channel_sum(const struct report *report, const struct channel *channel,
                                 struct turnover *sum, uint64_t *groups, uint64_t *of,
                                 struct err *err)
{
    *sum = (struct turnover){amount_of(0), amount_of(0)};
    *groups = 0;
    *of = 0;
    for (size_t i = 1; i < report->count; i++) {
        const struct report_group *group = &report->groups[i];
        bool applies = !group->held || channel->member_money == 0 ||
                       channel->member_money == group->member_money;
        const struct turnover *turnover = account_of(group, channel->account);
        *of += applies;
        if (!applies || !group->held) {
            continue;
        }
        *groups += reports(group, channel->account);
        if (!amount_add(sum->debit, turnover->debit, &sum->debit) ||
            !amount_add(sum->credit, turnover->credit, &sum->credit)) {
            return err_set(err, E_OVERFLOW, "the sums of a channel do not fit");
        }
    }
    return OK;
}

static enum err_code pack_income(const struct report *report, struct buffer *out, struct err *err)
{
    struct turnover sum;
    uint64_t groups, of;
    result_array(out, "income", CHANNEL_COUNT);
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        enum err_code code = channel_sum(report, &CHANNELS[i], &sum, &groups, &of, err);
        if (code != OK) {
            return code;
        }
        pack_map(out, 5);
        result_uint(out, "channel", CHANNELS[i].number);
        result_uint(out, "account", CHANNELS[i].account);
        result_amount(out, "amount", sum.credit);
        result_uint(out, "groups", groups);
        result_uint(out, "of", of);
    }
    struct channel restricted = {0, RESTRICTED_ACCOUNT, 0};
    enum err_code code = channel_sum(report, &restricted, &sum, &groups, &of, err);
    if (code == OK) {
        pack_text(out, "restricted");
        pack_map(out, 4);
        result_amount(out, "received", sum.credit);
        result_amount(out, "released", sum.debit);
        result_uint(out, "groups", groups);
        result_uint(out, "of", of);
    }
    return code;
}

/* --- sections 10, 11 --- */

static void pack_counts(const struct report *report, struct buffer *out)
{
    int64_t members = 0;
    uint64_t held = 0, journals = 0, reversals = 0, invalid = 0, opening = 0;
    for (size_t i = 0; i < report->count; i++) {
        const struct report_group *group = &report->groups[i];
        members += group->members;
        journals += group->journals;
        reversals += group->reversals;
        invalid += group->invalid;
        opening += opening_incomplete(group);
        held += group->held && !group->network;
    }
    pack_text(out, "counts");
    pack_map(out, 3);
    result_int(out, "members", members);
    result_uint(out, "groups", held);
    result_uint(out, "of", report->count - 1);
    pack_text(out, "events");
    pack_map(out, 4);
    result_uint(out, "journals", journals);
    result_uint(out, "reversals", reversals);
    result_uint(out, "invalid", invalid);
    result_uint(out, "opening_incomplete", opening);
}

/* --- roll-up by place --- */

struct placed {
    struct place_unit unit;
    const struct report_group *group;
};

static int placed_compare(const void *a, const void *b)
{
    const struct placed *left = a, *right = b;
    if (left->unit.key != right->unit.key) {
        return left->unit.key < right->unit.key ? -1 : 1;
    }
    /* Groups stand in one array: its order is the cut's. */
    return left->group < right->group ? -1 : left->group > right->group;
}

static enum err_code pack_place(const struct placed *placed, size_t count, struct buffer *out,
                                struct err *err)
{
    struct trial trial;
    int64_t members = 0;
    uint64_t held = 0;
    enum err_code code = OK;
    trial_init(&trial);
    for (size_t i = 0; code == OK && i < count; i++) {
        const struct report_group *group = placed[i].group;
        members += group->members;
        held += group->held;
        code = trial_add(&trial, group->own, group->reported, TRIAL_GROUP, err);
    }
    pack_map(out, 6 + TRIAL_PAIRS);
    result_text(out, "code", placed->unit.code);
    result_text(out, "name", placed->unit.name_th);
    result_text(out, "name_en", placed->unit.name_en);
    result_uint(out, "groups", count);
    result_uint(out, "held", held);
    result_int(out, "members", members);
    return code == OK ? trial_pack(&trial, out, err) : code;
}

/* The groups of placed[from..] that lie in one unit. */
static size_t same_place(const struct placed *placed, size_t from, size_t count)
{
    size_t to = from + 1;
    while (to < count && placed[to].unit.key == placed[from].unit.key) {
        to++;
    }
    return to - from;
}

static enum err_code pack_places(const struct report *report, enum place_level by,
                                 struct buffer *out, struct err *err)
{
    assert(report->count > 0);
    size_t count = report->count - 1, units = 0;
    struct placed *placed = calloc(count + 1, sizeof *placed);
    enum err_code code = OK;
    if (!placed) {
        return err_set(err, E_MEMORY, "out of memory for %zu groups", count);
    }
    for (size_t i = 0; i < count; i++) {
        placed[i].group = &report->groups[i + 1];
        place_unit_of(placed[i].group->place, by, &placed[i].unit);
    }
    qsort(placed, count, sizeof *placed, placed_compare);
    for (size_t i = 0; i < count; i += same_place(placed, i, count)) {
        units++;
    }
    result_text(out, "by", place_level_name(by));
    result_array(out, "places", units);
    for (size_t i = 0; code == OK && i < count;) {
        size_t same = same_place(placed, i, count);
        code = pack_place(&placed[i], same, out, err);
        i += same;
    }
    free(placed);
    return code;
}

/* --- all of it --- */

enum { SECTION_COUNT = 11 };
static const bool SECTION_DONE[SECTION_COUNT + 1] =
    {[1] = true, [2] = true, [3] = true, [9] = true, [10] = true, [11] = true};

static void pack_head(const struct report *report, struct buffer *out)
{
    result_text(out, "cut", report->cut->id);
    result_hash(out, "network", &report->cut->network);
    result_text(out, "name", report->groups[0].name);
    result_text(out, "name_en", report->groups[0].name_en);
    result_text(out, "currency", report->currency);
    result_uint(out, "minor_digits", report->minor_digits);
    result_date(out, "as_of", report->cut->as_of);
    result_uint(out, "rules", report->cut->rules);
    result_array(out, "sections", SECTION_COUNT);
    for (unsigned i = 1; i <= SECTION_COUNT; i++) {
        pack_map(out, 2);
        result_uint(out, "number", i);
        result_bool(out, "done", SECTION_DONE[i]);
    }
}

enum err_code report_pack(const struct report *report, enum place_level by, struct buffer *out,
                          struct err *err)
{
    bool good = true;
    pack_map(out, 19);
    pack_head(report, out); /* 9 pairs */
    pack_coverage(report, out);
    result_array(out, "groups", report->count);
    enum err_code code = OK;
    for (size_t i = 0; code == OK && i < report->count; i++) {
        code = pack_group(report, &report->groups[i], out, err);
    }
    if (code == OK) {
        code = pack_combined(report, out, &good, err);
    }
    if (code == OK) {
        result_bool(out, "good", good);
        code = pack_income(report, out, err); /* 2 pairs */
    }
    if (code == OK) {
        pack_counts(report, out);                 /* 2 pairs */
        code = pack_places(report, by, out, err); /* 2 pairs */
    }
    return code;
}
