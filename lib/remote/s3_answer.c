#include "remote/s3_answer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "remote/retry.h"

enum { REDIRECTS_MAX = 3, DAMAGED_MAX = 3 };

/* ---- what is learned from it ---------------------------------------------------------------------- */

/* It becomes a part of the host's name: what is none could lead anywhere. */
static bool is_region(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') &&
			s.p[i] != '-')
			return false;
	return s.len && s.len < REMOTE_S3_REGION_MAX;
}

/* Takes over the region that the server names; false if it is the one we had, or none. */
static bool learn_region(struct remote_s3_op *op, const struct remote_s3xml_error *x)
{
	struct slice region = remote_http_header(&op->http, "x-amz-bucket-region");

	if (!region.len)
		region = buf_slice(&x->region);
	if (!is_region(region) || slice_is(region, op->s3->region) ||
		op->redirects++ >= REDIRECTS_MAX)
		return false;
	snprintf(op->s3->region, REMOTE_S3_REGION_MAX, "%.*s", (int)region.len, region.p);
	return true;
}

/* The host and port of an URL with our scheme; empty for any other. */
static struct slice host_of(const struct remote_s3 *s, struct slice url)
{
	size_t n = s->tls ? 8 : 7, len = 0;

	if (url.len < n || strncasecmp(url.p, s->tls ? "https://" : "http://", n) != 0)
		return (struct slice){ NULL, 0 };
	while (n + len < url.len && !strchr("/?#", url.p[n + len]))
		len++;
	return (struct slice){ url.p + n, len };
}

/* Is it `domain`, or below it? Ports do not matter; a name and password before the host do. */
static bool is_within(struct slice host, struct slice domain)
{
	struct slice name, of;

	slice_cut(&host, ':', &name);
	slice_cut(&domain, ':', &of);
	if (!of.len || name.len < of.len || memchr(name.p, '@', name.len) ||
		(host.len && host.p && memchr(host.p, '@', host.len)))
		return false;
	return strncasecmp(name.p + name.len - of.len, of.p, of.len) == 0 &&
	       (name.len == of.len || name.p[name.len - of.len - 1] == '.');
}

/*
 * A temporary redirect, as S3 answers for a bucket that its DNS does not know yet: this operation alone goes to the host in
 * Location, signed anew for it. Never to another domain than the endpoint's, which for AWS is amazonaws.com, and never
 * without the TLS that was asked for: with what is sent there anybody could read the data. Source: "Request routing",
 * Amazon S3 API Reference.
 */
static bool learn_place(struct remote_s3_op *op)
{
	static const char aws[] = "amazonaws.com";
	const struct remote_s3 *s = op->s3;
	struct slice host = host_of(s, remote_http_header(&op->http, "location"));
	struct slice own = s->endpoint ? host_of(s, slice_of(s->endpoint)) : slice_of(aws);

	if (!host.len || op->http.status != 307 ||
		!(is_within(host, own) ||
			(is_within(own, slice_of(aws)) && is_within(host, slice_of(aws)))) ||
		slice_is(host, op->moved_to.len ? op->moved_to.p : "") ||
		op->redirects++ >= REDIRECTS_MAX)
		return false;
	buf_reset(&op->moved_to);
	buf_add_slice(&op->moved_to, host);
	return !op->moved_to.failed;
}

/* The difference of the clocks, from the answer's Date. */
static bool learn_skew(struct remote_s3_op *op)
{
	int64_t theirs = remote_http_time(op->s3->http, remote_http_header(&op->http, "date"));

	if (!theirs || op->s3->skew)
		return false;
	op->s3->skew = (time_t)theirs - time(NULL);
	return op->s3->skew != 0;
}

static bool is_any(const struct buf *code, const char *const *codes)
{
	for (; *codes; codes++)
		if (strcmp(code->p, *codes) == 0)
			return true;
	return false;
}

static const char *const expired_codes[] = { "ExpiredToken", "TokenRefreshRequired", "InvalidToken",
	NULL };
/* What arrived is not what was sent: the way damaged it, or the file is not what its name says. */
static const char *const damaged_codes[] = { "BadDigest", "XAmzContentSHA256Mismatch",
	"IncompleteBody", NULL };
static const char *const region_codes[] = { "PermanentRedirect", "TemporaryRedirect",
	"AuthorizationHeaderMalformed", "IllegalLocationConstraintException", NULL };

/* The answer to HEAD has no text: an expired token is a mere 400. */
static bool is_mute(const struct remote_s3_op *op)
{
	return op->http.status == 400 && strcmp(op->method, "HEAD") == 0;
}

enum remote_http_verdict remote_s3_judge(struct remote_http_transfer *t)
{
	struct remote_s3_op *op = t->ctx;
	enum remote_http_verdict verdict = REMOTE_HTTP_ACCEPT;
	struct remote_s3xml_error x;

	if (t->status < 300)
		return REMOTE_HTTP_ACCEPT;
	remote_s3xml_read_error(buf_slice(&t->text), &x);
	if (remote_retry_status(t->status) || remote_retry_s3_code(x.code.p))
		verdict = REMOTE_HTTP_RETRY;
	else if ((t->status == 301 || t->status == 307 || t->status == 400 ||
			 is_any(&x.code, region_codes)) &&
		 learn_region(op, &x))
		verdict = REMOTE_HTTP_AGAIN;
	else if (learn_place(op))
		verdict = REMOTE_HTTP_AGAIN;
	else if (strcmp(x.code.p, "RequestTimeTooSkewed") == 0 && learn_skew(op))
		verdict = REMOTE_HTTP_AGAIN;
	else if (is_any(&x.code, damaged_codes) && op->n_damaged++ < DAMAGED_MAX) {
		op->payload[0] = '\0';
		verdict = REMOTE_HTTP_RETRY;
	} else if ((is_any(&x.code, expired_codes) || is_mute(op)) && !op->was_refreshed) {
		remote_creds_expire(op->s3->creds);
		op->was_refreshed = true;
		verdict = REMOTE_HTTP_AGAIN;
	}
	remote_s3xml_error_release(&x);
	return verdict;
}

void remote_s3_place(const struct remote_s3_op *op, struct err *e)
{
	if (op->key.len)
		err_at(e, "%s/%.*s", op->s3->name, (int)(op->key.len > 300 ? 300 : op->key.len),
			op->key.p);
	else
		err_at(e, "%s", op->s3->name);
}

/* What users can do about the errors that they meet most. */
static void add_advice(const struct remote_s3_op *op, const char *code, struct err *e)
{
	static const struct {
		const char *code, *hint;
	} advice[] = {
		{ "AccessDenied", "has this identity the right to do it? s3:ListBucket, "
				  "s3:GetObject, s3:PutObject are needed" },
		{ "InvalidAccessKeyId", "is AWS_ACCESS_KEY_ID the key of this server?" },
		{ "SignatureDoesNotMatch", "is AWS_SECRET_ACCESS_KEY right, without a blank or "
					   "newline copied along?" },
		{ "ExpiredToken", "get new credentials: the session is over" },
		{ "BadRequest", "are the credentials expired, or is the region another one?" },
		{ "NoSuchBucket", "create the bucket, or mend its name" },
		{ "RequestTimeTooSkewed", "set this machine's clock" },
		{ "KMS.DisabledException", "enable the KMS key" },
	};

	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		if (strcmp(code, advice[i].code) == 0)
			err_hint(e, "%s", advice[i].hint);
	if (strcmp(code, "TemporaryRedirect") == 0)
		err_hint(e, "it leads to a host that is not below the endpoint's, or in a circle");
	if (strcmp(code, "PermanentRedirect") == 0)
		err_hint(e, "is '%s' the bucket's region?", op->s3->region);
}

/* HEAD has no body: the status alone speaks. */
static const char *code_of_status(long status)
{
	return status == 403   ? "AccessDenied"
	       : status == 301 ? "PermanentRedirect"
	       : status == 307 ? "TemporaryRedirect"
	       : status == 400 ? "BadRequest"
			       : "";
}

void remote_s3_explain(
	const struct remote_s3_op *op, const struct remote_s3xml_error *x, struct err *e)
{
	long status = op->http.status;
	const char *code = x->code.len ? x->code.p : code_of_status(status);
	bool passes = remote_retry_status(status) || remote_retry_s3_code(code);

	err_set(e, passes ? ERR_SYSTEM : ERR_INPUT, "%s %s: %s%s%s (status %ld)", op->method,
		op->key.len ? "object" : "bucket", code, x->message.len ? ": " : "", x->message.p,
		status);
	add_advice(op, code, e);
	remote_s3_place(op, e);
}
