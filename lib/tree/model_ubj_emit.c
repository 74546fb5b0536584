#include "tree/model_ubj.h"

#include <string.h>

static void add_big_endian(struct buf *b, uint64_t v, size_t n)
{
	char bytes[8];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(v >> 8 * (n - 1 - i));
	buf_add(b, bytes, n);
}

static void add_length(struct buf *b, size_t n)
{
	buf_add_char(b, 'L');
	add_big_endian(b, n, 8);
}

static void ubj_begin_object(struct buf *b)
{
	buf_add_char(b, '{');
}

static void ubj_end_object(struct buf *b)
{
	buf_add_char(b, '}');
}

static void ubj_begin_array(struct buf *b, size_t n)
{
	buf_add_text(b, "[#");
	add_length(b, n);
}

static void ubj_end_array(struct buf *b)
{
	(void)b; /* a counted array has no closing bracket */
}

static void ubj_key(struct buf *b, const char *key)
{
	struct slice s = slice_of(key);

	add_length(b, s.len);
	buf_add_slice(b, s);
}

static void ubj_text(struct buf *b, struct slice s)
{
	buf_add_char(b, 'S');
	add_length(b, s.len);
	buf_add_slice(b, s);
}

static void ubj_integer(struct buf *b, int64_t v)
{
	size_t n = v == (int8_t)v ? 1 : v == (int16_t)v ? 2 : v == (int32_t)v ? 4 : 8;

	buf_add_char(b, n == 1 ? 'i' : n == 2 ? 'I' : n == 4 ? 'l' : 'L');
	add_big_endian(b, (uint64_t)v, n);
}

static char *begin_typed(struct buf *b, char type, size_t n)
{
	char *p;

	buf_add_text(b, "[$");
	buf_add_char(b, type);
	buf_add_char(b, '#');
	add_length(b, n);
	p = buf_reserve(b, n * tree_ubj_width(type) + 1);
	return p;
}

static char *put_int32(char *p, uint32_t v)
{
	p[0] = (char)(v >> 24);
	p[1] = (char)(v >> 16);
	p[2] = (char)(v >> 8);
	p[3] = (char)v;
	return p + 4;
}

static void ubj_ints(struct buf *b, char type, const int32_t *v, size_t n)
{
	char *p = begin_typed(b, type, n);

	if (!p)
		return;
	for (size_t i = 0; i < n; i++) {
		if (type == 'L')
			p = put_int32(p, v[i] < 0 ? UINT32_MAX : 0);
		if (type == 'U')
			*p++ = (char)v[i];
		else
			p = put_int32(p, (uint32_t)v[i]);
	}
	b->len = (size_t)(p - b->p);
	*p = 0;
}

static void ubj_floats(struct buf *b, const float *v, size_t n)
{
	char *p = begin_typed(b, 'd', n);

	if (!p)
		return;
	for (size_t i = 0; i < n; i++) {
		uint32_t bits;

		memcpy(&bits, v + i, sizeof(bits));
		p = put_int32(p, bits);
	}
	b->len = (size_t)(p - b->p);
	*p = 0;
}

const struct tree_emit tree_ubj_emit = {
	ubj_begin_object,
	ubj_end_object,
	ubj_begin_array,
	ubj_end_array,
	ubj_key,
	ubj_text,
	ubj_integer,
	ubj_ints,
	ubj_floats,
};
