/* satchad: flags, settings, then the node until a signal ends it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/node.h"
#include "proto/version.h"
#include "store/home.h"

static const char usage[] =
    "usage: satchad [--home FOLDER] [--config FILE] [--no-dial] [--SETTING VALUE]...\n"
    "\n"
    "Runs the node of the group whose home FOLDER is, in the foreground, until SIGTERM or SIGINT.\n"
    "It writes its log to standard error; the line that begins with \"ready\" names the address.\n"
    "\n"
    "  --home FOLDER           default $SATCHA_HOME, else /var/lib/satcha (root) or\n"
    "                          $XDG_DATA_HOME/satcha\n"
    "  --config FILE           default FOLDER/satcha.conf, where there is one\n"
    "  --no-dial               wait for others, dial nobody\n"
    "  --help, --version\n"
    "\n"
    "Settings, as lines \"setting = value\" of the file and, going before it, as flags:\n"
    "  --listen HOST:PORT      where others reach this node; port 0 = any free one\n"
    "  --address HOST:PORT     what others shall dial, where that differs\n"
    "  --peer \"HOST:PORT ID\"   dial this group here as well; repeatable\n"
    "  --dial WHOM             all (default), or peers: only those and `satcha peer add`\n"
    "  --log LEVEL             error, warning, info (default) or debug\n"
    "  --links N               connections wanted in a large network, 3 to 64 (default 8)\n"
    "  --anti-entropy SECONDS  between comparisons with a random peer (default 600)\n"
    "  --own-head-wait SECONDS for peers to say what they hold of the own ledger (default 600)\n"
    "\n"
    "Example: satchad --home song --listen 0.0.0.0:7420\n";

enum { SETTINGS_MAX = 128, SETTING_NAME_MAX = 32 };

/* What the command line says. */
struct arguments {
    const char *home;
    const char *config;
    enum dialling dialling;
    const char *names[SETTINGS_MAX]; /* settings, in order */
    const char *values[SETTINGS_MAX];
    unsigned count;
};

enum command { COMMAND_RUN, COMMAND_HELP, COMMAND_VERSION };

/* "--own-head-wait" is the setting own_head_wait. */
static enum err_code apply_setting(struct config *config, const char *flag, const char *value,
                                   struct err *err)
{
    char key[SETTING_NAME_MAX];
    size_t len = strlen(flag) - 2;
    if (len >= sizeof key) {
        return err_set(err, E_USAGE, "%s: there is no such flag; satchad --help lists them", flag);
    }
    memcpy(key, flag + 2, len + 1);
    for (size_t i = 0; i < len; i++) {
        if (key[i] == '-') {
            key[i] = '_';
        }
    }
    return config_set(config, key, value, flag, err);
}

static enum err_code read_arguments(int count, char **words, struct arguments *out,
                                    enum command *command, struct err *err)
{
    for (int i = 1; i < count; i++) {
        const char *word = words[i];
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            *command = COMMAND_HELP;
            return OK;
        }
        if (strcmp(word, "--version") == 0) {
            *command = COMMAND_VERSION;
            return OK;
        }
        if (strcmp(word, "--no-dial") == 0) {
            out->dialling = DIALLING_OFF;
            continue;
        }
        if (strncmp(word, "--", 2) != 0) {
            return err_set(err, E_USAGE, "'%s' is no flag; satchad --help lists them", word);
        }
        if (i + 1 == count) {
            return err_set(err, E_USAGE, "%s: a value must follow; satchad --help says which",
                           word);
        }
        const char *value = words[++i];
        if (strcmp(word, "--home") == 0) {
            out->home = value;
        } else if (strcmp(word, "--config") == 0) {
            out->config = value;
        } else if (out->count < SETTINGS_MAX) {
            out->names[out->count] = word;
            out->values[out->count++] = value;
        }
    }
    return OK;
}

static enum err_code read_settings(const struct arguments *arguments, const char *home,
                                   struct config *config, struct err *err)
{
    char path[PATH_TEXT_MAX];
    enum err_code code = home_path(home, "satcha.conf", path, err);
    config_default(config);
    if (code == OK) {
        code = arguments->config == NULL
                   ? config_read(path, CONFIG_OPTIONAL, config, err)
                   : config_read(arguments->config, CONFIG_REQUIRED, config, err);
    }
    for (unsigned i = 0; code == OK && i < arguments->count; i++) {
        code = apply_setting(config, arguments->names[i], arguments->values[i], err);
    }
    return code;
}

static enum err_code open_node(const struct arguments *arguments, struct node *node,
                               struct err *err)
{
    char home[PATH_TEXT_MAX];
    struct node_options options = {.dialling = arguments->dialling};
    enum err_code code = home_locate(arguments->home, home, err);
    if (code == OK) {
        code = read_settings(arguments, home, &options.config, err);
    }
    if (code != OK) {
        return code;
    }
    options.home = home;
    log_set_level(options.config.log_level);
    return node_open(node, &options, err);
}

static int fail(enum err_code code, const struct err *err)
{
    fprintf(stderr, "satchad: %s: %s\n", err_name(code), err->text);
    return err_exit_status(code);
}

int main(int count, char **words)
{
    struct arguments arguments = {.dialling = DIALLING_ON};
    enum command command = COMMAND_RUN;
    struct err err = {.text = ""};
    static struct node node;
    enum err_code code = read_arguments(count, words, &arguments, &command, &err);
    if (code != OK) {
        return fail(code, &err);
    }
    if (command == COMMAND_HELP) {
        fputs(usage, stdout);
        return 0;
    }
    if (command == COMMAND_VERSION) {
        puts("satchad " SATCHA_VERSION);
        return 0;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* a lost reader of the log must not end the node */
    crypto_init();
    code = open_node(&arguments, &node, &err);
    if (code != OK) {
        return fail(code, &err);
    }
    return node_run(&node);
}
