/*
 * tree/journal: trees that were written read back; cut or damaged anywhere, it has those that are whole, and no byte
 * beyond its end is looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tree/journal.h"

enum { MOST = 16 };

static bool is_same(const struct tree *a, const struct tree *b)
{
	return a->n_nodes == b->n_nodes && a->n_sets == b->n_sets && a->n_words == b->n_words &&
	       memcmp(a->nodes, b->nodes, a->n_nodes * sizeof(*a->nodes)) == 0 &&
	       memcmp(a->sets, b->sets, a->n_sets * sizeof(*a->sets)) == 0 &&
	       memcmp(a->words, b->words, a->n_words * sizeof(*a->words)) == 0;
}

/** A copy that ends where it ends, so that a sanitizer sees what is read behind it. */
static char *copy(const char *p, size_t len)
{
	char *c = malloc(len ? len : 1);

	MUST(c);
	memcpy(c, p, len);
	return c;
}

/** Parses the first `len` bytes: `want` trees, or fewer if one of them is damaged. */
static void parse(const char *p, size_t len, const struct tree *trees, size_t want, bool exactly)
{
	struct tree_journal_list l = { 0 };
	struct err e = ERR_INIT;
	char *bytes = copy(p, len);

	if (!tree_journal_parse((struct slice){ bytes, len }, "a 1\n", &l, &e)) {
		MUST(exactly ? l.n == want : l.n <= want);
		MUST(l.end <= len);
		for (size_t i = 0; i < l.n && exactly; i++)
			MUST(is_same(&l.trees[i], &trees[i]));
		for (size_t i = 0; i < l.n; i++)
			if (tree_check(&l.trees[i], 8, 1, &e))
				e = (struct err)ERR_INIT;
	} else {
		MUST(e.code != ERR_NONE && !exactly);
	}
	free(l.trees);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tree_node nodes[MOST];
	static struct tree_set sets[MOST];
	static uint64_t words[MOST];
	struct tree trees[3];
	struct buf b = BUF_INIT;
	size_t ends[4], cut, whole = 0;

	if (size < 12)
		return 0;
	memcpy(nodes, data, size < sizeof(nodes) ? size : sizeof(nodes));
	memcpy(sets, data, size < sizeof(sets) ? size : sizeof(sets));
	memcpy(words, data, size < sizeof(words) ? size : sizeof(words));
	tree_journal_format_head("a 1\n", &b);
	ends[0] = b.len;
	for (size_t i = 0; i < 3; i++) {
		trees[i] = (struct tree){ .n_nodes = data[i] % MOST,
			.nodes = nodes,
			.n_sets = data[3 + i] % MOST,
			.sets = sets,
			.n_words = data[6 + i] % MOST,
			.words = words };
		tree_journal_format(&trees[i], i, &b);
		ends[i + 1] = b.len;
	}
	MUST(!b.failed);
	cut = ((size_t)data[9] << 8 | data[10]) % (b.len + 1);
	while (whole < 3 && ends[whole + 1] <= cut)
		whole++;
	parse(b.p, b.len, trees, 3, true);
	parse(b.p, cut, trees, whole, cut >= ends[0]);
	b.p[cut < b.len ? cut : 0] ^= (char)(data[11] | 1);
	parse(b.p, b.len, trees, 3, false);
	buf_release(&b);
	return 0;
}
