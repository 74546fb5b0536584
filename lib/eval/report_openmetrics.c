#include "eval/report_openmetrics.h"

#include <math.h>

void eval_report_openmetrics_measure(
	struct buf *b, const struct eval_measure *m, const char *prefix)
{
	buf_addf(b, "%srows %zu\n", prefix, m->rows->n);
	for (size_t i = 0; i < m->n_numbers; i++)
		if (!isnan(m->numbers[i].value))
			buf_addf(b, "%s%s %.6g\n", prefix, m->numbers[i].name, m->numbers[i].value);
	buf_add_text(b, "# EOF\n");
}
