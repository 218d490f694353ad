/* Three homes that hold one another's ledgers, made through requests only. */
#include "tests/lib/three.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(enum err_code code, const char *what, const struct ask *ask)
{
    if (code != OK) {
        (void)fprintf(stderr, "%s: %s: %s\n", what, err_name(code), ask->err.text);
        abort();
    }
}

/* A text field of the answer, copied and terminated. The caller frees. */
static char *copied(const struct ask *ask, const char *key)
{
    struct bytes text = bytes_of_field(answer(ask), key);
    char *copy = malloc(text.len + 1);
    if (!copy) {
        abort();
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = 0;
    return copy;
}

static void found(struct three *three)
{
    struct ask *asked = &three->asked;
    char *cards[2];
    must(ask_of(asked, &three->first, "card"), "card", asked);
    cards[0] = copied(asked, "card");
    must(ask_of(asked, &three->second, "card"), "card", asked);
    cards[1] = copied(asked, "card");
    ask_begin(asked);
    ask_texts(asked, "cards", (const char *const *)cards, 2);
    must(ask_run(asked, &three->network, "network found"), "network found", asked);
    free(cards[0]);
    free(cards[1]);
}

static void join(struct three *three, const struct home *home, const char *invite)
{
    struct ask *asked = &three->asked;
    ask_begin(asked);
    ask_text(asked, "invite", invite);
    ask_officers(asked, home, 1, 1);
    must(ask_run(asked, home, "network join"), "network join", asked);
}

void three_carry(struct three *three)
{
    struct home *homes[] = {&three->network, &three->first, &three->second};
    for (unsigned owner = 0; owner < 3; owner++) {
        struct hash group = *store_own_group(homes[owner]->store);
        for (unsigned other = 0; other < 3; other++) {
            if (other != owner) {
                home_carry(homes[owner], homes[other], &group);
            }
        }
    }
}

void three_new(struct three *three)
{
    struct ask *asked = &three->asked;
    memset(three, 0, sizeof *three);
    home_new(&three->network, 9, GROUP_NETWORK, NULL);
    home_new(&three->first, 1, GROUP_WELFARE, NULL);
    home_new(&three->second, 2, GROUP_SAVINGS, NULL);
    found(three);
    must(ask_of(asked, &three->network, "network invite"), "network invite", asked);
    char *invite = copied(asked, "invite");
    join(three, &three->first, invite);
    join(three, &three->second, invite);
    free(invite);
    must(ask_of(asked, &three->first, "member opening", "count", "1388"), "opening", asked);
    must(ask_of(asked, &three->first, "post", "event", "opening", "account", "2110", "amount",
                "11,252,304.57"),
         "opening", asked);
    must(ask_of(asked, &three->second, "member opening", "count", "12"), "opening", asked);
    three_carry(three);
}

void three_remove(struct three *three)
{
    ask_end(&three->asked);
    home_remove(&three->network);
    home_remove(&three->first);
    home_remove(&three->second);
}

void three_cut(struct three *three, const struct home *home, const char *date, struct buffer *out)
{
    must(ask_of(&three->asked, home, "cut", "date", date), "cut", &three->asked);
    struct bytes text = bytes_of_field(answer(&three->asked), "text");
    buffer_clear(out);
    buffer_append(out, text.data, text.len);
}
