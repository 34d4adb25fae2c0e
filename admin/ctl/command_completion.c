/* The command that writes completions for shells, made from the tables of commands and options.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What may stand behind a command follows from how its row shows its arguments: NAME stands for what a list
 * of the running daemon has, KEY=VALUE for filters, words in small letters for themselves. */
#include "admin/ctl/command_completion.h"

#include "admin/ctl/command.h"
#include "admin/ctl/option.h"
#include "conf/text.h"

#include <ctype.h>
#include <string.h>

/* What a word in capitals stands for: words, and a question to splicectl whose first column they are. */
static const struct {
    const char *shown;
    const char *words;
    const char *question;
} places[] = {
    {"KEY=VALUE",
     "kind= state= listener= upstream= server= peer= server_name= older_than= idle_for= min_bytes= sort= "
     "limit= fields=",
     ""},
    {"NAME", "", "listeners fields=name"},
    {"ID", "", "splices fields=id limit=50"},
    {"CONDITION", "ready not-ready listener queue splices", ""},
    {"METHOD", "GET HEAD POST PUT PATCH DELETE", ""},
};

/* Writes each word of the arguments that stands for itself. */
static void write_own_words(FILE *out, const char *arguments)
{
    while (*arguments) {
        size_t length = strcspn(arguments, "|[]. ");
        bool is_own = length > 0;
        for (size_t i = 0; i < length; i++)
            is_own = is_own && islower((unsigned char)arguments[i]);
        if (is_own)
            fprintf(out, "%.*s ", (int)length, arguments);
        arguments += length + strspn(arguments + length, "|[]. ");
    }
}

static void write_words(FILE *out, const char *arguments)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (*places[i].words && strstr(arguments, places[i].shown))
            fprintf(out, "%s ", places[i].words);
    }
    write_own_words(out, arguments);
}

/* The question whose answer completes the arguments; "" when there is none. */
static const char *question_of(const char *word, const char *arguments)
{
    if (strcmp(word, "upstreams") == 0)
        return "upstreams fields=name";
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (*places[i].question && strstr(arguments, places[i].shown))
            return places[i].question;
    }
    return "";
}

/* Writes text with a backslash before each of these characters. */
static void write_escaped(FILE *out, const char *text, const char *special)
{
    for (; *text; text++) {
        if (strchr(special, *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

/* bash(1), Programmable Completion. */
static void write_bash_case(FILE *out, const char *word, const char *arguments, const char *sentence)
{
    const char *question = question_of(word, arguments);
    (void)sentence;
    fprintf(out, "        %s) words='", word);
    write_words(out, arguments);
    fputc('\'', out);
    if (*question)
        fprintf(out, "$(splicectl \"${asked[@]}\" %s 2>/dev/null | tail -n +2)", question);
    fputs(" ;;\n", out);
}

static void write_word(FILE *out, const char *word, const char *arguments, const char *sentence)
{
    (void)arguments;
    (void)sentence;
    fprintf(out, "%s ", word);
}

static void write_option_word(FILE *out, const struct option_row *row)
{
    fprintf(out, "--%s ", row->name);
}

/* How a shell's pattern has it, "-o | --output". */
static void write_pattern(FILE *out, const struct option_row *row)
{
    if (row->letter)
        fprintf(out, "-%c | ", row->letter);
    fprintf(out, "--%s", row->name);
}

/* Passes over an option's value; the server's is asked later on. */
static void write_bash_skip(FILE *out, const struct option_row *row)
{
    if (!row->value)
        return;
    fputs("        ", out);
    write_pattern(out, row);
    bool is_server = strcmp(row->name, "server") == 0;
    fprintf(out, ") %s ;;\n", is_server ? "asked=(-s \"${COMP_WORDS[++i]}\")" : "i=$((i + 1))");
}

static bool is_file(const struct option_row *row)
{
    return row->value && strcmp(row->value, "FILE") == 0;
}

static void write_bash_value(FILE *out, const struct option_row *row)
{
    if (!row->choices && !is_file(row))
        return;
    fputs("    ", out);
    write_pattern(out, row);
    fputs(") COMPREPLY=($(compgen ", out);
    if (row->choices)
        fprintf(out, "-W '%s'", row->choices);
    else
        fputs("-f", out);
    fputs(" -- \"$current\")); return ;;\n", out);
}

static void write_bash(FILE *out)
{
    fputs("# Completion of splicectl for bash: source <(splicectl completion bash)\n"
          "_splicectl() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local command='' words='' asked=() i\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        case ${COMP_WORDS[i]} in\n",
          out);
    option_each(write_bash_skip, out);
    fputs("        -*) ;;\n"
          "        *) command=${COMP_WORDS[i]}; break ;;\n"
          "        esac\n"
          "    done\n"
          "    case $previous in\n",
          out);
    option_each(write_bash_value, out);
    fputs("    esac\n"
          "    case $command in\n"
          "        '') words='",
          out);
    command_each(write_word, out);
    fputs("' ;;\n", out);
    command_each(write_bash_case, out);
    fputs("    esac\n"
          "    case $current in -*) words='",
          out);
    option_each(write_option_word, out);
    fputs("' ;; esac\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
          "    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null\n"
          "    return 0\n"
          "}\n"
          "complete -F _splicectl splicectl\n",
          out);
}

/* zshcompsys(1). */
static void write_zsh_line(FILE *out, const char *word, const char *arguments, const char *sentence)
{
    (void)arguments;
    fprintf(out, "        '%s:", word);
    for (; *sentence; sentence++)
        fputs(*sentence == '\'' ? "'\\''" : *sentence == ':' ? "\\:" : (char[]){*sentence, '\0'}, out);
    fputs("'\n", out);
}

static void write_zsh_case(FILE *out, const char *word, const char *arguments, const char *sentence)
{
    const char *question = question_of(word, arguments);
    (void)sentence;
    fprintf(out, "        %s) compadd -S '' -- ", word);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (*places[i].words && strstr(arguments, places[i].shown))
            fprintf(out, "${=:-'%s'} ", places[i].words);
    }
    write_own_words(out, arguments);
    if (*question)
        fprintf(out, "${(f)\"$(splicectl %s 2>/dev/null | tail -n +2 | tr -d ' ')\"}", question);
    fputs(" ;;\n", out);
}

static void write_zsh(FILE *out)
{
    fputs("#compdef splicectl\n"
          "# Completion of splicectl for zsh: splicectl completion zsh >_splicectl, in a folder of fpath\n"
          "_splicectl() {\n"
          "    local -a commands\n"
          "    commands=(\n",
          out);
    command_each(write_zsh_line, out);
    fputs("    )\n"
          "    local word command=''\n"
          "    for word in ${words[2,CURRENT-1]}; do\n"
          "        (( ${commands[(I)$word:*]} )) && command=$word\n"
          "    done\n"
          "    if [[ $PREFIX == -* ]]; then compadd -- ",
          out);
    option_each(write_option_word, out);
    fputs("; return; fi\n"
          "    case $command in\n"
          "        '') _describe command commands ;;\n",
          out);
    command_each(write_zsh_case, out);
    fputs("    esac\n"
          "}\n"
          "compdef _splicectl splicectl\n",
          out);
}

/* fish's complete(1). */
static void write_fish_lines(FILE *out, const char *word, const char *arguments, const char *sentence)
{
    const char *question = question_of(word, arguments);
    fprintf(out, "complete -c splicectl -f -n __fish_use_subcommand -a %s -d '", word);
    write_escaped(out, sentence, "\\'");
    fprintf(out, "'\ncomplete -c splicectl -f -n '__fish_seen_subcommand_from %s' -a '", word);
    write_words(out, arguments);
    if (*question)
        fprintf(out, "(splicectl %s 2>/dev/null | tail -n +2 | string trim)", question);
    fputs("'\n", out);
}

static void write_fish_option(FILE *out, const struct option_row *row)
{
    fputs("complete -c splicectl", out);
    if (row->letter)
        fprintf(out, " -s %c", row->letter);
    fprintf(out, " -l %s", row->name);
    if (row->value)
        fputs(is_file(row) ? " -r" : " -x", out);
    if (row->choices)
        fprintf(out, " -a '%s'", row->choices);
    fputs(" -d '", out);
    write_escaped(out, row->sentence, "\\'");
    fputs("'\n", out);
}

static void write_fish(FILE *out)
{
    fputs("# Completion of splicectl for fish: splicectl completion fish | source\n", out);
    command_each(write_fish_lines, out);
    option_each(write_fish_option, out);
}

static const struct {
    const char *word;
    void (*write)(FILE *out);
} shells[] = {{"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};

enum ctl_exit completion_run(struct session *session, const struct view *view, char *const *words)
{
    (void)session;
    (void)view;
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shells[i].word, words[0]) != 0)
            continue;
        shells[i].write(stdout);
        return CTL_WELL;
    }
    session_fail(text_copy("completion is there for bash, zsh and fish"));
    return CTL_USAGE;
}
