/* Events: lookups in the table (events_table.c), and which rows of input go into one entry. */
#include "proto/events.h"

#include <string.h>

#include "proto/events_rule.h"

const struct event_row *event_at(unsigned row)
{
    return row < EVENT_COUNT ? &event_table[row] : NULL;
}

const struct event_row *event_find(uint64_t number)
{
    return number >= 1 && number <= EVENT_COUNT ? &event_table[number - 1] : NULL;
}

const struct event_row *event_by_name(struct bytes name)
{
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        if (bytes_equal(name, bytes_of_text(event_table[i].name))) {
            return &event_table[i];
        }
    }
    return NULL;
}

bool slot_has(const struct slot *slot, uint16_t account)
{
    for (unsigned i = 0; slot->accounts[i] != 0; i++) {
        if (slot->accounts[i] == account) {
            return true;
        }
    }
    return false;
}

void event_terms(const struct posting *posting, struct post_terms *terms)
{
    const struct event_row *row = event_find(posting->event);
    memset(terms, 0, sizeof *terms);
    terms->event = posting->event;
    if (row != NULL) {
        terms->reversed = row->either_way && amount_sign(posting->amount) < 0;
        terms->round = (row->rule->flags & RULE_TAKES_ROUND) != 0 ? posting->round : 0;
        terms->grant = (row->rule->flags & RULE_TELLS_GRANT) != 0 ? posting->fund : 0;
    }
}

bool event_share_entry(const struct posting *first, const struct posting *next)
{
    struct post_terms a, b;
    event_terms(first, &a);
    event_terms(next, &b);
    if (a.event != b.event || first->date != next->date || a.reversed != b.reversed ||
        a.round != b.round || a.grant != b.grant) {
        return false;
    }
    if (a.event == EVENT_JOURNAL) {
        return bytes_equal(first->operation, next->operation);
    }
    return a.event != EVENT_STATE_CAPITAL && a.event != EVENT_RESTRICTED;
}
