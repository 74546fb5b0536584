#include "cas/objects.h"

#include <stdlib.h>

#include "base/mem.h"

void cas_objects_release(struct cas_objects *s)
{
	free(s->items);
	arena_release(&s->names);
	*s = (struct cas_objects)CAS_OBJECTS_INIT;
}

int cas_objects_add(struct cas_objects *s, const struct cas_id *id, const char *path,
	const char *inside, struct err *e)
{
	size_t a = strlen(path), b = inside ? strlen(inside) + 1 : 0;
	char *label = arena_alloc(&s->names, a + b + 1, e);

	if (!label || mem_grow(&s->items, &s->cap, s->n + 1, sizeof(*s->items), e))
		return -1;
	memcpy(label, path, a);
	if (inside) {
		label[a] = '/';
		memcpy(label + a + 1, inside, b - 1);
	}
	label[a + b] = '\0';
	s->items[s->n++] = (struct cas_objects_item){ .id = *id, .label = label };
	return 0;
}

int cas_objects_add_members(struct cas_objects *s, struct cas_worktree *w, const struct cas_id *id,
	const char *path, struct err *e)
{
	struct cas_manifest m = CAS_MANIFEST_INIT;
	int r = cas_worktree_manifest(w, id, &m, e);

	for (size_t i = 0; !r && i < m.n; i++) {
		struct cas_id member = { .is_legacy = id->is_legacy };

		memcpy(member.md5, m.entries[i].md5, HASH_MD5_LEN);
		r = cas_objects_add(s, &member, path, m.entries[i].relpath, e);
	}
	cas_manifest_release(&m);
	return r;
}

static int by_id(const void *a, const void *b)
{
	const struct cas_objects_item *x = a, *y = b;
	int d = cas_id_cmp(&x->id, &y->id);

	return d ? d : strcmp(x->label, y->label);
}

void cas_objects_sort(struct cas_objects *s)
{
	size_t to = 0;

	if (!s->n)
		return;
	qsort(s->items, s->n, sizeof(*s->items), by_id);
	for (size_t i = 0; i < s->n; i++)
		if (!i || !cas_id_eq(&s->items[to - 1].id, &s->items[i].id))
			s->items[to++] = s->items[i];
	s->n = to;
}

struct cas_objects_item *cas_objects_find(const struct cas_objects *s, const struct cas_id *id)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = cas_id_cmp(id, &s->items[mid].id);

		if (!d)
			return &s->items[mid];
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

void cas_objects_key(const struct cas_id *id, struct buf *b)
{
	char hex[CAS_ID_TEXT_MAX];

	cas_id_format(id, hex);
	buf_reset(b);
	buf_addf(b, "%s%.2s/%s", id->is_legacy ? "" : "files/md5/", hex, hex + 2);
}

bool cas_objects_parse_key(const char *key, struct cas_id *id)
{
	bool is_legacy = strncmp(key, "files/md5/", 10) != 0;
	char text[CAS_ID_TEXT_MAX];
	size_t len;

	if (!is_legacy)
		key += 10;
	len = strlen(key);
	if (len < 4 || len >= sizeof(text) + 1 || key[2] != '/')
		return false;
	memcpy(text, key, 2);
	memcpy(text + 2, key + 3, len - 3);
	if (!cas_id_parse((struct slice){ text, len - 1 }, id))
		return false;
	id->is_legacy = is_legacy;
	return true;
}
