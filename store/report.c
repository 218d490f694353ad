/* The audit report: the cut replayed. What is packed from it is in report_pack.c. */
#include "store/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/entry.h"
#include "proto/events.h"
#include "proto/id.h"

struct build {
    struct store *store;
    struct report *report;
    struct ledger_state *past; /* scratch: a state at an earlier size */
    struct err *err;
};

void report_free(struct report *report)
{
    free(report->groups);
    free(report->verdicts);
    free(report->listed);
    memset(report, 0, sizeof *report);
}

/* --- what is held against what the cut says --- */

static enum err_code check_held(struct build *build, const struct report_group *group)
{
    const struct cut_item *item = &group->item;
    struct ledger_view view;
    struct hash root;
    char hex[HEX_HASH_MAX];
    bool known = store_ledger_find(build->store, &item->group, &view) == OK;
    uint64_t held = known ? view.size : 0;
    if (held < item->size) {
        return err_set(build->err, E_NO_DATA,
                       "%s (%.8s): %" PRIu64 " entries are held here, the cut is over %" PRIu64
                       "; let this node sync and ask again",
                       group->name, hash_format(&item->group, hex), held, item->size);
    }
    enum err_code code = store_root_at(build->store, &item->group, item->size, &root);
    if (code != OK) {
        return err_set(build->err, code,
                       "%s (%.8s): its entries cannot be read; run `satcha verify`", group->name,
                       hash_format(&item->group, hex));
    }
    return hash_equal(&root, &item->root)
               ? OK
               : err_set(build->err, E_FORKED,
                         "%s (%.8s): the first %" PRIu64
                         " entries held here have another root than in the cut: two branches",
                         group->name, hash_format(&item->group, hex), item->size);
}

/* The state at the cut's size: the published one where nothing was added since. */
static enum err_code state_at(struct build *build, const struct cut_item *item,
                              const struct ledger_state **state)
{
    struct ledger_view view;
    if (store_ledger_find(build->store, &item->group, &view) == OK && view.size == item->size) {
        return store_ledger_state(build->store, &item->group, state);
    }
    enum err_code code =
        store_ledger_state_at(build->store, &item->group, item->size, build->past, build->err);
    if (code == OK) {
        *state = build->past;
    }
    return code;
}

/* The first of a group: a peer may write any number of them. */
struct verdicts {
    struct report *report;
    size_t wanted;
};

static enum err_code keep_verdict(void *context, uint64_t index, enum err_code verdict)
{
    struct verdicts *kept = context;
    struct report *report = kept->report;
    if (kept->wanted == 0) {
        return E_CAP; /* only ends the walk */
    }
    kept->wanted--;
    struct report_verdict *verdicts =
        array_room(report->verdicts, report->verdict_count, &report->verdict_cap, sizeof *verdicts);
    if (!verdicts) {
        return E_MEMORY;
    }
    report->verdicts = verdicts;
    report->verdicts[report->verdict_count++] = (struct report_verdict){index, verdict};
    return OK;
}

/* --- the journals and reversals of a group, by index --- */

struct listing {
    struct store *store;
    struct report *report;
    const struct report_group *group;
    struct entry *entry; /* scratch: large */
    uint64_t wanted[2];  /* journals, reversals still to be named */
    bool done;
};

static enum err_code list_entry(struct listing *listing, uint64_t index, bool reversal)
{
    struct report *report = listing->report;
    if (listing->wanted[reversal] == 0) {
        return OK;
    }
    struct report_listed *listed =
        array_room(report->listed, report->listed_count, &report->listed_cap, sizeof *listed);
    if (!listed) {
        return E_MEMORY;
    }
    report->listed = listed;
    report->listed[report->listed_count++] = (struct report_listed){index, reversal};
    listing->wanted[reversal]--;
    return OK;
}

static enum err_code look_at_leaf(void *context, uint64_t index, struct bytes leaf)
{
    struct listing *listing = context;
    const struct report_group *group = listing->group;
    struct post_terms terms;
    listing->done = listing->wanted[0] + listing->wanted[1] == 0;
    if (listing->done) {
        return E_CAP; /* only ends the walk */
    }
    if (entry_decode(leaf, listing->entry, NULL) != OK) {
        return OK;
    }
    bool reversal = listing->entry->kind == KIND_REVERSE;
    bool journal = listing->entry->kind == KIND_POST &&
                   terms_post_read(listing->entry->terms, &terms, NULL) == OK &&
                   terms.event == EVENT_JOURNAL;
    if (!reversal && !journal) {
        return OK;
    }
    enum err_code verdict = OK;
    enum err_code code = store_verdict(listing->store, &group->item.group, index, &verdict);
    if (code != OK || verdict != OK) {
        return code; /* invalid: counted and named as that */
    }
    return list_entry(listing, index, reversal);
}

static uint64_t at_most_listed(uint64_t count)
{
    return count < REPORT_LISTED_MAX ? count : REPORT_LISTED_MAX;
}

static enum err_code list_entries(struct build *build, struct report_group *group)
{
    struct listing listing = {
        .store = build->store,
        .report = build->report,
        .group = group,
        .wanted = {at_most_listed(group->journals), at_most_listed(group->reversals)},
    };
    group->listed_first = build->report->listed_count;
    if (listing.wanted[0] + listing.wanted[1] == 0) {
        return OK;
    }
    listing.entry = malloc(sizeof *listing.entry);
    if (!listing.entry) {
        return err_set(build->err, E_MEMORY, "out of memory for an entry");
    }
    uint64_t end = group->status == LEDGER_OK ? group->item.size : group->stopped_at;
    enum err_code code =
        store_leaves(build->store, &group->item.group, 0, end, look_at_leaf, &listing);
    free(listing.entry);
    group->listed_count = build->report->listed_count - group->listed_first;
    return code == OK || listing.done
               ? OK
               : err_set(build->err, code, "%s: its entries cannot be read; run `satcha verify`",
                         group->name);
}

static void take_state(struct report_group *group, const struct ledger_state *state)
{
    group->held = true;
    group->status = state->status;
    group->stopped_at = state->stopped_at;
    group->members = state->members;
    group->valid = state->valid;
    group->invalid = state->invalid;
    group->journals = state->journals;
    group->reversals = state->reversals;
    group->last_date = state->last_date;
    group->member_money = state->profile.policy.member_money;
    memcpy(group->own, state->own, sizeof group->own);
    memcpy(group->reported, state->reported, sizeof group->reported);
}

/* One group replayed to its size in the cut. */
static enum err_code replay(struct build *build, struct report_group *group)
{
    const struct ledger_state *state;
    struct report *report = build->report;
    group->forked = cut_is_forked(report->cut, &group->item.group);
    if (group->item.size == 0) {
        return OK;
    }
    enum err_code code = check_held(build, group);
    if (code == OK) {
        code = state_at(build, &group->item, &state);
        if (code != OK) {
            return err_set(build->err, code, "%s: its entries cannot be read; run `satcha verify`",
                           group->name);
        }
        take_state(group, state);
        if (group->network) {
            memcpy(report->currency, state->profile.currency, sizeof report->currency);
            report->minor_digits = state->profile.minor_digits;
            snprintf(group->name, sizeof group->name, "%s", state->profile.name);
            snprintf(group->name_en, sizeof group->name_en, "%s", state->profile.name_en);
            group->type = state->profile.type;
            group->place = state->profile.home_place;
        }
        group->verdict_first = report->verdict_count;
        struct verdicts kept = {report, REPORT_LISTED_MAX};
        code =
            store_verdicts(build->store, &group->item.group, group->item.size, keep_verdict, &kept);
        code = code == E_CAP ? OK : code;
        group->verdict_count = report->verdict_count - group->verdict_first;
    }
    if (code == OK) {
        code = list_entries(build, group);
    }
    if (code == OK) {
        code = trial_add(&report->combined, group->own, group->reported,
                         group->network ? TRIAL_NETWORK : TRIAL_GROUP, build->err);
    }
    return code;
}

/* --- the roster of the cut's own network ledger --- */

static void take_admission(struct report_group *group, const struct admission *admission)
{
    snprintf(group->name, sizeof group->name, "%s", admission->name);
    snprintf(group->name_en, sizeof group->name_en, "%s", admission->name_en);
    group->place = admission->place;
    group->type = admission->type;
}

static enum err_code other_roster(struct build *build)
{
    return err_set(build->err, E_DIFFERS,
                   "cut %s does not list the groups that its network's ledger admits, in the order "
                   "of place and id: it was changed by hand",
                   build->report->cut->id);
}

/* The groups admitted before the network's size in the cut, in order; they must be the cut's. */
static enum err_code name_groups(struct build *build)
{
    struct report *report = build->report;
    size_t next = 1, rostered_count = store_roster_count(build->store);
    for (size_t rank = 0; rank < rostered_count; rank++) {
        struct rostered rostered;
        enum err_code code = store_roster_at(build->store, rank, &rostered);
        if (code != OK) {
            return err_set(build->err, code, "the roster cannot be read; run `satcha rebuild`");
        }
        if (rostered.index >= report->groups[0].item.size) {
            continue; /* admitted after the cut */
        }
        if (next >= report->count ||
            !hash_equal(&report->groups[next].item.group, &rostered.admission.group)) {
            return other_roster(build);
        }
        take_admission(&report->groups[next++], &rostered.admission);
    }
    return next == report->count ? OK : other_roster(build);
}

static enum err_code check_cut(struct build *build, const struct cut *cut)
{
    char hex[HEX_HASH_MAX];
    if (cut->rules != RULES_VERSION) {
        return err_set(build->err, E_VERSION,
                       "the cut is by version %" PRIu64 " of the rules, this program knows %d; use "
                       "the program that the maker used, or a newer one",
                       cut->rules, RULES_VERSION);
    }
    if (!store_has_network(build->store) ||
        !hash_equal(store_network(build->store), &cut->network)) {
        return err_set(build->err, E_NO_DATA,
                       "the cut is of network %.8s, and this node does not belong to it",
                       hash_format(&cut->network, hex));
    }
    return OK;
}

static enum err_code build_groups(struct build *build)
{
    struct report *report = build->report;
    for (size_t i = 0; i < report->count; i++) {
        report->groups[i].item = report->cut->items[i];
    }
    report->groups[0].network = true;
    snprintf(report->groups[0].name, sizeof report->groups[0].name, "the network");
    enum err_code code = replay(build, &report->groups[0]);
    if (code == OK) {
        code = name_groups(build);
    }
    for (size_t i = 1; code == OK && i < report->count; i++) {
        code = replay(build, &report->groups[i]);
    }
    return code;
}

enum err_code report_build(struct store *store, const struct cut *cut, struct report *report,
                           struct err *err)
{
    struct report made = {.cut = cut, .count = cut->count};
    struct build build = {.store = store, .report = &made, .err = err};
    enum err_code code = check_cut(&build, cut);
    if (code != OK) {
        return code;
    }
    trial_init(&made.combined);
    made.groups = calloc(cut->count, sizeof *made.groups);
    build.past = malloc(sizeof *build.past);
    if (!made.groups || !build.past) {
        code = err_set(err, E_MEMORY, "out of memory for a report over %zu groups", cut->count);
    } else {
        code = build_groups(&build);
    }
    free(build.past);
    if (code != OK) {
        report_free(&made);
        return code;
    }
    *report = made;
    return OK;
}
