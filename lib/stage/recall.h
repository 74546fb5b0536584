/*
 * recall - what other jobs of a pipeline made: their stages' results, from the remote's run cache into dvc.lock.
 *
 * Jobs side by side each write a dvc.lock of their own, and the job that needs them all gets one of these. So
 * it looks up what is not recorded there. Only the records come: data follows when a stage reads it.
 */
#ifndef CD4ML_STAGE_RECALL_H
#define CD4ML_STAGE_RECALL_H

#include "base/output.h"
#include "stage/change.h"

/**
 * Records in dvc.lock what is known of the stages that the picked ones [pipeline.n] need, themselves left out
 * (NULL: of all stages), and that dvc.lock lacks or has otherwise. One that nobody ran with these inputs stays as it
 * is. What is done is told on `out`, a line each; NULL: nowhere. 0, -1.
 */
int stage_recall(
	struct stage_project *p, const bool *picked, struct output *out, struct err *e) MUST_CHECK;

#endif
