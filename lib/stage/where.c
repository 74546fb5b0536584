#include "stage/where.h"

#include <string.h>

#include "base/input.h"

enum { MAX_BYTES = 1 << 24 };

static bool takes(struct slice *line, const char *word)
{
	if (!slice_starts(*line, word))
		return false;
	*line = slice_trim((struct slice){ line->p + strlen(word), line->len - strlen(word) });
	return true;
}

static bool has_word(struct slice text, const char *word)
{
	struct slice part;

	while (slice_cut(&text, ' ', &part))
		if (slice_is(slice_trim(part), word))
			return true;
	return false;
}

/* NAME =, :=, ::=, ?=, +=, !=, or define NAME; with override or export before it. */
static bool sets(struct slice line, const char *variable, const char *word)
{
	bool is_define;
	size_t i;

	line = slice_trim(line);
	while (takes(&line, "override ") || takes(&line, "export "))
		continue;
	is_define = takes(&line, "define ");
	if (!slice_starts(line, variable))
		return false;
	line = (struct slice){ line.p + strlen(variable), line.len - strlen(variable) };
	if (line.len && !memchr(" \t:?+!=", *line.p, 7))
		return false;
	line = slice_trim(line);
	for (i = 0; i < line.len && memchr(":?+!", line.p[i], 4); i++)
		continue;
	if (i == line.len || line.p[i] != '=')
		return is_define && !word;
	return !word || has_word((struct slice){ line.p + i + 1, line.len - i - 1 }, word);
}

/* The line's number in the file, from 1; 0: there is none. */
static size_t find(const char *file, const char *variable, const char *word)
{
	struct buf text = BUF_INIT;
	struct err e = ERR_INIT;
	struct slice rest, line;
	size_t n = 0, found = 0;

	/* one that cannot be read has no such line */
	if (input_load(file, MAX_BYTES, &text, &e))
		buf_reset(&text);
	rest = buf_slice(&text);
	while (!found && slice_cut(&rest, '\n', &line)) {
		n++;
		if (sets(line, variable, word))
			found = n;
	}
	buf_release(&text);
	return found;
}

int stage_where_at(char **words, size_t n, const char *variable, const char *word, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const char *file = words[i] + strlen("makefile=");
		size_t line;

		if (strncmp(words[i], "makefile=", strlen("makefile=")) != 0)
			continue;
		line = find(file, variable, word);
		if (line)
			return err_at(e, "%s:%zu", file, line);
	}
	return -1;
}
