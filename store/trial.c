/* Trial balances: gross debits and credits by account, of one ledger or of many. */
#include <string.h>

#include "store/report.h"
#include "store/requests.h"

void trial_init(struct trial *trial)
{
    memset(trial, 0, sizeof *trial);
}

static enum err_code overflow(struct err *err)
{
    return err_set(err, E_OVERFLOW, "the sums of a trial balance do not fit");
}

enum err_code trial_add(struct trial *trial, const struct turnover *own, const bool *reported,
                        enum trial_member member, struct err *err)
{
    for (unsigned i = 0; i < account_count(); i++) {
        struct trial_row *row = &trial->rows[i];
        if (!amount_add(row->turnover.debit, own[i].debit, &row->turnover.debit) ||
            !amount_add(row->turnover.credit, own[i].credit, &row->turnover.credit)) {
            return overflow(err);
        }
        bool posted = amount_sign(own[i].debit) != 0 || amount_sign(own[i].credit) != 0;
        row->used = row->used || posted || reported[i];
        row->groups += member == TRIAL_GROUP && reported[i];
    }
    return OK;
}

enum err_code trial_sums(const struct trial *trial, struct turnover *sums, struct err *err)
{
    struct turnover sum = {amount_of(0), amount_of(0)};
    for (unsigned i = 0; i < account_count(); i++) {
        const struct turnover *turnover = &trial->rows[i].turnover;
        if (!amount_add(sum.debit, turnover->debit, &sum.debit) ||
            !amount_add(sum.credit, turnover->credit, &sum.credit)) {
            return overflow(err);
        }
    }
    *sums = sum;
    return OK;
}

enum err_code trial_pack(const struct trial *trial, struct buffer *out, struct err *err)
{
    struct turnover sums = {amount_of(0), amount_of(0)};
    size_t used = 0;
    enum err_code code = trial_sums(trial, &sums, err);
    for (unsigned i = 0; i < account_count(); i++) {
        used += trial->rows[i].used;
    }
    result_array(out, "rows", used);
    for (unsigned i = 0; code == OK && i < account_count(); i++) {
        const struct trial_row *row = &trial->rows[i];
        struct amount balance;
        if (!row->used) {
            continue;
        }
        if (!turnover_balance(&row->turnover, &balance)) {
            return overflow(err);
        }
        pack_map(out, 5);
        result_uint(out, "account", account_at(i)->code);
        result_amount(out, "debit", row->turnover.debit);
        result_amount(out, "credit", row->turnover.credit);
        result_amount(out, "balance", balance);
        result_uint(out, "groups", row->groups);
    }
    if (code == OK) {
        result_amount(out, "debit", sums.debit);
        result_amount(out, "credit", sums.credit);
    }
    return code;
}
