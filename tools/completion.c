/* The completion script for bash, made from the table of commands and the fixed lists (events,
 * accounts, group types), which stand in the script itself; only the names of groups are asked of
 * the program when the person presses the key. */
#include "tools/completion.h"

#include <string.h>

#include "proto/accounts.h"
#include "proto/events.h"
#include "store/places.h"
#include "store/request.h"

/* Which list a word or an option's value is taken from; "" where there is nothing to choose. */
static const char *list_of(const struct option *option)
{
    static const char *const lists[][2] = {
        {"EVENT", "events"},     {"GROUP", "groups"},      {"[GROUP]", "groups"},
        {"account", "accounts"}, {"reported", "accounts"}, {"type", "types"},
        {"by", "levels"},        {"pay", "pay"},           {"officers", "files"},
        {"raw", "files"},
    };
    switch (option->type) {
    case OPTION_FILE:
    case OPTION_FILES:
    case OPTION_OFFICER_KEYS:
        return "files";
    case OPTION_FLAG:
        return "";
    case OPTION_TEXT:
    case OPTION_TEXTS:
    case OPTION_NUMBER:
        break;
    }
    for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (strcmp(option->name, lists[i][0]) == 0) {
            return lists[i][1];
        }
    }
    return "none";
}

/* "post") options="--amount=none --account=accounts --dry-run" places="events" ;; */
static void write_row(FILE *out, const struct command *command)
{
    fprintf(out, "    \"%s\") options=\"", command->name);
    for (const struct option *option = command->options; option->name; option++) {
        const char *list = list_of(option);
        fprintf(out, "%s--%s%s%s", option == command->options ? "" : " ", option->name,
                list[0] ? "=" : "", list);
    }
    fputs("\" places=\"", out);
    for (unsigned i = 0; i < POSITIONALS_MAX && command->positionals[i].name; i++) {
        fprintf(out, "%s%s", i > 0 ? " " : "", list_of(&command->positionals[i]));
    }
    fputs("\" ;;\n", out);
}

static void write_lists(FILE *out)
{
    fputs("_satcha_list() {\n  case $1 in\n    events) echo \"", out);
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        fprintf(out, "%s ", event_at(i)->name);
    }
    fputs("\" ;;\n    accounts) echo \"", out);
    for (unsigned i = 0; i < account_count(); i++) {
        fprintf(out, "%u ", account_at(i)->code);
    }
    fputs("\" ;;\n    types) echo \"", out);
    for (uint32_t type = GROUP_SAVINGS; type <= GROUP_OTHER; type++) {
        if (type != GROUP_NETWORK) {
            fprintf(out, "%s ", group_type_name(type));
        }
    }
    fputs("\" ;;\n    levels) echo \"", out);
    for (int level = PLACE_TAMBON; level <= PLACE_COUNTRY; level++) {
        fprintf(out, "%s ", place_level_name((enum place_level)level));
    }
    fputs("\" ;;\n    pay) echo \"cash bank\" ;;\n    languages) echo \"th en\" ;;\n  esac\n}\n",
          out);
}

static void write_rows(FILE *out)
{
    unsigned rows;
    const struct command *table = command_table(&rows);
    fputs("_satcha_commands=\"", out);
    for (unsigned row = 0; row < rows; row++) {
        fprintf(out, "%s%s", row > 0 ? "|" : "", table[row].name);
    }
    fputs("\"\n_satcha_row() {\n  case $1 in\n", out);
    for (unsigned row = 0; row < rows; row++) {
        write_row(out, &table[row]);
    }
    fputs("    *) return 1 ;;\n  esac\n}\n", out);
}

/* Offers a list; the words of groups may hold spaces, so each is quoted as bash wants it. */
static const char OFFER[] =
    "_satcha_offer() { # list, what is typed so far\n"
    "  local word\n"
    "  case $1 in\n"
    "    files) COMPREPLY=($(compgen -f -- \"$2\")); compopt -o filenames 2>/dev/null ;;\n"
    "    groups)\n"
    "      while IFS= read -r word; do\n"
    "        [[ $word == \"$2\"* ]] && COMPREPLY+=(\"$(printf %q \"$word\")\")\n"
    "      done < <(\"${asked[@]}\" complete groups 2>/dev/null) ;;\n"
    "    *) COMPREPLY=($(compgen -W \"$(_satcha_list \"$1\")\" -- \"$2\")) ;;\n"
    "  esac\n"
    "}\n";

/* Walks over the words before the cursor: the home, the command, options with their values, and how
 * many plain words stand behind the command; then offers what may stand here. */
static const char COMPLETE[] =
    "_satcha() {\n"
    "  local current=${COMP_WORDS[COMP_CWORD]} command=\"\" options=\"\" places=\"\" word "
    "list=\"\"\n"
    "  local known=0 place=0 i entry\n"
    "  local -a asked=(satcha)\n"
    "  COMPREPLY=()\n"
    "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "    word=${COMP_WORDS[i]}; list=\"\"\n"
    "    case $word in\n"
    "      --home)\n"
    "        list=files; entry=${COMP_WORDS[i + 1]//[\\\"\\'\\\\]/}\n"
    "        asked+=(--home \"${entry/#\\~/$HOME}\"); ((i++)) ;;\n"
    "      --lang) list=languages; ((i++)) ;;\n"
    "      -*)\n"
    "        for entry in $options; do\n"
    "          [[ $entry == \"$word\"=* ]] && { list=${entry#*=}; ((i++)); }\n"
    "        done ;;\n"
    "      *)\n"
    "        if [ $known = 1 ]; then ((place++)); continue; fi\n"
    "        command=\"${command:+$command }$word\"\n"
    "        _satcha_row \"$command\" && known=1 ;;\n"
    "    esac\n"
    "  done\n"
    "  if [ $i -gt $COMP_CWORD ]; then\n"
    "    _satcha_offer \"$list\" \"$current\"\n"
    "  elif [[ $current == -* ]]; then\n"
    "    word=\"--home --json --lang --yes --help\"\n"
    "    for entry in $options; do word+=\" ${entry%%=*}\"; done\n"
    "    COMPREPLY=($(compgen -W \"$word\" -- \"$current\"))\n"
    "  elif [ $known = 0 ]; then\n"
    "    word=\"\"\n"
    "    while IFS= read -r -d '|' entry; do\n"
    "      [[ $entry == \"${command:+$command }\"* ]] || continue\n"
    "      entry=${entry#\"${command:+$command }\"}; word+=\" ${entry%% *}\"\n"
    "    done <<< \"$_satcha_commands|\"\n"
    "    COMPREPLY=($(compgen -W \"$word\" -- \"$current\" | sort -u))\n"
    "  else\n"
    "    for entry in $places; do\n"
    "      list=$entry; ((place-- > 0)) || break\n"
    "    done\n"
    "    if [ $place -lt 0 ] || [ \"$list\" = files ]; then _satcha_offer \"$list\" \"$current\"; "
    "fi\n"
    "  fi\n"
    "}\n"
    "complete -F _satcha satcha\n";

void completion_script(FILE *out)
{
    fputs("# bash completion for satcha: source it, or put it in bash_completion.d\n", out);
    write_lists(out);
    write_rows(out);
    fputs(OFFER, out);
    fputs(COMPLETE, out);
}
