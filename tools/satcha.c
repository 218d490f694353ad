/* satcha: what a person types. Finds the command's row, asks the node, shows the answer; errors are
 * one line on standard error (with --json an object on standard output), exit statuses as in
 * proto/err.h. */
#include <stdlib.h>
#include <string.h>

#include "proto/hash.h"
#include "store/home.h"
#include "tools/help.h"
#include "tools/invocation.h"
#include "tools/json.h"

/* The row whose one or two words stand at argv[0..]; *words says how many. */
static const struct command *find_command(char **argv, int count, int *words)
{
    unsigned rows;
    const struct command *table = command_table(&rows);
    for (int want = 2; want >= 1; want--) {
        char name[64];
        if (count < want) {
            continue;
        }
        snprintf(name, sizeof name, "%s%s%s", argv[0], want == 2 ? " " : "",
                 want == 2 ? argv[1] : "");
        for (unsigned row = 0; row < rows; row++) {
            if (strcmp(table[row].name, name) == 0) {
                *words = want;
                return &table[row];
            }
        }
    }
    return NULL;
}

/* Takes --home, --json, --lang, --yes, wherever they stand; moves the rest to the front. */
static enum err_code take_global_options(struct invocation *invocation, char **argv, int *count,
                                         const char **home, struct err *err)
{
    int kept = 0;
    for (int at = 0; at < *count && argv[at]; at++) {
        const char *word = argv[at];
        const char *value = at + 1 < *count ? argv[at + 1] : NULL;
        if (strcmp(word, "--json") == 0) {
            invocation->json = true;
        } else if (strcmp(word, "--yes") == 0) {
            invocation->yes = true;
        } else if (strcmp(word, "--home") != 0 && strcmp(word, "--lang") != 0) {
            argv[kept++] = argv[at];
        } else if (!value) {
            return err_set(err, E_USAGE, "a value is missing after %s", word);
        } else if (strcmp(word, "--home") == 0) {
            *home = value;
            at++;
        } else {
            if (strcmp(value, "th") != 0 && strcmp(value, "en") != 0) {
                return err_set(err, E_USAGE, "--lang: \"%s\" is not a language; say th or en",
                               value);
            }
            invocation->language = strcmp(value, "th") == 0 ? LANGUAGE_TH : LANGUAGE_EN;
            at++;
        }
    }
    *count = kept;
    return OK;
}

static enum err_code run_request(const struct invocation *invocation, struct err *err)
{
    struct buffer arguments;
    buffer_init(&arguments, 0);
    msgpack_unpacked result;
    enum err_code code = invocation_arguments(invocation, &arguments, err);
    if (code == OK) {
        code = client_request(invocation, invocation->command->request, buffer_view(&arguments),
                              &result, err);
    }
    buffer_free(&arguments);
    if (code != OK) {
        return code;
    }
    if (invocation->json) {
        json_write(stdout, &result.data);
    }
    if (!invocation->json || invocation->command->render_always) {
        code = invocation->command->render(invocation, &result.data, err);
    }
    msgpack_unpacked_destroy(&result);
    return code;
}

static int finish(const struct invocation *invocation, enum err_code code, const struct err *err)
{
    if (fflush(stdout) != 0 && code == OK) {
        fputs("satcha: E_IO: standard output cannot be written\n", stderr);
        return err_exit_status(E_IO);
    }
    if (code == OK) {
        return EXIT_SUCCESS;
    }
    if (invocation->json) {
        json_write_error(stdout, err);
    } else if (strstr(err->text, err_name((unsigned)code))) {
        fprintf(stderr, "%s\n", err->text); /* FILE:LINE: E_…: what, as editors read it */
    } else if (err->text[0]) {
        fprintf(stderr, "satcha: %s: %s\n", err_name((unsigned)code), err->text);
    }
    return err_exit_status((unsigned)code);
}

/* Of all commands, of one, or of those that share their first word. */
static enum err_code give_help(const struct invocation *invocation, char **argv, int count,
                               struct err *err)
{
    int words = 0;
    const struct command *command = find_command(argv, count, &words);
    if (count == 0) {
        help_overview(stdout, invocation->language);
    } else if (command) {
        help_command(stdout, command, invocation->language);
    } else if (!help_family(stdout, argv[0])) {
        return help_unknown(argv[0], count > 1 ? argv[1] : NULL, err);
    }
    return OK;
}

static enum err_code dispatch(struct invocation *invocation, char **argv, int count,
                              struct err *err)
{
    const char *home = NULL;
    enum err_code code = take_global_options(invocation, argv, &count, &home, err);
    if (code != OK) {
        return code;
    }
    if (count == 0) {
        help_overview(stdout, invocation->language);
        return err_set(err, E_USAGE, "say a command");
    }
    if (strcmp(argv[0], "--version") == 0) {
        help_version(stdout);
        return OK;
    }
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "help") == 0) {
        return give_help(invocation, argv + 1, count - 1, err);
    }
    for (int i = 1; i < count; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return give_help(invocation, argv, i, err);
        }
    }
    int words = 0;
    invocation->command = find_command(argv, count, &words);
    if (!invocation->command) {
        return help_unknown(argv[0], count > 1 ? argv[1] : NULL, err);
    }
    code = invocation_take(invocation, argv + words, count - words, err);
    if (code == OK) {
        code = home_locate(home, invocation->home, err);
    }
    if (code != OK) {
        return code;
    }
    return invocation->command->run ? invocation->command->run(invocation, err)
                                    : run_request(invocation, err);
}

int main(int argc, char **argv)
{
    static struct invocation invocation;
    struct err err = {.code = OK};
    crypto_init();
    invocation.language = LANGUAGE_EN;
    const char *lang = getenv("SATCHA_LANG");
    if (lang && strncmp(lang, "th", 2) == 0) {
        invocation.language = LANGUAGE_TH;
    }
    enum err_code code = dispatch(&invocation, argv + 1, argc - 1, &err);
    err.code = code;
    return finish(&invocation, code, &err);
}
