/* Help from the table of commands. */
#ifndef SATCHA_TOOLS_HELP_H
#define SATCHA_TOOLS_HELP_H

#include "proto/version.h"
#include "tools/command.h"

void help_overview(FILE *out);
void help_version(FILE *out);
void help_command(FILE *out, const struct command *command);
/* E_USAGE that names the nearest commands. */
enum err_code help_unknown(const char *first, const char *second, struct err *err);
/* Bash completion script on `out`. */
void help_completion(FILE *out);

#endif
