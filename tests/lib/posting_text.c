/* Postings and legs as text, for tests. */
#include "tests/lib/posting_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/cmocka.h"

static struct bytes next_word(struct bytes *rest)
{
    while (rest->len > 0 && rest->data[0] == ' ') {
        rest->data++;
        rest->len--;
    }
    size_t len = 0;
    while (len < rest->len && rest->data[len] != ' ') {
        len++;
    }
    struct bytes word = bytes_of(rest->data, len);
    rest->data += len;
    rest->len -= len;
    return word;
}

static bool word_is(struct bytes word, const char *text)
{
    return bytes_equal(word, bytes_of_text(text));
}

static uint32_t number_of(struct bytes word)
{
    uint64_t number = 0;
    if (word_is(word, "bank")) {
        return 1120;
    }
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] < '0' || word.data[i] > '9' || number > UINT32_MAX / 10) {
            fail_msg("\"%.*s\" is no number", (int)word.len, (const char *)word.data);
        }
        number = number * 10 + (uint64_t)(word.data[i] - '0');
    }
    return (uint32_t)number;
}

static bool set_amount(struct posting *posting, struct bytes name, struct bytes value)
{
    const struct {
        const char *name;
        struct amount *amount;
    } options[] = {{"--amount", &posting->amount},
                   {"--face", &posting->face},
                   {"--cost", &posting->cost},
                   {"--interest", &posting->interest},
                   {"--penalty", &posting->penalty}};
    for (unsigned i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct err err = {.code = OK};
        if (!word_is(name, options[i].name)) {
            continue;
        }
        if (amount_parse(value, 2, options[i].amount, &err) != OK) {
            fail_msg("%s: %s", options[i].name, err.text);
        }
        return true;
    }
    return false;
}

static bool set_number(struct posting *posting, struct bytes name, struct bytes value)
{
    const struct {
        const char *name;
        uint32_t *number;
    } options[] = {{"--member", &posting->member}, {"--party", &posting->party},
                   {"--sub", &posting->sub},       {"--unit", &posting->unit},
                   {"--fund", &posting->fund},     {"--round", &posting->round}};
    for (unsigned i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (word_is(name, options[i].name)) {
            *options[i].number = number_of(value);
            return true;
        }
    }
    if (word_is(name, "--account")) {
        posting->account = (uint16_t)number_of(value);
    } else if (word_is(name, "--pay")) {
        posting->pay = (uint16_t)number_of(value);
    } else {
        return false;
    }
    return true;
}

void posting_parse(const char *command, struct posting *posting)
{
    struct bytes rest = bytes_of_text(command);
    struct bytes word = next_word(&rest);
    const struct event_row *row = event_by_name(word);
    memset(posting, 0, sizeof *posting);
    if (row == NULL) {
        fail_msg("%s: no such event", command);
        return;
    }
    posting->event = row->number;
    for (word = next_word(&rest); word.len > 0; word = next_word(&rest)) {
        struct bytes value = next_word(&rest);
        if (word_is(word, "--memo")) {
            posting->memo = value;
        } else if (word_is(word, "--op")) {
            posting->operation = value;
        } else if (!set_amount(posting, word, value) && !set_number(posting, word, value)) {
            fail_msg("%s: no option \"%.*s\"", command, (int)word.len, (const char *)word.data);
        }
    }
}

static size_t add_numbers(const struct body_line *leg, char *out, size_t size)
{
    const struct {
        const char *name;
        uint32_t number;
    } numbers[] = {{"member", leg->member},
                   {"party", leg->party},
                   {"sub", leg->sub},
                   {"unit", leg->unit},
                   {"fund", leg->fund}};
    size_t len = 0;
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].number != 0) {
            len += (size_t)snprintf(out + len, size - len, "%s%s %u", len == 0 ? " (" : ", ",
                                    numbers[i].name, (unsigned)numbers[i].number);
            assert_true(len < size);
        }
    }
    if (len > 0) {
        len += (size_t)snprintf(out + len, size - len, ")");
    }
    return len;
}

const char *legs_text(const struct body_line *legs, unsigned count, char out[LEGS_TEXT_MAX])
{
    size_t len = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        char text[AMOUNT_TEXT_MAX];
        struct amount figure = legs[i].amount;
        bool is_debit = amount_sign(figure) > 0;
        assert_true(is_debit || amount_negate(figure, &figure));
        len += (size_t)snprintf(out + len, LEGS_TEXT_MAX - len, "%s%s %u %s", i == 0 ? "" : ", ",
                                is_debit ? "Dr" : "Cr", (unsigned)legs[i].account,
                                amount_format(figure, 2, text));
        assert_true(len < LEGS_TEXT_MAX);
        len += add_numbers(&legs[i], out + len, LEGS_TEXT_MAX - len);
        assert_true(len < LEGS_TEXT_MAX);
    }
    return out;
}

void entry_add_legs(struct entry *entry, const struct body_line *legs, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned at = 0;
        while (at < entry->post_count &&
               (entry->posts[at].account != legs[i].account ||
                amount_sign(entry->posts[at].amount) != amount_sign(legs[i].amount))) {
            at++;
        }
        if (at == entry->post_count) {
            assert_true(entry->post_count < ENTRY_POSTS_MAX);
            memset(&entry->posts[at], 0, sizeof entry->posts[at]);
            entry->posts[at].account = legs[i].account;
            entry->post_count++;
        }
        assert_true(amount_add(entry->posts[at].amount, legs[i].amount, &entry->posts[at].amount));
    }
}
