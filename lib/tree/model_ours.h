/*
 * model_ours - the attribute "cd4ml" of a model file, a JSON text: what XGBoost's format has no place for.
 *
 * Learner, task, name of the target, labels of its classes, the run that a checkpoint is of, columns that no split asks
 * for. XGBoost keeps such attributes as they are.
 */
#ifndef CD4ML_TREE_MODEL_OURS_H
#define CD4ML_TREE_MODEL_OURS_H

#include "tree/model.h"

/** Appends the text. is_used: [n_features] by a split. */
void tree_ours_format(const struct tree_model *m, const bool *is_used, struct buf *b);
/** Sets what the text says, of a model whose outputs and columns are set. ERR_INPUT. */
int tree_ours_parse(struct tree_model *m, struct slice text, struct err *e) MUST_CHECK;
/** Without the attribute: classes are called by their numbers. */
int tree_ours_guess(struct tree_model *m, struct err *e) MUST_CHECK;

#endif
