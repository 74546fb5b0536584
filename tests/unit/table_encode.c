/*
 * Fitting, applying, validating and inferring when memory runs out: an error, and nothing leaks.
 */
#include "table/encode.h"

#include <stdlib.h>

#include "tap.h"
#include "table/infer.h"
#include "table/validate.h"

static const struct csv_dialect dialect = CSV_DIALECT_DEFAULT;

static int fit(void *ctx, struct err *e)
{
	const char *date = "d", *fill = "n=0";
	const struct table_encode_options o = {
		.dialect = &dialect,
		.date = { &date, 1, 1 },
		.fill = { &fill, 1, 1 },
		.fill_text = "unknown",
		.codes_text = true,
		.order = TABLE_ORDER_FREQUENCY,
		.smooth = -1,
		.seed = -1,
		.memory = 1,
	};
	struct pool *pool = pool_new(1, e);
	struct output *out = pool ? output_open("out.csv", OUTPUT_PLAIN, e) : NULL;
	struct table_encoder *enc = out ? table_encode_fit(ctx, &o, pool, out, e) : NULL;
	int rc = enc ? 0 : -1;

	if (rc == 0)
		rc = output_close(out, e);
	else
		output_abandon(out);
	if (rc == 0)
		rc = table_encoder_save(enc, "enc.json", OUTPUT_PLAIN, e);
	table_encoder_free(enc);
	pool_free(pool);
	return rc;
}

static int fit_beside(void *ctx, struct err *e)
{
	const char *k = "k", *split = "t:x";
	struct table_encode_options o = TABLE_ENCODE_OPTIONS_DEFAULT;
	struct pool *pool = pool_new(1, e);
	struct output *out = pool ? output_open("out3.csv", OUTPUT_PLAIN, e) : NULL;
	struct table_encoder *enc;
	int rc;

	o.dialect = &dialect;
	o.count = o.target_mean = o.onehot = (struct opt_list){ &k, 1, 1 };
	o.split = (struct opt_list){ &split, 1, 1 };
	o.by = "y";
	enc = out ? table_encode_fit(ctx, &o, pool, out, e) : NULL;
	rc = enc ? output_close(out, e) : -1;
	if (!enc)
		output_abandon(out);
	if (rc == 0)
		rc = table_encoder_save(enc, "enc.json", OUTPUT_PLAIN, e);
	table_encoder_free(enc);
	pool_free(pool);
	return rc;
}

static int apply(void *ctx, struct err *e)
{
	const struct table_encode_options o = { .dialect = &dialect };
	struct pool *pool = pool_new(1, e);
	struct output *out = pool ? output_open("out2.csv", OUTPUT_PLAIN, e) : NULL;
	struct table_encoder *enc = out ? table_encoder_load("enc.json", e) : NULL;
	int rc = enc ? table_encode_apply(ctx, enc, &o, pool, out, e) : -1;

	if (rc == 0)
		rc = output_close(out, e);
	else
		output_abandon(out);
	table_encoder_free(enc);
	pool_free(pool);
	return rc;
}

static int validate(void *ctx, struct err *e)
{
	const struct table_validate_options o = { .dialect = &dialect };
	struct table_findings f = TABLE_FINDINGS_INIT;
	struct pool *pool = pool_new(1, e);
	struct table_schema *s =
		pool ? table_schema_load(TEST_ROOT "/tests/data/schema/table.json", NULL, e) : NULL;
	int rc = s ? table_validate(ctx, s, &o, pool, &f, e) : -1;

	table_findings_release(&f);
	table_schema_free(s);
	pool_free(pool);
	return rc;
}

static int infer(void *ctx, struct err *e)
{
	const char *path = ctx;
	const struct table_stats_options collect = { .dialect = &dialect, .max_values = 3 };
	const struct table_infer_options o = {
		.dialect = &dialect, .max_domain = 3, .ranges = true
	};
	struct pool *pool = pool_new(1, e);
	struct table_stats *s = pool ? table_stats_collect(&path, 1, &collect, pool, e) : NULL;
	json_t *schema = s ? table_infer(s, &o, e) : NULL;
	int rc = schema ? 0 : -1;

	json_decref(schema);
	table_stats_free(s);
	pool_free(pool);
	return rc;
}

int main(void)
{
	char in[] = "in.csv", golden[] = TEST_ROOT "/tests/data/schema/data.csv";
	char *text;

	scratch();
	write_text(in, "k,n,d,t\n\"a \"\"b\"\"\",1,20200101,x\n,,,y\nc,2,20200202,x\n");
	survives_oom(fit, in, "fitting");
	text = read_file("out.csv", NULL);
	is_text(text, "k,n,d_year,d_month,d_day,t\n0,1,2020,1,1,0\n1,0,,,,1\n2,2,2020,2,2,0\n",
		"fitted");
	free(text);
	survives_oom(apply, in, "applying");
	text = read_file("out2.csv", NULL);
	is_text(text, "k,n,d_year,d_month,d_day,t\n0,1,2020,1,1,0\n1,0,,,,1\n2,2,2020,2,2,0\n",
		"applied");
	free(text);
	is_int(count_files("."), 4, "no temporary file is left");
	write_text("beside.csv", "k,t,y\na,1x2,1\nb,2x,0\n\"a\",,1\n,1,0\n");
	survives_oom(fit_beside, "beside.csv", "fitting what stands beside a column");
	survives_oom(apply, "beside.csv", "applying it");
	text = read_file("out2.csv", NULL);
	is_text(text,
		"k_count,k_target_mean,k_a,k_b,t_parts,t_1,t_2,y\n2,0.54545456,1,0,2,1,1,1\n"
		"1,0.47619048,0,1,1,0,1,0\n2,0.54545456,1,0,0,0,0,1\n,,0,0,1,1,0,0\n",
		"applied");
	free(text);
	survives_oom(validate, golden, "validating");
	survives_oom(infer, golden, "inferring");
	return done_testing();
}
