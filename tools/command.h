/* The table of commands: one row each. A row says how typed words become the arguments of one
 * request (store/request.h) and how its result is shown; a few commands that make homes or files
 * bring their own function. --json shows every result the same way, from the data. */
#ifndef SATCHA_TOOLS_COMMAND_H
#define SATCHA_TOOLS_COMMAND_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdio.h>

#include "proto/bytes.h"
#include "proto/date.h"
#include "proto/err.h"

enum option_type {
    OPTION_FLAG,        /* --name: true */
    OPTION_TEXT,        /* --name VALUE */
    OPTION_NUMBER,      /* --name N: unsigned, ASCII or Thai digits */
    OPTION_TEXTS,       /* --name VALUE, repeatable: an array */
    OPTION_FILE,        /* --name PATH: the file's content, as bin */
    OPTION_FILES,       /* repeatable: an array of contents */
    OPTION_OFFICER_KEYS /* repeatable PATH: an array of [number, seed] */
};

/* One option, or one positional word (then `name` is what the help calls it). */
struct option {
    const char *name;
    enum option_type type;
    const char *key; /* of the request's arguments; NULL: kept for the command itself */
    const char *help;
};

enum { OPTIONS_MAX = 24, POSITIONALS_MAX = 4, WORDS_MAX = 4096 };

/* What was typed, checked against the row. */
struct invocation {
    const struct command *command;
    char home[1024];
    bool json, yes;
    enum language language;
    /* positional words (the last positional may take many) and options, as typed */
    const char *words[WORDS_MAX];
    unsigned word_count;
    const char *values[WORDS_MAX]; /* parallel to chosen: the option's value or NULL */
    const struct option *chosen[WORDS_MAX];
    unsigned option_count;
};

/* Shows a result on standard output. */
typedef enum err_code (*render_fn)(const struct invocation *invocation,
                                   const msgpack_object *result, struct err *err);
/* A command of its own: everything from what was typed to what is shown. */
typedef enum err_code (*command_fn)(const struct invocation *invocation, struct err *err);

struct command {
    const char *name;       /* "network join": one or two words */
    const char *request;    /* name in the request table; NULL with `run` */
    const char *summary;    /* one line */
    const char *summary_th; /* for what treasurers and auditors use; NULL: English only */
    const char *example;
    struct option positionals[POSITIONALS_MAX]; /* required unless the name is in [brackets] */
    struct option options[OPTIONS_MAX];         /* ends at name NULL */
    bool render_always; /* with --json too: the renderer only judges (exit 4) */
    render_fn render;
    command_fn run;
};

const struct command *command_table(unsigned *count);

/* The value of an option as typed, or NULL. */
const char *invocation_option(const struct invocation *invocation, const char *name);

/* Builds the request's arguments from what was typed. */
enum err_code MUST_USE invocation_arguments(const struct invocation *invocation, struct buffer *out,
                                            struct err *err);

/* Runs a request: over the control socket where a daemon holds the home, else in-process. The
 * result must be freed with msgpack_unpacked_destroy. Progress is shown on a terminal. */
enum err_code MUST_USE client_request(const struct invocation *invocation, const char *request,
                                      struct bytes arguments, msgpack_unpacked *result,
                                      struct err *err);

/* A yes/no question before something that cannot be taken back. OK when yes; E_CONFIRM when there
 * is nobody to ask and no --yes. */
enum err_code MUST_USE confirm(const struct invocation *invocation, const char *question,
                               struct err *err);

#endif
