/* From typed words to a checked invocation and its request's arguments. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/amount.h"
#include "store/files.h"
#include "store/keyfile.h"
#include "tools/invocation.h"

enum { INPUT_FILE_MAX = 48 * 1024 * 1024 };

static enum err_code usage_error(const struct command *command, struct err *err, const char *what,
                                 const char *which)
{
    return err_set(err, E_USAGE, "%s%s%s; `satcha %s --help` shows how", what, which[0] ? " " : "",
                   which, command->name);
}

static const struct option *find_option(const struct command *command, const char *name, size_t len)
{
    for (const struct option *option = command->options; option->name; option++) {
        if (strlen(option->name) == len && memcmp(option->name, name, len) == 0) {
            return option;
        }
    }
    return NULL;
}

static unsigned positional_count(const struct command *command)
{
    unsigned count = 0;
    while (count < POSITIONALS_MAX && command->positionals[count].name) {
        count++;
    }
    return count;
}

static bool takes_many(const struct option *option)
{
    return option->type == OPTION_TEXTS || option->type == OPTION_FILES;
}

static enum err_code take_option(struct invocation *invocation, char **argv, int count, int *at,
                                 struct err *err)
{
    const char *word = argv[*at] + 2;
    const char *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    const struct option *option = find_option(invocation->command, word, len);
    if (!option) {
        return usage_error(invocation->command, err, "there is no option", argv[*at]);
    }
    const char *value = NULL;
    if (option->type != OPTION_FLAG) {
        if (!equals && *at + 1 >= count) {
            return usage_error(invocation->command, err, "a value is missing after", argv[*at]);
        }
        value = equals ? equals + 1 : argv[++*at];
    } else if (equals) {
        return usage_error(invocation->command, err, "no value belongs to", argv[*at]);
    }
    if (invocation->option_count == WORDS_MAX) {
        return usage_error(invocation->command, err, "too many options", "");
    }
    invocation->chosen[invocation->option_count] = option;
    invocation->values[invocation->option_count++] = value;
    return OK;
}

enum err_code invocation_take(struct invocation *invocation, char **argv, int count,
                              struct err *err)
{
    bool only_words = false;
    for (int at = 0; at < count; at++) {
        if (!only_words && strcmp(argv[at], "--") == 0) {
            only_words = true;
        } else if (!only_words && strncmp(argv[at], "--", 2) == 0) {
            enum err_code code = take_option(invocation, argv, count, &at, err);
            if (code != OK) {
                return code;
            }
        } else if (invocation->word_count == WORDS_MAX) {
            return usage_error(invocation->command, err, "too many words", "");
        } else {
            invocation->words[invocation->word_count++] = argv[at];
        }
    }
    const struct command *command = invocation->command;
    unsigned places = positional_count(command);
    bool open_ended = places > 0 && takes_many(&command->positionals[places - 1]);
    if (invocation->word_count > places && !open_ended) {
        return usage_error(command, err, "this word is not expected:", invocation->words[places]);
    }
    for (unsigned i = invocation->word_count; i < places; i++) {
        if (command->positionals[i].name[0] != '[') {
            return usage_error(command, err, "missing:", command->positionals[i].name);
        }
    }
    return OK;
}

const char *invocation_option(const struct invocation *invocation, const char *name)
{
    for (unsigned i = invocation->option_count; i > 0; i--) {
        if (strcmp(invocation->chosen[i - 1]->name, name) == 0) {
            return invocation->values[i - 1] ? invocation->values[i - 1] : "";
        }
    }
    return NULL;
}

/* "1388", "1,388", "๑๓๘๘": an amount without decimals. */
static enum err_code pack_number(struct buffer *out, const char *text, const char *name,
                                 struct err *err)
{
    struct amount number;
    if (amount_parse(bytes_of_text(text), 0, &number, NULL) != OK || amount_sign(number) < 0) {
        return err_set(err, E_USAGE, "%s: \"%s\" is not a whole number of 0 or more", name, text);
    }
    pack_uint(out, (uint64_t)amount_satang(number));
    return OK;
}

static enum err_code pack_file(struct buffer *out, const char *path, struct err *err)
{
    struct buffer content;
    buffer_init(&content, INPUT_FILE_MAX);
    enum err_code code = file_read(path, INPUT_FILE_MAX, &content, err);
    if (code == OK) {
        pack_bin(out, buffer_view(&content));
    }
    buffer_free(&content);
    return code;
}

static enum err_code pack_officer_key(struct buffer *out, const char *path, struct err *err)
{
    struct officer_key key;
    enum err_code code = officer_key_read(path, &key, err);
    if (code != OK) {
        return code;
    }
    pack_array(out, 2);
    pack_uint(out, key.number);
    pack_bin(out, bytes_of(key.seed, sizeof key.seed));
    officer_key_wipe(&key);
    return OK;
}

static enum err_code pack_value(struct buffer *out, const struct option *option, const char *value,
                                struct err *err)
{
    switch (option->type) {
    case OPTION_FLAG:
        pack_bool(out, true);
        return OK;
    case OPTION_TEXT:
    case OPTION_TEXTS:
        pack_text(out, value);
        return OK;
    case OPTION_NUMBER:
        return pack_number(out, value, option->name, err);
    case OPTION_FILE:
    case OPTION_FILES:
        return pack_file(out, value, err);
    case OPTION_OFFICER_KEYS:
        return pack_officer_key(out, value, err);
    }
    return OK;
}

/* All values given for one option: one value, or an array where the option may be repeated. */
static enum err_code pack_option(const struct invocation *invocation, const struct option *option,
                                 struct buffer *out, uint32_t *pairs, struct err *err)
{
    uint32_t count = 0;
    const char *last = NULL;
    for (unsigned i = 0; i < invocation->option_count; i++) {
        if (invocation->chosen[i] == option) {
            count++;
            last = invocation->values[i];
        }
    }
    if (count == 0 || !option->key) {
        return OK;
    }
    ++*pairs;
    pack_text(out, option->key);
    if (!takes_many(option) && option->type != OPTION_OFFICER_KEYS) {
        return pack_value(out, option, last, err);
    }
    pack_array(out, count);
    for (unsigned i = 0; i < invocation->option_count; i++) {
        if (invocation->chosen[i] == option) {
            enum err_code code = pack_value(out, option, invocation->values[i], err);
            if (code != OK) {
                return code;
            }
        }
    }
    return OK;
}

static enum err_code pack_words(const struct invocation *invocation, struct buffer *out,
                                uint32_t *pairs, struct err *err)
{
    unsigned places = positional_count(invocation->command);
    for (unsigned i = 0; i < places && i < invocation->word_count; i++) {
        const struct option *place = &invocation->command->positionals[i];
        if (!place->key) {
            continue;
        }
        unsigned last = takes_many(place) ? invocation->word_count : i + 1;
        ++*pairs;
        pack_text(out, place->key);
        if (takes_many(place)) {
            pack_array(out, last - i);
        }
        for (unsigned word = i; word < last; word++) {
            enum err_code code = pack_value(out, place, invocation->words[word], err);
            if (code != OK) {
                return code;
            }
        }
    }
    return OK;
}

enum err_code invocation_arguments(const struct invocation *invocation, struct buffer *out,
                                   struct err *err)
{
    struct buffer pairs;
    buffer_init(&pairs, 0);
    uint32_t count = 0;
    enum err_code code = pack_words(invocation, &pairs, &count, err);
    for (const struct option *option = invocation->command->options; code == OK && option->name;
         option++) {
        code = pack_option(invocation, option, &pairs, &count, err);
    }
    if (code == OK) {
        pack_map(out, count);
        buffer_append(out, pairs.data, pairs.len);
        if (pairs.failed || out->failed) {
            code = err_set(err, E_MEMORY, "out of memory for the request");
        }
    }
    buffer_free(&pairs);
    return code;
}
