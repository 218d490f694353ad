/* Help, version and shell completion: all made from the table of commands, so that they cannot say
 * anything else than what the program does. */
#include "tools/help.h"

#include <string.h>

#include "proto/message.h"
#include "proto/rules.h"

void help_overview(FILE *out)
{
    unsigned rows;
    const struct command *table = command_table(&rows);
    fputs("satcha: a community group's own books, shared and checked without a server\n"
          "usage: satcha [--home DIR] [--json] [--lang th|en] [--yes] COMMAND …\n\n",
          out);
    for (unsigned row = 0; row < rows; row++) {
        fprintf(out, "  %-18s %s\n", table[row].name, table[row].summary);
    }
    fputs("\n`satcha COMMAND --help` shows the words, the options and an example.\n"
          "คำสั่งละหนึ่งบรรทัด: พิมพ์ `satcha คำสั่ง --help` เพื่อดูวิธีใช้และตัวอย่าง\n",
          out);
}

void help_version(FILE *out)
{
    fprintf(out, "satcha %s (protocol %d, rules %d, entry format %d)\n", SATCHA_VERSION,
            PROTOCOL_MAX, RULES_VERSION, ENTRY_VERSION);
}

static const char *value_name(const struct option *option)
{
    switch (option->type) {
    case OPTION_FLAG:
        return "";
    case OPTION_TEXT:
    case OPTION_TEXTS:
        return " VALUE";
    case OPTION_NUMBER:
        return " N";
    case OPTION_FILE:
    case OPTION_FILES:
    case OPTION_OFFICER_KEYS:
        return " FILE";
    }
    return "";
}

void help_command(FILE *out, const struct command *command)
{
    fprintf(out, "satcha %s", command->name);
    for (unsigned i = 0; i < POSITIONALS_MAX && command->positionals[i].name; i++) {
        const struct option *place = &command->positionals[i];
        bool many = place->type == OPTION_TEXTS || place->type == OPTION_FILES;
        fprintf(out, " %s%s", place->name, many ? " …" : "");
    }
    fprintf(out, "%s\n  %s\n", command->options[0].name ? " [options]" : "", command->summary);
    for (unsigned i = 0; i < POSITIONALS_MAX && command->positionals[i].name; i++) {
        if (command->positionals[i].help) {
            fprintf(out, "  %-24s %s\n", command->positionals[i].name,
                    command->positionals[i].help);
        }
    }
    for (const struct option *option = command->options; option->name; option++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s", option->name, value_name(option));
        fprintf(out, "  %-24s %s\n", left, option->help);
    }
    fprintf(out, "example:\n  %s\n", command->example);
}

enum err_code help_unknown(const char *first, const char *second, struct err *err)
{
    unsigned rows;
    const struct command *table = command_table(&rows);
    char near[160] = "";
    size_t len = strlen(first);
    for (unsigned row = 0; row < rows; row++) {
        size_t shared = 0;
        while (shared < len && table[row].name[shared] == first[shared]) {
            shared++;
        }
        if ((shared == len || shared >= 3) && strlen(near) + strlen(table[row].name) + 4 < 150) {
            size_t used = strlen(near);
            snprintf(near + used, sizeof near - used, "%s%s", used ? ", " : "", table[row].name);
        }
    }
    return err_set(err, E_USAGE, "there is no command \"%s%s%s\"%s%s; `satcha --help` lists all",
                   first, second ? " " : "", second ? second : "", near[0] ? "; near it: " : "",
                   near);
}

static void completion_case(FILE *out, const struct command *command)
{
    fprintf(out, "    \"%s\") words=\"", command->name);
    for (const struct option *option = command->options; option->name; option++) {
        fprintf(out, "--%s ", option->name);
    }
    fputs("\" ;;\n", out);
}

void help_completion(FILE *out)
{
    unsigned rows;
    const struct command *table = command_table(&rows);
    fputs("# bash completion for satcha: source it, or put it in bash_completion.d\n"
          "_satcha() {\n"
          "  local current=${COMP_WORDS[COMP_CWORD]} words=\"\" name=\"\" w skip=0\n"
          "  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
          "    if [ $skip = 1 ]; then skip=0; continue; fi\n"
          "    case $w in --home|--lang) skip=1 ;; -*) ;; *) name=\"${name:+$name }$w\" ;; esac\n"
          "  done\n"
          "  case $name in\n    \"\") words=\"",
          out);
    const char *previous = "";
    for (unsigned row = 0; row < rows; row++) {
        size_t len = strcspn(table[row].name, " ");
        if (strncmp(previous, table[row].name, len) != 0 || previous[len] > ' ') {
            fprintf(out, "%.*s ", (int)len, table[row].name);
        }
        previous = table[row].name;
    }
    fputs("--home --json --lang --yes --help --version\" ;;\n", out);
    for (unsigned row = 0; row < rows; row++) {
        completion_case(out, &table[row]);
    }
    fputs("    *)", out);
    for (unsigned row = 0; row < rows; row++) {
        const char *space = strchr(table[row].name, ' ');
        if (space) {
            fprintf(out, " [[ $name == %.*s ]] && words+=\" %s\";", (int)(space - table[row].name),
                    table[row].name, space + 1);
        }
    }
    fputs(" : ;;\n  esac\n"
          "  case ${COMP_WORDS[COMP_CWORD-1]} in --lang) words=\"th en\" ;; esac\n"
          "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
          "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$current\"))\n"
          "}\n"
          "complete -F _satcha satcha\n",
          out);
}
