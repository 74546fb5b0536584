/*
 * base/opt: any words are parsed or refused with a message; operands are words, in their order; a
 * refusal is the fault of the input.
 */
#include "base/opt.h"

#include <string.h>

#include "fuzz.h"

struct args {
	bool flag;
	int count, choice;
	const char *text;
	int64_t whole;
	double number;
	uint64_t size;
	struct opt_list list, each;
};

static int two(void *field, const struct opt *o, char **values, struct err *e)
{
	(void)o;
	*(int64_t *)field = (int64_t)(strlen(values[0]) + strlen(values[1]));
	return *(int64_t *)field > 100 ? err_set(e, ERR_INPUT, "too long") : 0;
}

static const struct opt options[] = {
	OPT_HEADING("All"),
	{ 'f', "flag", OPT_FLAG, offsetof(struct args, flag), NULL, "flag" },
	{ 'c', "count", OPT_COUNT, offsetof(struct args, count), NULL, "count" },
	{ 't', "text", OPT_TEXT, offsetof(struct args, text), "T", "text" },
	{ 'n', "whole", OPT_INT, offsetof(struct args, whole), "N", "whole", .min = -5, .max = 5 },
	{ 0, "number", OPT_NUMBER, offsetof(struct args, number), "X", "number" },
	{ 0, "size", OPT_SIZE, offsetof(struct args, size), "S", "size" },
	{ 0, "choice", OPT_CHOICE, offsetof(struct args, choice), "a|b", "choice" },
	{ 'l', "list", OPT_LIST, offsetof(struct args, list), "A,...", "list" },
	{ 0, "each", OPT_EACH, offsetof(struct args, each), "A", "each" },
	{ 0, "two", OPT_CALL, offsetof(struct args, whole), "A B", "two", .n_values = 2,
		.call = two },
	OPT_END,
};

enum { WORDS = 64 };

/* The input is the words, each ended by a newline. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *argv[WORDS + 2] = { 0 }, *at;
	struct args args = { 0 };
	struct opt_table table = { options, &args };
	struct opt_result r;
	struct err e = ERR_INIT;
	int argc = 1, status;
	size_t found = 0;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	argv[0] = text + size;
	for (at = text; at < text + size && argc <= WORDS; argc++) {
		char *end = memchr(at, '\n', (size_t)(text + size - at));

		argv[argc] = at;
		if (!end)
			end = text + size;
		*end = '\0';
		at = end + 1;
	}
	argv[argc] = NULL;
	status = opt_parse(&table, 1, size % 2, argc, argv, &r, &e);
	MUST(status == 0 || (status == -1 && e.code == ERR_INPUT && e.what[0]));
	for (int i = 1; i < argc && found < r.n_operands; i++)
		found += argv[i] == r.operands[found];
	MUST(found == r.n_operands && r.operands[found] == NULL);
	MUST(args.choice == 0 || args.choice == 1);
	if (argc > 2)
		(void)!opt_set(&table, 1, argv[1], argv[2], &r, &e);
	opt_free(&r);
	MUST(args.list.n == 0 && args.each.n == 0);
	free(text);
	return 0;
}
