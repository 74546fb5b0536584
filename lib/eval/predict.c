#include "eval/predict.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "csv/chunk.h"
#include "csv/writer.h"
#include "tree/shap.h"

enum {
	FEW_BYTES =
		1 << 18, /* of a table: as many rows as there may be, a thread prepares the trees */
	PIECE_BYTES = 16 << 20, /* rows that go through one large tree after another together */
	LARGE_NODES = 1 << 18, /* of all trees: more than fit into a core's cache */
};

struct job {
	const struct tree_model *m;
	const struct eval_predict_options *o;
	struct tree_predictor *predictor;
	struct tree_shap *shap; /* NULL: no contributions */
	struct output *out;
	char delimiter;
	int *keep; /* [o->keep.n] columns */
	struct buf *labels; /* [m->n_labels] as fields */
	uint64_t n_rows;
};

/* What a chunk of rows keeps while it is on its way. */
struct piece {
	struct tree_batch batch;
	struct slice *kept; /* [n_rows][keep.n] fields as they stand in the file */
	size_t cap_kept;
	float *contrib; /* [n_rows][n_outputs][n_features + 1] */
	size_t cap_contrib;
};

static void release_piece(void *result)
{
	struct piece *p = result;

	tree_batch_release(&p->batch);
	free(p->kept);
	free(p->contrib);
}

static int keep_fields(const struct job *j, struct piece *p, size_t row_index,
	const struct csv_row *row, struct err *e)
{
	size_t n = j->o->keep.n;

	if (!n)
		return 0;
	if (mem_grow(&p->kept, &p->cap_kept, (row_index + 1) * n, sizeof(*p->kept), e))
		return -1;
	for (size_t k = 0; k < n; k++) {
		const struct csv_field *f = &row->fields[j->keep[k]];

		p->kept[row_index * n + k] = (struct slice){ f->p, f->len };
	}
	return 0;
}

static void add_float(struct buf *b, float v)
{
	char *to = buf_reserve(b, NUM_TEXT_MAX);

	if (!to)
		return;
	b->len += num_format_float(to, v);
}

static size_t n_contrib(const struct job *j)
{
	return j->shap ? j->m->n_outputs * (j->m->n_features + 1) : 0;
}

static int explain(const struct job *j, struct piece *p, struct err *e)
{
	size_t n = p->batch.n_rows;

	if (!j->shap)
		return 0;
	if (mem_grow(&p->contrib, &p->cap_contrib, n * n_contrib(j), sizeof(*p->contrib), e))
		return -1;
	return tree_shap_rows(j->shap, p->batch.x, n, p->contrib, e);
}

static void add_prediction(const struct job *j, const struct piece *p, size_t row, struct buf *b)
{
	const struct tree_batch *batch = &p->batch;
	size_t n_keep = j->o->keep.n;

	for (size_t k = 0; k < n_keep; k++) {
		buf_add_slice(b, p->kept[row * n_keep + k]);
		buf_add_char(b, j->delimiter);
	}
	if (j->m->task == TREE_REGRESSION) {
		for (size_t k = 0; k < batch->n_outputs; k++) {
			if (k)
				buf_add_char(b, j->delimiter);
			add_float(b, batch->scores[row * batch->n_outputs + k]);
		}
	} else {
		size_t label = tree_batch_class(batch, j->predictor, row, j->o->threshold);

		buf_add_slice(b, buf_slice(&j->labels[label]));
		for (size_t k = 0; k < batch->n_outputs; k++) {
			buf_add_char(b, j->delimiter);
			add_float(b, batch->scores[row * batch->n_outputs + k]);
		}
	}
	for (size_t k = 0; k < n_contrib(j); k++) {
		buf_add_char(b, j->delimiter);
		add_float(b, p->contrib[row * n_contrib(j) + k]);
	}
	buf_add_char(b, '\n');
}

static int predict_chunk(void *ctx, struct csv_chunk *c, int worker, struct err *e)
{
	const struct job *j = ctx;
	struct piece *p = csv_chunk_result(c);
	struct buf *b = csv_chunk_buf(c);
	struct csv_row row;
	size_t n = 0;
	int rc;

	(void)worker;
	tree_batch_reset(&p->batch);
	while ((rc = csv_chunk_next(c, &row, e)) == 1) {
		if (tree_batch_add(&p->batch, j->predictor, &row, e) ||
			keep_fields(j, p, n++, &row, e))
			return -1;
	}
	if (rc || tree_batch_run(&p->batch, j->predictor, e) || explain(j, p, e))
		return -1;
	for (size_t i = 0; i < n; i++)
		add_prediction(j, p, i, b);
	return buf_check(b, e);
}

static int write_chunk(void *ctx, struct csv_chunk *c, struct err *e)
{
	struct job *j = ctx;
	const struct piece *p = csv_chunk_result(c);

	(void)e;
	output_slice(j->out, buf_slice(csv_chunk_buf(c)));
	j->n_rows += p->batch.n_rows;
	return 0;
}

static int add_name(struct buf *b, const struct job *j, const char *name, struct err *e)
{
	return csv_writer_add(b, j->o->dialect, slice_of(name), e);
}

/* The names of what is predicted. */
static int add_our_names(struct buf *b, const struct job *j, struct err *e)
{
	const struct tree_model *m = j->m;
	bool is_number = m->task == TREE_REGRESSION;
	struct buf name = BUF_INIT;
	int rc = 0;

	if (!is_number || m->n_outputs == 1)
		buf_add_text(b, "prediction");
	if (m->task == TREE_BINARY) {
		buf_add_char(b, j->delimiter);
		buf_add_text(b, "probability");
	}
	for (size_t k = 0; !rc && m->n_outputs > 1 && k < m->n_outputs; k++) {
		buf_reset(&name);
		if (is_number)
			buf_addf(&name, "prediction_%zu", k);
		else
			buf_addf(&name, "probability_%s", m->labels[k]);
		if (!is_number || k > 0)
			buf_add_char(b, j->delimiter);
		rc = buf_check(&name, e) || add_name(b, j, name.p, e) ? -1 : 0;
	}
	buf_release(&name);
	return rc;
}

/* contrib_COLUMN and contrib_bias; of several outputs contrib_LABEL_COLUMN. */
static int add_contrib_names(struct buf *b, const struct job *j, struct err *e)
{
	const struct tree_model *m = j->m;
	struct buf name = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; !rc && i < n_contrib(j); i++) {
		size_t k = i / (m->n_features + 1), c = i % (m->n_features + 1);

		buf_reset(&name);
		buf_add_text(&name, "contrib_");
		if (m->n_outputs > 1 && m->task == TREE_MULTICLASS)
			buf_addf(&name, "%s_", m->labels[k]);
		else if (m->n_outputs > 1)
			buf_addf(&name, "%zu_", k);
		buf_add_text(&name, c < m->n_features ? m->features[c].name : "bias");
		buf_add_char(b, j->delimiter);
		rc = buf_check(&name, e) || add_name(b, j, name.p, e) ? -1 : 0;
	}
	buf_release(&name);
	return rc;
}

/* Kept names as they stand, then ours; a kept name that is also ours would be there twice. */
static int write_header(struct job *j, const struct csv_table *t, struct err *e)
{
	const struct csv_row *header = csv_table_header(t);
	struct buf b = BUF_INIT;
	int rc = -1;

	for (size_t k = 0; k < j->o->keep.n; k++) {
		const struct csv_field *f = &header->fields[j->keep[k]];
		struct slice kept = slice_of(csv_table_col_name(t, (size_t)j->keep[k]));

		if (slice_is(kept, "prediction") || slice_starts(kept, "prediction_") ||
			slice_starts(kept, "probability") ||
			(j->shap && slice_starts(kept, "contrib_"))) {
			err_set(e, ERR_INPUT, "column '%s' is one of the predictions' own", kept.p);
			err_hint(e, "it cannot be kept under this name");
			goto out;
		}
		buf_add_slice(&b, (struct slice){ f->p, f->len });
		buf_add_char(&b, j->delimiter);
	}
	if (add_our_names(&b, j, e) || add_contrib_names(&b, j, e))
		goto out;
	buf_add_char(&b, '\n');
	if (buf_check(&b, e))
		goto out;
	output_slice(j->out, buf_slice(&b));
	rc = 0;
out:
	buf_release(&b);
	return rc;
}

static int prepare(struct job *j, const struct csv_table *t, struct pool *pool, struct err *e)
{
	const struct opt_list *keep = &j->o->keep;

	if (j->o->threshold != 0.5 && j->m->task != TREE_BINARY) {
		err_set(e, ERR_INPUT, "a threshold has no effect on this model");
		return err_hint(e, "it decides between two classes; leave --threshold out");
	}
	j->delimiter = csv_dialect_delimiter(j->o->dialect);
	j->keep = mem_array(keep->n, sizeof(*j->keep), e);
	j->labels = j->keep ? mem_array(j->m->n_labels, sizeof(*j->labels), e) : NULL;
	if (!j->labels)
		return -1;
	for (size_t k = 0; k < j->m->n_labels; k++) {
		buf_init(&j->labels[k]);
		if (add_name(&j->labels[k], j, j->m->labels[k], e))
			return -1;
	}
	for (size_t k = 0; k < keep->n; k++) {
		j->keep[k] = csv_table_find(t, keep->items[k], e);
		if (j->keep[k] < 0)
			return -1;
		for (size_t i = 0; i < k; i++)
			if (j->keep[i] == j->keep[k])
				return err_set(e, ERR_INPUT, "column '%s' would be kept twice",
					keep->items[k]);
	}
	if (j->o->contrib) {
		j->shap = tree_shap_new(j->m, e);
		if (!j->shap)
			return -1;
	}
	j->predictor = tree_predictor_new(j->m, e);
	if (!j->predictor || tree_predictor_bind(j->predictor, t, j->o->dialect, e))
		return -1;
	if (csv_table_size(t) > FEW_BYTES &&
		tree_margins_prepare(tree_predictor_margins(j->predictor), pool, e))
		return -1;
	return write_header(j, t, e);
}

int eval_predict_run(const struct tree_model *m, const char *path,
	const struct eval_predict_options *o, struct pool *pool, struct output *out,
	uint64_t *n_rows, struct err *e)
{
	struct job j = { .m = m, .o = o, .out = out };
	struct csv_run run = { .work = predict_chunk,
		.done = write_chunk,
		.ctx = &j,
		.result_size = sizeof(struct piece),
		.result_release = release_piece,
		.progress = o->progress };
	struct csv_table *t = csv_table_open(path, o->dialect, e);
	int rc = -1;

	if (t && !prepare(&j, t, pool, e)) {
		if (tree_margins_n_nodes(tree_predictor_margins(j.predictor)) > LARGE_NODES)
			run.piece_bytes = PIECE_BYTES;
		rc = csv_table_run(t, pool, &run, e);
	}
	*n_rows = j.n_rows;
	csv_table_close(t);
	tree_predictor_free(j.predictor);
	tree_shap_free(j.shap);
	for (size_t k = 0; j.labels && k < m->n_labels; k++)
		buf_release(&j.labels[k]);
	free(j.labels);
	free(j.keep);
	return rc;
}
