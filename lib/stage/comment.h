/*
 * comment - what a merge request is to say about its model: metrics and parameters beside those of the
 * target branch, and where the reports are, in Markdown.
 */
#ifndef CD4ML_STAGE_COMMENT_H
#define CD4ML_STAGE_COMMENT_H

#include "stage/project.h"

struct stage_comment {
	const char *title;
	const char
		*rev; /* revision of git to compare with; NULL: the newest of `branch`, fetched */
	const char *branch; /* of the remote `origin`; NULL: HEAD is compared with */
	const char
		*job_url; /* where GitLab shows the job's artifacts; NULL: reports are only named */
	const char *const *reports; /* [n_reports] files among the artifacts */
	size_t n_reports;
};

/**
 * Adds the text. In a shallow clone no more than the branch's newest commit is fetched. ERR_INPUT: a revision
 * or branch that is not there.
 */
int stage_comment_format(struct stage_project *p, const struct stage_comment *c, struct buf *b,
	struct err *e) MUST_CHECK;

#endif
