#include "table/validate.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "table/validate_judge.h"

struct validate {
	const struct table_schema *schema;
	const struct table_validate_options *o;
	struct table_checks c;
	struct table_findings *f;
	size_t *at; /* [n_fields] column of the data, SIZE_MAX: absent or not of this environment */
	size_t *key_cols;
	const char *name;
	struct err *e;
};

/* ---- the columns ---- */

static bool are_more_allowed(enum table_match m)
{
	return m == TABLE_MATCH_SUBSET || m == TABLE_MATCH_PARTIAL;
}

static bool are_fewer_allowed(enum table_match m)
{
	return m == TABLE_MATCH_SUPERSET || m == TABLE_MATCH_PARTIAL;
}

static int find_new(struct validate *v, const char *name)
{
	size_t i = table_schema_find(v->schema, name);
	struct table_finding one = { .column = name,
		.anomaly = TABLE_SCHEMA_NEW_COLUMN,
		.severity = v->schema->new_columns };

	if (i != SIZE_MAX)
		return table_findings_add(v->f, one, v->e,
			"new column %s found in data but not in the environment %s in the schema",
			name, v->o->environment);
	return table_findings_add(v->f, one, v->e, "new column (column in data but not in schema)");
}

static int match_columns(struct validate *v, const struct csv_table *in)
{
	const struct table_schema *s = v->schema;
	size_t last = 0;
	bool in_order = true;

	for (size_t i = 0; i < s->n_fields; i++)
		v->at[i] = SIZE_MAX;
	for (size_t i = 0; i < csv_table_n_cols(in); i++) {
		const char *name = csv_table_col_name(in, i);
		size_t field = table_schema_find(s, name);

		v->f->cols[i] = mem_dup(name, v->e);
		if (!v->f->cols[i])
			return -1;
		v->f->n_cols++;
		if (field != SIZE_MAX && table_field_is_in(&s->fields[field], v->o->environment)) {
			v->at[field] = i;
			in_order = in_order && field >= last;
			last = field;
		} else if (!are_more_allowed(s->match) && s->new_columns != TABLE_IGNORE) {
			if (find_new(v, name))
				return -1;
		}
	}
	if (s->match == TABLE_MATCH_EXACT && !in_order)
		return table_findings_add(v->f,
			(struct table_finding){ .column = "", .anomaly = TABLE_COLUMN_ORDER }, v->e,
			"the columns are not in the order of the schema");
	return 0;
}

static int find_missing(struct validate *v)
{
	const struct table_schema *s = v->schema;
	size_t n_there = 0;

	for (size_t i = 0; i < s->n_fields; i++) {
		struct table_finding one = { .column = s->fields[i].name,
			.anomaly = TABLE_SCHEMA_MISSING_COLUMN,
			.severity = s->fields[i].severity };

		n_there += v->at[i] != SIZE_MAX;
		if (v->at[i] != SIZE_MAX || are_fewer_allowed(s->match) ||
			!table_field_is_in(&s->fields[i], v->o->environment))
			continue;
		if (table_findings_add(v->f, one, v->e, "column is completely missing"))
			return -1;
	}
	if (s->match == TABLE_MATCH_PARTIAL && n_there == 0 && s->n_fields > 0)
		return table_findings_add(v->f,
			(struct table_finding){
				.column = "", .anomaly = TABLE_SCHEMA_MISSING_COLUMN },
			v->e, "no column of the schema is there");
	return 0;
}

/* ---- setting up ---- */

static int compile(struct validate *v, int n_workers)
{
	struct table_checks *c = &v->c;
	size_t n = (size_t)n_workers * c->n;

	c->patterns = mem_array(n, sizeof(*c->patterns), v->e);
	if (!c->patterns)
		return -1;
	for (; c->n_patterns < n; c->n_patterns++) {
		const struct table_field *f = c->checks[c->n_patterns % c->n].field;
		char text[200];
		int rc;

		if (!f->pattern)
			continue;
		rc = regcomp(&c->patterns[c->n_patterns], f->pattern, REG_EXTENDED | REG_NOSUB);
		if (rc == 0)
			continue;
		regerror(rc, &c->patterns[c->n_patterns], text, sizeof(text));
		return err_set(v->e, rc == REG_ESPACE ? ERR_SYSTEM : ERR_INPUT,
			"the pattern of field '%s' is wrong: %s", f->name, text);
	}
	return 0;
}

static void add_key(struct validate *v, const struct table_key *key, size_t check)
{
	struct table_checks *c = &v->c;
	struct table_key_check *to = &c->keys[c->n_keys];

	*to = (struct table_key_check){ .key = key, .check = check, .cols = v->key_cols };
	if (!key) {
		*v->key_cols++ = c->checks[check].col;
		to->n = 1;
		c->n_keys++;
		return;
	}
	for (size_t i = 0; i < key->n; i++) {
		if (v->at[key->fields[i]] == SIZE_MAX)
			return; /* reported as a missing column */
		*v->key_cols++ = v->at[key->fields[i]];
		to->n++;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (c->checks[i].field == &v->schema->fields[key->fields[0]])
			to->check = i;
	}
	c->n_keys++;
}

static int set_up(struct validate *v, size_t **key_cols)
{
	const struct table_schema *s = v->schema;
	struct table_checks *c = &v->c;
	size_t n = s->n_fields;

	for (size_t i = 0; i < s->n_keys; i++)
		n += s->keys[i].n;
	c->checks = mem_array(s->n_fields + 1, sizeof(*c->checks), v->e);
	c->keys = mem_array(s->n_fields + s->n_keys + 1, sizeof(*c->keys), v->e);
	*key_cols = v->key_cols = mem_array(n + 1, sizeof(**key_cols), v->e);
	if (!c->checks || !c->keys || !v->key_cols)
		return -1;
	/* By the columns of the data: findings come in that order. */
	for (size_t col = 0; col < c->n_cols; col++) {
		for (size_t i = 0; i < s->n_fields; i++) {
			if (v->at[i] == col)
				c->checks[c->n++] =
					(struct table_check){ .field = &s->fields[i], .col = col };
		}
	}
	for (size_t i = 0; i < c->n; i++) {
		if (c->checks[i].field->unique)
			add_key(v, NULL, i);
	}
	for (size_t i = 0; i < s->n_keys; i++) {
		/* A primary key of one unique column is looked at once. */
		const struct table_key *k = &s->keys[i];

		if (k->n > 1 || !s->fields[k->fields[0]].unique)
			add_key(v, k, 0);
	}
	return 0;
}

static void tear_down(struct validate *v)
{
	struct table_checks *c = &v->c;

	for (size_t i = 0; i < c->n_patterns; i++) {
		if (c->checks[i % c->n].field->pattern)
			regfree(&c->patterns[i]);
	}
	for (size_t i = 0; i < c->n; i++) {
		table_dict_release(&c->checks[i].unexpected);
		table_dict_release(&c->checks[i].distinct);
		free(c->checks[i].n_unexpected);
	}
	for (size_t i = 0; i < c->n_keys; i++)
		table_once_release(&c->keys[i].once);
	free(c->patterns);
	free(c->checks);
	free(c->keys);
}

static int check_environment(const struct table_schema *s, const char *environment, struct err *e)
{
	const char *near;
	bool known = !environment;
	const char **names = mem_array(s->environments.n + 1, sizeof(*names), e);

	if (!names)
		return -1;
	for (size_t i = 0; i < s->environments.n; i++) {
		names[i] = s->environments.items[i];
		known = known || strcmp(environment, names[i]) == 0;
	}
	near = known ? NULL : opt_nearest(environment, names);
	free(names);
	if (known)
		return 0;
	err_set(e, ERR_INPUT, "the schema has no environment '%s'", environment);
	return near ? err_hint(e, "did you mean '%s'?", near) : -1;
}

int table_validate(const char *path, const struct table_schema *s,
	const struct table_validate_options *o, struct pool *pool, struct table_findings *f,
	struct err *e)
{
	struct csv_dialect dialect = *o->dialect;
	struct validate v = { .schema = s, .o = o, .f = f, .e = e };
	struct csv_table *in = NULL;
	size_t *key_cols = NULL;
	int rc = -1;

	if (check_environment(s, o->environment, e))
		return -1;
	if (dialect.ragged == CSV_RAGGED_ERROR)
		dialect.ragged = CSV_RAGGED_KEEP;
	in = csv_table_open(path, &dialect, e);
	if (!in)
		return -1;
	v.name = csv_table_name(in);
	v.c.schema = s;
	v.c.cells = table_cells_of(&dialect);
	v.c.n_cols = csv_table_n_cols(in);
	v.at = mem_array(s->n_fields + 1, sizeof(*v.at), e);
	f->cols = mem_array(v.c.n_cols, sizeof(*f->cols), e);
	if (!v.at || !f->cols || match_columns(&v, in) || set_up(&v, &key_cols) ||
		compile(&v, pool_size(pool)) || table_checks_run(&v.c, in, pool, o->progress, e) ||
		table_validate_judge(&v.c, !dialect.no_header, f, e) || find_missing(&v))
		goto out;
	f->n_rows = v.c.n_rows + v.c.shape.n;
	rc = 0;
out:
	tear_down(&v);
	free(v.at);
	free(key_cols);
	csv_table_close(in);
	return rc;
}
