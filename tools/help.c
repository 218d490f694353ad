/* Help and version: made from the table of commands, so that they cannot say anything else than
 * what the program does. */
#include "tools/help.h"

#include <string.h>

#include "proto/message.h"
#include "proto/rules.h"

static void print_summaries(FILE *out, enum language language)
{
    unsigned rows;
    const struct command *table = command_table(&rows);
    for (unsigned row = 0; row < rows; row++) {
        const char *summary = language == LANGUAGE_TH ? table[row].summary_th : table[row].summary;
        if (summary) {
            fprintf(out, "  %-18s %s\n", table[row].name, summary);
        }
    }
}

void help_overview(FILE *out, enum language language)
{
    static const char usage[] = "satcha [--home DIR] [--json] [--lang th|en] [--yes]";
    if (language == LANGUAGE_EN) {
        fprintf(out,
                "satcha: a community group's own books, shared and checked without a server\n"
                "usage: %s COMMAND …\n\n",
                usage);
        print_summaries(out, LANGUAGE_EN);
        fputs("\n`satcha help COMMAND` shows the words, the options and an example.\n", out);
    }
    fprintf(out, "\nสำหรับเหรัญญิกและผู้ตรวจสอบ: %s คำสั่ง …\n", usage);
    print_summaries(out, LANGUAGE_TH);
    fputs("พิมพ์ `satcha --lang th help คำสั่ง` เพื่อดูวิธีใช้และตัวอย่าง `satcha help` แสดงทุกคำสั่ง\n", out);
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

void help_command(FILE *out, const struct command *command, enum language language)
{
    bool thai = language == LANGUAGE_TH;
    const char *summary = thai && command->summary_th ? command->summary_th : command->summary;
    fprintf(out, "satcha %s", command->name);
    for (unsigned i = 0; i < POSITIONALS_MAX && command->positionals[i].name; i++) {
        const struct option *place = &command->positionals[i];
        bool many = place->type == OPTION_TEXTS || place->type == OPTION_FILES;
        fprintf(out, " %s%s", place->name, many ? " …" : "");
    }
    fprintf(out, "%s\n  %s\n", command->options[0].name ? " [options]" : "", summary);
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
    fprintf(out, "%s:\n  %s\n", thai ? "ตัวอย่าง" : "example", command->example);
}

bool help_family(FILE *out, const char *word)
{
    unsigned rows;
    const struct command *table = command_table(&rows);
    size_t len = strlen(word);
    bool found = false;
    for (unsigned row = 0; row < rows; row++) {
        if (strncmp(table[row].name, word, len) == 0 && table[row].name[len] == ' ') {
            fprintf(out, "  %-18s %s\n", table[row].name, table[row].summary);
            found = true;
        }
    }
    return found;
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
