/*
 * class_weight - how much the rows of each class count, as --class-weight and --scale-pos-weight have it.
 *
 * Either all classes weigh the same in sum, as scikit-learn's "balanced"; or each class has a weight by its label, 1
 * where none is said; or of two classes the positive one has.
 */
#ifndef CD4ML_TREE_CLASS_WEIGHT_H
#define CD4ML_TREE_CLASS_WEIGHT_H

#include "tree/comm.h"
#include "tree/params.h"

/** The classes of the rows; borrowed. */
struct tree_classes {
	char *const *labels; /* [n] */
	size_t n;
	const uint32_t *class_of; /* [n_rows] */
	size_t n_rows;
	struct tree_comm *comm; /* of the processes that have the other rows, or NULL */
};

/** Do the parameters weigh classes at all? */
bool tree_class_weight_is_given(const struct tree_params *p);
/**
 * The factors of the rows of each class.
 *   weight  [c->n], written
 * ERR_INPUT for a label that no row has, for one that is given twice, for a weight that is none.
 */
int tree_class_weight_get(const struct tree_params *p, const struct tree_classes *c, double *weight,
	struct err *e) MUST_CHECK;

#endif
