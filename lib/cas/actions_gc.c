#include "base/lock.h"
#include "base/num.h"
#include "cas/actions_internal.h"
#include "cas/gc.h"

static void name_removed(void *ctx, const struct cas_id *id, int64_t size)
{
	struct output *out = ctx;
	char hex[CAS_ID_TEXT_MAX];

	(void)size;
	cas_id_format(id, hex);
	output_printf(out, "%s\n", hex);
}

int cas_actions_gc(const struct cas_actions *a, const struct cas_gc_options *options,
	bool name_them, struct err *e)
{
	struct lock *lock = cas_repo_lock(a->w->repo, CAS_ACTIONS_LOCK_MS, e);
	struct cas_gc_options o = *options;
	struct cas_gc_result res;
	char size[NUM_TEXT_MAX];
	int r;

	o.each = name_them ? name_removed : NULL;
	o.ctx = a->out;
	r = lock ? cas_gc_run(a->w, &o, CAS_ACTIONS_LOCK_MS, &res, e) : -1;
	lock_drop(lock);
	if (r)
		return -1;
	num_format_bytes(size, (double)res.bytes_removed);
	output_printf(a->out, "%llu objects in use, %llu %s (%s)\n", (unsigned long long)res.n_used,
		(unsigned long long)res.n_removed, o.dry_run ? "would be removed" : "removed",
		size);
	return 0;
}
