/* The trial balance and the federation's audit report, as data (docs/bookkeeping.md, "Audit").
 *
 * A report is a pure function of a cut: it reads public entries up to the cut's sizes, the roster
 * that the cut's own network ledger gives, and nothing local (no clock, no connection, no setting),
 * so that every node writes the same bytes.
 *
 * Result of `audit`, a map:
 *   cut (id, text), network, name, name_en, currency, minor_digits, as_of, rules
 *   sections [{number, done}…]           the eleven of the report; done: this version has it
 *   good                                 false: the difference is not 0
 *   coverage {expected, held, fresh, stale, forked, needs_upgrade, halted, invalid}
 *   groups [{group, name, name_en, place, type, network, epoch, size, root, held, forked, status,
 *            stopped_at, last_date, age_days, stale, members, valid, invalid, journals, reversals,
 *            opening_incomplete, journal_entries [entry…], reversal_entries [entry…],
 *            invalid_entries [{entry, code}…] (the first REPORT_LISTED_MAX of each), rows, debit,
 *            credit}…]
 *            members is nil where the ledger is not held
 *   combined {rows, debit, credit, difference}
 *   income [{channel, account, amount, groups, of}…]   channel 1 twice: 2110 of groups whose
 *            policy calls members' money returnable, 4311 of the others
 *   restricted {received, released, groups}             3230
 *   counts {members, groups, of}
 *   events {journals, reversals, invalid, opening_incomplete}   the last: how many groups
 *   by, places [{code, name, name_en, groups, held, members, rows, debit, credit}…]
 * where rows is [{account, debit, credit, balance, groups}…], balance = debit - credit, and groups
 * counts the groups that report the account: 0 means N/A, never 0.00. Money is in the minor unit.
 * The network's own ledger is a row of `groups` with network = true; its books are in the sums, and
 * it is never counted among the groups. */
#ifndef SATCHA_STORE_REPORT_H
#define SATCHA_STORE_REPORT_H

#include "proto/rules.h"
#include "store/cut.h"
#include "store/places.h"

/* --- trial balance --- */

struct trial_row {
    struct turnover turnover;
    bool used;       /* reported by one at least, or posted to */
    uint32_t groups; /* that report the account */
};
struct trial {
    struct trial_row rows[ACCOUNTS_MAX];
};
enum trial_member { TRIAL_GROUP, TRIAL_NETWORK /* counted in the sums, not among the groups */ };
enum { TRIAL_PAIRS = 3 };

void trial_init(struct trial *trial);
/* Adds a ledger's books. E_OVERFLOW. */
enum err_code MUST_USE trial_add(struct trial *trial, const struct turnover *own,
                                 const bool *reported, enum trial_member member, struct err *err);
/* Gross debits and credits of all accounts. */
enum err_code MUST_USE trial_sums(const struct trial *trial, struct turnover *sums,
                                  struct err *err);
/* The pairs rows, debit, credit (TRIAL_PAIRS of them). */
enum err_code MUST_USE trial_pack(const struct trial *trial, struct buffer *out, struct err *err);

/* --- audit --- */

struct report_verdict {
    uint64_t index;
    enum err_code code;
};
struct report_group {
    struct cut_item item;
    bool network, held, forked;
    char name[NAME_MAX_BYTES + 1];
    char name_en[NAME_MAX_BYTES + 1];
    uint32_t place, type;
    enum ledger_status status;
    uint64_t stopped_at;
    int64_t members;
    uint64_t valid, invalid, journals, reversals;
    int32_t last_date;
    uint32_t member_money;
    struct turnover own[ACCOUNTS_MAX];
    bool reported[ACCOUNTS_MAX];
    size_t verdict_first, verdict_count; /* in report.verdicts */
    size_t listed_first, listed_count;   /* in report.listed */
};
/* An entry that an auditor looks at: a journal or a reversal, by group and index. */
struct report_listed {
    uint64_t index;
    bool reversal; /* else a journal */
};
struct report {
    const struct cut *cut;
    char currency[4];
    uint32_t minor_digits;
    size_t count;
    struct report_group *groups; /* owned; [0] is the network */
    size_t verdict_count, verdict_cap;
    struct report_verdict *verdicts; /* owned */
    size_t listed_count, listed_cap;
    struct report_listed *listed; /* owned */
    struct trial combined;
};

/* The counts are whole; of each group this many journals, reversals and invalid entries are named:
 * a peer may write millions. */
enum { STALE_DAYS = 35, REPORT_LISTED_MAX = 100 };

/* Replays the cut. `cut` must outlive the report. E_NO_DATA: which group, size held and wanted;
 * E_VERSION: other rules; E_DIFFERS: the cut does not list the groups of its own roster; E_FORKED:
 * another branch is held here. */
enum err_code MUST_USE report_build(struct store *store, const struct cut *cut,
                                    struct report *report, struct err *err);
enum err_code MUST_USE report_pack(const struct report *report, enum place_level by,
                                   struct buffer *out, struct err *err);
void report_free(struct report *report);

#endif
