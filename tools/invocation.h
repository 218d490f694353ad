/* Reading the command line into an invocation (command.h). */
#ifndef SATCHA_TOOLS_INVOCATION_H
#define SATCHA_TOOLS_INVOCATION_H

#include "tools/command.h"

/* Takes the words after the command's name. E_USAGE with what is missing or not known. */
enum err_code MUST_USE invocation_take(struct invocation *invocation, char **argv, int count,
                                       struct err *err);

#endif
