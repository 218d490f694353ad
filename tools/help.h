/* Help from the table of commands. */
#ifndef SATCHA_TOOLS_HELP_H
#define SATCHA_TOOLS_HELP_H

#include "proto/version.h"
#include "tools/command.h"

/* All commands in English, then those of a treasurer in Thai; with LANGUAGE_TH only the latter. */
void help_overview(FILE *out, enum language language);
void help_version(FILE *out);
void help_command(FILE *out, const struct command *command, enum language language);
/* The commands of two words that begin with this one; false: there are none. */
bool help_family(FILE *out, const char *word);
/* E_USAGE that names the nearest commands. */
enum err_code help_unknown(const char *first, const char *second, struct err *err);

#endif
