/* Completion for bash. */
#ifndef SATCHA_TOOLS_COMPLETION_H
#define SATCHA_TOOLS_COMPLETION_H

#include "tools/command.h"

/* Writes the script. It defines _satcha and asks `satcha complete groups` for groups' names. */
void completion_script(FILE *out);

#endif
