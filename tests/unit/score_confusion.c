/* score/confusion: against scikit-learn. Expected values: see score_data.h. */
#include "score/confusion.h"

#include "score_data.h"
#include "tap.h"

static bool near(double got, double want)
{
	return fabs(got - want) <= 1e-13 * fabs(want);
}

static struct score_data data;

static void fill(struct score_confusion *c, const float *w)
{
	for (size_t i = 0; i < N_DATA; i++)
		score_confusion_add(c, data.t[i], data.g[i], w ? (double)w[i] : 1);
}

static void check_values(void)
{
	struct score_confusion c;
	struct score_class k;
	struct score_summary s;
	struct err e = ERR_INIT;

	ok(!score_confusion_init(&c, 4, &e), "a matrix of four classes");
	fill(&c, data.w);
	/* precision_recall_fscore_support(t, g, sample_weight=w)[..][1] */
	score_confusion_class(&c, 1, &k);
	ok(near(k.precision, 0.684085510688836), "precision of a class");
	ok(near(k.recall, 0.768), "recall of a class");
	ok(near(k.f1, 0.7236180904522613), "F1 of a class");
	is_num(k.support, 375, "support of a class");
	score_confusion_summary(&c, &s);
	is_num(s.total, 1500, "weight of all");
	ok(near(s.accuracy, 0.6693333333333333), "accuracy");
	ok(near(s.balanced_accuracy, 0.6693333333333333), "balanced accuracy");
	ok(near(s.mcc, 0.5603447293580529), "Matthews' correlation");
	ok(near(s.kappa, 0.5591111111111111), "Cohen's kappa");
	ok(near(s.macro.precision, 0.6672454137184081), "precision, macro");
	ok(near(s.macro.f1, 0.6660857579099314), "F1, macro");
	ok(near(s.weighted.precision, 0.667245413718408), "precision, by support");
	score_confusion_release(&c);
}

static void check_edges(void)
{
	struct score_confusion c;
	struct score_class k;
	struct score_summary s;
	struct err e = ERR_INIT;

	ok(!score_confusion_init(&c, 2, &e), "a matrix of two");
	score_confusion_summary(&c, &s);
	ok(isnan(s.accuracy) && isnan(s.mcc), "nothing in it: NaN");
	score_confusion_add(&c, 0, 0, 3);
	score_confusion_summary(&c, &s);
	is_num(s.balanced_accuracy, 1, "balanced accuracy is of the classes that occur");
	is_num(s.mcc, 0, "correlation of one class is 0");
	score_confusion_class(&c, 1, &k);
	ok(k.precision == 0 && k.recall == 0 && k.f1 == 0, "a class that does not occur has zeros");
	score_confusion_release(&c);
	ok(score_confusion_init(&c, 5000, &e) == -1, "too many classes are refused");
	is_err(&e, ERR_INPUT, "5000 classes", "with their number");
	score_confusion_release(&c);
}

int main(void)
{
	score_data_fill(&data);
	check_values();
	check_edges();
	return done_testing();
}
