#include "score/confusion.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

int score_confusion_init(struct score_confusion *c, size_t n_classes, struct err *e)
{
	*c = (struct score_confusion){ 0 };
	if (n_classes > SCORE_MAX_CLASSES)
		return err_set(e, ERR_INPUT, "%zu classes, more than %d", n_classes,
			(int)SCORE_MAX_CLASSES);
	c->cells = mem_array(n_classes * n_classes, sizeof(*c->cells), e);
	if (!c->cells)
		return -1;
	c->n_classes = n_classes;
	return 0;
}

void score_confusion_release(struct score_confusion *c)
{
	if (!c)
		return;
	free(c->cells);
	*c = (struct score_confusion){ 0 };
}

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

void score_confusion_class(const struct score_confusion *c, size_t k, struct score_class *out)
{
	double right = score_confusion_at(c, k, k);

	*out = (struct score_class){ 0 };
	for (size_t i = 0; i < c->n_classes; i++) {
		out->support += score_confusion_at(c, k, i);
		out->predicted += score_confusion_at(c, i, k);
	}
	out->precision = share(right, out->predicted);
	out->recall = share(right, out->support);
	out->f1 = share(2 * right, out->support + out->predicted);
}

static void add_class(struct score_class *sum, const struct score_class *k, double weight)
{
	sum->precision += weight * k->precision;
	sum->recall += weight * k->recall;
	sum->f1 += weight * k->f1;
	sum->support += k->support;
	sum->predicted += k->predicted;
}

static void divide_class(struct score_class *sum, double by)
{
	sum->precision /= by;
	sum->recall /= by;
	sum->f1 /= by;
}

void score_confusion_summary(const struct score_confusion *c, struct score_summary *out)
{
	double right = 0, chance = 0, truth2 = 0, predicted2 = 0, recalls = 0, total, mcc2;
	size_t n_present = 0;

	*out = (struct score_summary){ 0 };
	for (size_t k = 0; k < c->n_classes; k++) {
		struct score_class one;

		score_confusion_class(c, k, &one);
		add_class(&out->macro, &one, 1);
		add_class(&out->weighted, &one, one.support);
		right += score_confusion_at(c, k, k);
		chance += one.support * one.predicted;
		truth2 += one.support * one.support;
		predicted2 += one.predicted * one.predicted;
		if (one.support > 0) {
			recalls += one.recall;
			n_present++;
		}
	}
	total = out->macro.support;
	out->total = total;
	divide_class(&out->macro, (double)c->n_classes);
	divide_class(&out->weighted, total);
	out->accuracy = right / total;
	out->balanced_accuracy = recalls / (double)n_present;
	mcc2 = (total * total - predicted2) * (total * total - truth2);
	out->mcc = mcc2 > 0 ? (right * total - chance) / sqrt(mcc2) : 0;
	out->kappa =
		total * total > chance ? (right * total - chance) / (total * total - chance) : 0;
	if (!(total > 0))
		out->accuracy = out->balanced_accuracy = out->mcc = out->kappa = NAN;
}
