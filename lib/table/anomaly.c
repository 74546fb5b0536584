#include "table/anomaly.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct {
	const char *name, *words;
} anomalies[TABLE_N_ANOMALIES] = {
	[TABLE_SCHEMA_MISSING_COLUMN] = { "SCHEMA_MISSING_COLUMN", "Column dropped" },
	[TABLE_SCHEMA_NEW_COLUMN] = { "SCHEMA_NEW_COLUMN", "New column" },
	[TABLE_COLUMN_ORDER] = { "COLUMN_ORDER", "Column order" },
	[TABLE_NOT_PRESENT] = { "FEATURE_TYPE_NOT_PRESENT", "Column dropped" },
	[TABLE_LOW_FRACTION_PRESENT] = { "FEATURE_TYPE_LOW_FRACTION_PRESENT", "Column dropped" },
	[TABLE_LOW_NUMBER_PRESENT] = { "FEATURE_TYPE_LOW_NUMBER_PRESENT", "Column dropped" },
	[TABLE_UNEXPECTED_DATA_TYPE] = { "UNEXPECTED_DATA_TYPE", "Unexpected data type" },
	[TABLE_INT_NOT_INT] = { "INT_TYPE_NOT_INT_STRING", "Invalid values" },
	[TABLE_FLOAT_NOT_FLOAT] = { "FLOAT_TYPE_STRING_NOT_FLOAT", "Invalid values" },
	[TABLE_BOOL_UNEXPECTED] = { "BOOL_TYPE_UNEXPECTED_STRING", "Non-boolean values" },
	[TABLE_INT_SMALL] = { "INT_TYPE_SMALL_INT", "Out-of-range values" },
	[TABLE_INT_BIG] = { "INT_TYPE_BIG_INT", "Out-of-range values" },
	[TABLE_FLOAT_SMALL] = { "FLOAT_TYPE_SMALL_FLOAT", "Out-of-range values" },
	[TABLE_FLOAT_BIG] = { "FLOAT_TYPE_BIG_FLOAT", "Out-of-range values" },
	[TABLE_FLOAT_NAN] = { "FLOAT_TYPE_HAS_NAN", "Invalid values" },
	[TABLE_FLOAT_INF] = { "FLOAT_TYPE_HAS_INF", "Invalid values" },
	[TABLE_ENUM_UNEXPECTED] = { "ENUM_TYPE_UNEXPECTED_STRING_VALUES",
		"Unexpected string values" },
	[TABLE_ENUM_INVALID_UTF8] = { "ENUM_TYPE_INVALID_UTF8", "Invalid UTF8" },
	[TABLE_LOW_UNIQUE] = { "FEATURE_TYPE_LOW_UNIQUE", "Low number of unique values" },
	[TABLE_HIGH_UNIQUE] = { "FEATURE_TYPE_HIGH_UNIQUE", "High number of unique values" },
	[TABLE_VALUE_PATTERN] = { "VALUE_PATTERN", "Unexpected form" },
	[TABLE_VALUE_LENGTH] = { "VALUE_LENGTH", "Unexpected length" },
	[TABLE_VALUE_DUPLICATE] = { "VALUE_DUPLICATE", "Duplicated value" },
	[TABLE_KEY_DUPLICATE] = { "KEY_DUPLICATE", "Duplicated key" },
	[TABLE_ROW_SHAPE] = { "ROW_SHAPE", "Rows of another shape" },
	[TABLE_DATASET_LOW_EXAMPLES] = { "DATASET_LOW_NUM_EXAMPLES",
		"Low num examples in dataset" },
	[TABLE_DATASET_HIGH_EXAMPLES] = { "DATASET_HIGH_NUM_EXAMPLES",
		"High num examples in dataset" },
};

const char *table_anomaly_name(enum table_anomaly a)
{
	return anomalies[a].name;
}

const char *table_anomaly_short(enum table_anomaly a)
{
	return anomalies[a].words;
}

void table_findings_release(struct table_findings *f)
{
	for (size_t i = 0; i < f->n_cols; i++)
		free(f->cols[i]);
	free(f->cols);
	free(f->list);
	arena_release(&f->texts);
	*f = (struct table_findings)TABLE_FINDINGS_INIT;
}

int table_findings_add(
	struct table_findings *f, struct table_finding one, struct err *e, const char *fmt, ...)
{
	struct buf detail = BUF_INIT;
	va_list ap;
	int rc = -1;

	va_start(ap, fmt);
	buf_vaddf(&detail, fmt, ap);
	va_end(ap);
	if (buf_check(&detail, e) || mem_grow(&f->list, &f->cap, f->n + 1, sizeof(*f->list), e))
		goto out;
	one.detail = arena_dup(&f->texts, detail.p, detail.len, e);
	one.column = arena_dup(&f->texts, one.column, strlen(one.column), e);
	if (one.value)
		one.value = arena_dup(&f->texts, one.value, strlen(one.value), e);
	if (!one.detail || !one.column)
		goto out;
	f->list[f->n++] = one;
	rc = 0;
out:
	buf_release(&detail);
	return rc;
}

size_t table_findings_count(const struct table_findings *f, enum table_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->list[i].severity == severity;
	return n;
}
