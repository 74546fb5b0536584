/*
 * predict.c - a model of gbt-train, rf-train or XGBoost in a program of one's own:
 *
 *	cc predict.c -o predict -lcd4ml -ljansson -lz -lpthread -lm
 *	./predict model.ubj age=42 city=Paris
 *
 * prints a line for each class, or the value. Columns that are not given are missing.
 */
#include <cd4ml.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One "name=value" into the row. */
static int take(const struct cd4ml_model *m, float *x, char *given)
{
	char *value = strchr(given, '='), *end;
	long i;

	if (!value)
		return fprintf(stderr, "predict: '%s' is not NAME=VALUE\n", given), -1;
	*value++ = '\0';
	i = cd4ml_feature(m, given);
	if (i < 0)
		return fprintf(stderr, "predict: the model has no column '%s'\n", given), -1;
	if (cd4ml_is_text(m, (size_t)i)) {
		x[i] = cd4ml_category(m, (size_t)i, value);
		return 0;
	}
	x[i] = (float)strtod(value, &end);
	if (end == value || *end)
		return fprintf(stderr, "predict: '%s' is not a number\n", value), -1;
	return 0;
}

static void print(const struct cd4ml_model *m, const float *scores)
{
	size_t n = cd4ml_n_classes(m);

	if (n == 2) {
		printf("%s\t%.9g\n", cd4ml_class(m, 1), scores[0]);
		return;
	}
	for (size_t k = 0; k < cd4ml_n_outputs(m); k++)
		printf("%s\t%.9g\n", n ? cd4ml_class(m, k) : "value", scores[k]);
}

int main(int argc, char **argv)
{
	struct cd4ml_model *m;
	float *x, *scores;
	char why[256];
	int status = 2;

	if (argc < 2)
		return fprintf(stderr, "usage: predict MODEL [NAME=VALUE]...\n"), 2;
	m = cd4ml_load(argv[1], why, sizeof(why));
	if (!m)
		return fprintf(stderr, "predict: %s\n", why), 2;
	x = malloc((cd4ml_n_features(m) + 1) * sizeof(*x));
	scores = malloc(cd4ml_n_outputs(m) * sizeof(*scores));
	if (!x || !scores)
		goto out;
	for (size_t i = 0; i < cd4ml_n_features(m); i++)
		x[i] = NAN;
	for (int i = 2; i < argc; i++)
		if (take(m, x, argv[i]))
			goto out;
	if (cd4ml_predict(m, x, 1, scores) == 0) {
		print(m, scores);
		status = 0;
	}
out:
	free(x);
	free(scores);
	cd4ml_free(m);
	return status;
}
