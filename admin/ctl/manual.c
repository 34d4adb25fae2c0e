/* The program that writes the manual page splicectl(1): its form, and the options and commands as their
 * tables have them.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/manual.h"

#include "admin/ctl/command.h"
#include "admin/ctl/option.h"
#include "admin/ctl/wait.h"

static void write_command(FILE *out, const char *word, const char *arguments, const char *sentence)
{
    fputs(".TP\n\\fB", out);
    manual_text(out, word);
    fputs("\\fR ", out);
    manual_text(out, arguments);
    fputc('\n', out);
    manual_text(out, sentence);
    fputc('\n', out);
}

static void write_commands(FILE *out)
{
    command_each(write_command, out);
}

static void write_condition(FILE *out, const char *words, const char *sentence)
{
    write_command(out, words, "", sentence);
}

static void write_conditions(FILE *out)
{
    wait_each(write_condition, out);
}

static void write_option(FILE *out, const struct option_row *row)
{
    fputs(".TP\n", out);
    if (row->letter)
        fprintf(out, "\\fB\\-%c\\fR, ", row->letter);
    fputs("\\fB\\-\\-", out);
    manual_text(out, row->name);
    fputs("\\fR", out);
    if (row->value)
        fprintf(out, " \\fI%s\\fR", row->value);
    fputc('\n', out);
    manual_text(out, row->sentence);
    fputc('\n', out);
}

static void write_options(FILE *out)
{
    option_each(write_option, out);
}

int main(int argc, char **argv)
{
    static const struct manual_part parts[] = {
        {".\\\" Every option.", write_options},
        {".\\\" Every command.", write_commands},
        {".\\\" Every condition.", write_conditions},
        {0},
    };
    return manual_make(argc, argv, parts);
}
