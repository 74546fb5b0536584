/* What a run has done, line by line. */
#include "base/jdoc.h"
#include "base/num.h"
#include "base/utf8.h"
#include "remote/sync.h"

static const char *const names[] = { "sent", "same", "deleted", "failed" };

static void print_json(
	struct output *out, const char *action, const char *key, int64_t size, const char *why)
{
	json_t *o = json_pack("{s:s, s:s, s:I, s:s}", "action", action, "path", key, "size",
		(json_int_t)size, "why", why);
	struct buf b = BUF_INIT;

	if (!o)
		return; /* no memory for a line */
	jdoc_format(&b, o, JDOC_LINE);
	buf_add_char(&b, '\n');
	output_slice(out, buf_slice(&b));
	buf_release(&b);
	json_decref(o);
}

void remote_sync_print(
	void *print, enum remote_sync_action action, const char *key, int64_t size, const char *why)
{
	const struct remote_sync_print *p = print;
	char shown[4096] = "", reason[2048] = "";

	err_escape(shown, sizeof(shown), key);
	err_escape(reason, sizeof(reason), why);
	if (action == REMOTE_SYNC_FAILED)
		diag_say(p->diag, DIAG_WARNING, "%s: %s", shown, reason);
	if (p->json)
		print_json(p->out, names[action], utf8_is_valid(slice_of(key)) ? key : shown, size,
			reason);
	else if (action == REMOTE_SYNC_SAME ? p->same : p->changes && action != REMOTE_SYNC_FAILED)
		output_printf(p->out, "%s\t%s\t%lld\t%s\n", names[action], shown, (long long)size,
			reason);
}

void remote_sync_print_summary(
	struct output *out, const struct remote_sync_result *res, bool dry_run)
{
	const char *would = dry_run ? "would be " : "";
	char size[NUM_TEXT_MAX];

	num_format_bytes(size, (double)res->bytes_sent);
	output_printf(out, "%llu files %scopied (%s), %llu %sdeleted, %llu unchanged\n",
		(unsigned long long)res->n_sent, would, size, (unsigned long long)res->n_deleted,
		would, (unsigned long long)res->n_same);
}
