#include "table/cut_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"

enum { MAX_WIDTH = 18, MAX_OPEN = 64, MAX_HELD = 64 << 20, MAX_NAME = 255 };

/* One piece of a template: text up to a conversion, and the conversion. */
struct conversion {
	char type; /* 'd', 's', '%', 0 at the end, '?' for what is none */
	int width;
	bool zeros;
};

/* Steps over the conversion at `p`, which points behind a '%'. */
static const char *read_conversion(const char *p, struct conversion *c)
{
	*c = (struct conversion){ 0 };
	if (*p == '0') {
		c->zeros = true;
		p++;
	}
	while (*p >= '0' && *p <= '9' && c->width <= MAX_WIDTH)
		c->width = c->width * 10 + (*p++ - '0');
	c->type = *p && strchr("ds%", *p) && c->width <= MAX_WIDTH ? *p : '?';
	if (c->type != 'd' && (c->width || c->zeros))
		c->type = '?';
	return *p ? p + 1 : p;
}

int table_cut_parts_check(const char *names, bool by_value, struct err *e)
{
	char want = by_value ? 's' : 'd';
	struct conversion c;
	int n = 0;

	for (const char *p = names; *p;) {
		if (*p++ != '%')
			continue;
		p = read_conversion(p, &c);
		if (c.type == want)
			n++;
		else if (c.type != '%')
			n = 2;
	}
	if (n == 1)
		return 0;
	err_set(e, ERR_INPUT, "the template '%s' must have one %%%c", names, want);
	return err_hint(e, by_value ? "as in part-%%s.csv; %%%% is a percent sign"
				    : "as in part-%%03d.csv; %%%% is a percent sign");
}

static void add_value(struct buf *b, struct slice v)
{
	if (!v.len)
		buf_add_text(b, "%empty");
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.p[i];
		bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
				(c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c >= 0x80 ||
				(c == '.' && i > 0);

		if (is_plain)
			buf_add_char(b, (char)c);
		else
			buf_addf(b, "%%%02X", c);
	}
}

char *table_cut_parts_path(const char *names, size_t number, struct slice value, struct err *e)
{
	struct buf b = BUF_INIT;
	struct conversion c;
	char *path;

	for (const char *t = names; *t;) {
		if (*t != '%') {
			buf_add_char(&b, *t++);
			continue;
		}
		t = read_conversion(t + 1, &c);
		if (c.type == '%')
			buf_add_char(&b, '%');
		else if (c.type == 's')
			add_value(&b, value);
		else
			buf_addf(&b, c.zeros ? "%0*zu" : "%*zu", c.width, number);
	}
	if (strlen(path_base(b.p)) > MAX_NAME) {
		err_set(e, ERR_INPUT,
			"a value of %zu bytes makes a name longer than a file's name may be",
			value.len);
		err_hint(e, "cut by a column of shorter values");
		buf_release(&b);
		return NULL;
	}
	path = buf_detach(&b, e);
	buf_release(&b);
	return path;
}

static int check_part(struct table_cut_part *part, struct err *e)
{
	return output_failed(part->out) && output_fd(part->out, e) < 0 ? -1 : 0;
}

/* Writes what is held. */
static int write_held(struct table_cut_parts *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		struct table_cut_part *part = &p->parts[i];

		if (!part->out || !part->held.len)
			continue;
		output_slice(part->out, buf_slice(&part->held));
		buf_release(&part->held);
		output_rest(part->out);
		if (check_part(part, e))
			return -1;
	}
	p->n_held = 0;
	return 0;
}

/* Is the part the table itself? If the run failed later, nothing would be left of it. */
static int check_source(const char *path, const char *source, struct err *e)
{
	struct stat part, table;

	if (stat(path, &part) || !S_ISREG(part.st_mode) ||
		(strcmp(source, "-") == 0 ? fstat(STDIN_FILENO, &table) : stat(source, &table)) ||
		part.st_dev != table.st_dev || part.st_ino != table.st_ino)
		return 0;
	err_set(e, ERR_INPUT, "part '%s' is the table that is read", path);
	return err_hint(e, "choose names that lead to other files");
}

int table_cut_parts_add(struct table_cut_parts *p, struct slice value, struct err *e)
{
	struct table_cut_part *part;

	if (mem_grow(&p->parts, &p->cap, p->n + 1, sizeof(*p->parts), e))
		return -1;
	part = &p->parts[p->n];
	*part = (struct table_cut_part){ .held = BUF_INIT, .tracked = -1 };
	part->path = table_cut_parts_path(p->names, p->n + 1, value, e);
	if (!part->path)
		return -1;
	if (!check_source(part->path, p->source, e))
		part->out = output_open(part->path, OUTPUT_PLAIN, e);
	if (!part->out) {
		free(part->path);
		return -1;
	}
	p->n++;
	p->n_open++;
	for (size_t i = 0; p->n_open == MAX_OPEN + 1 && i < p->n; i++) {
		if (p->parts[i].out)
			output_rest(p->parts[i].out);
	}
	if (p->n_open > MAX_OPEN)
		output_rest(part->out);
	return table_cut_parts_write(p, p->n - 1, p->header, e);
}

int table_cut_parts_write(struct table_cut_parts *p, size_t i, struct slice rows, struct err *e)
{
	struct table_cut_part *part = &p->parts[i];

	if (p->n_open <= MAX_OPEN) {
		output_slice(part->out, rows);
		return check_part(part, e);
	}
	buf_add_slice(&part->held, rows);
	p->n_held += rows.len;
	if (buf_check(&part->held, e))
		return -1;
	return p->n_held > MAX_HELD ? write_held(p, e) : 0;
}

int table_cut_parts_finish(struct table_cut_parts *p, size_t part, struct err *e)
{
	struct table_cut_part *q = &p->parts[part];
	struct output *out = q->out;

	output_slice(out, buf_slice(&q->held));
	buf_release(&q->held);
	q->out = NULL;
	p->n_open--;
	if (output_close(out, e)) {
		free(q->path);
		q->path = NULL;
		return -1;
	}
	q->tracked = output_track(q->path);
	return 0;
}

int table_cut_parts_finish_all(struct table_cut_parts *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->parts[i].out && table_cut_parts_finish(p, i, e))
			return -1;
	return 0;
}

void table_cut_parts_release(struct table_cut_parts *p, bool keep)
{
	for (size_t i = 0; i < p->n; i++) {
		struct table_cut_part *q = &p->parts[i];

		if (!keep && !q->out && q->path)
			unlink(q->path);
		output_abandon(q->out);
		if (q->tracked >= 0)
			output_untrack(q->tracked);
		buf_release(&q->held);
		free(q->path);
	}
	free(p->parts);
	*p = (struct table_cut_parts){ 0 };
}
