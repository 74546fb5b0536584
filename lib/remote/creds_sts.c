/* STS: a role for an identity token, or for the keys of another profile. Source: AWS STS API Reference. */
#include <stdio.h>
#include <string.h>

#include "base/input.h"
#include "remote/creds_ask.h"
#include "remote/s3xml.h"

static void add_sts_url(struct buf *b, const struct remote_creds_env *env, const char *action)
{
	if (env->sts_endpoint)
		buf_addf(b, "%s/?Action=%s", env->sts_endpoint, action);
	else
		buf_addf(b, "https://sts.%s.amazonaws.com/?Action=%s", env->region, action);
}

static int read_sts(struct slice xml, const char *action, struct remote_creds_set *s, struct err *e)
{
	static const char *const names[] = { "AccessKeyId", "SecretAccessKey", "SessionToken",
		"Expiration" };
	struct buf values[4] = { BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT };
	int result = 0;

	for (int i = 0; i < 4 && result == 0; i++) {
		char path[160];

		snprintf(path, sizeof(path), "%sResponse/%sResult/Credentials/%s", action, action,
			names[i]);
		if (!remote_s3xml_get(xml, path, &values[i]))
			result = err_set(e, ERR_SYSTEM, "STS: its answer has no %s", names[i]);
	}
	if (result == 0)
		result = remote_creds_set_keys(s, values[0].p, values[1].p, values[2].p, e);
	if (result == 0)
		s->expires = remote_creds_parse_time(buf_slice(&values[3]));
	for (int i = 0; i < 4; i++)
		remote_creds_wipe(&values[i]);
	return result;
}

static int sts_refused(long status, struct slice xml, const char *role, struct err *e)
{
	struct remote_s3xml_error x;

	remote_s3xml_read_error(xml, &x);
	err_set(e, status >= 500 ? ERR_SYSTEM : ERR_INPUT, "STS refused the role '%s': %s %s", role,
		x.code.len ? x.code.p : "status", x.message.p);
	if (strcmp(x.code.p, "ExpiredTokenException") == 0)
		err_hint(e, "the identity token is too old; let the CI job make a new one");
	remote_s3xml_error_release(&x);
	return -1;
}

static int ask_sts(struct remote_creds_request *r, const char *action, const char *role,
	struct remote_creds_set *s, struct err *e)
{
	struct buf answer = BUF_INIT;
	long status = 0;
	int result = remote_creds_ask(r, &status, &answer, e);

	if (result)
		err_at(e, "STS");
	else if (status != 200)
		result = sts_refused(status, buf_slice(&answer), role, e);
	else
		result = read_sts(buf_slice(&answer), action, s, e);
	remote_creds_wipe(&answer);
	return result;
}

int remote_creds_web_identity(const struct remote_creds_env *env, const char *token_file,
	const char *role, const char *session, struct remote_creds_set *s, struct err *e)
{
	static const char action[] = "AssumeRoleWithWebIdentity";
	struct buf url = BUF_INIT, token = BUF_INIT;
	struct remote_creds_request r = { .method = "GET", .env = env };
	struct slice text;
	int result = input_load(token_file, REMOTE_CREDS_ANSWER_MAX, &token, e);

	if (result)
		goto out;
	text = buf_slice(&token);
	while (text.len && (text.p[text.len - 1] == '\n' || text.p[text.len - 1] == '\r'))
		text.len--;
	add_sts_url(&url, env, action);
	buf_add_text(&url, "&Version=2011-06-15");
	remote_creds_add_parameter(&url, "RoleArn", slice_of(role));
	remote_creds_add_parameter(&url, "RoleSessionName", slice_of(session ? session : "cd4ml"));
	remote_creds_add_parameter(&url, "WebIdentityToken", text);
	r.url = url.p;
	result = buf_check(&url, e) || ask_sts(&r, action, role, s, e) ? -1 : 0;
out:
	remote_creds_wipe(&url);
	remote_creds_wipe(&token);
	return result;
}

/* Parameters in the order of their names, as the signature wants them. */
int remote_creds_assume_role(const struct remote_creds_env *env, const char *role,
	const char *session, const char *external_id, struct remote_creds_set *s, struct err *e)
{
	static const char action[] = "AssumeRole";
	struct buf url = BUF_INIT;
	struct remote_creds_request r = { .method = "GET", .env = env, .signer = s };
	int result;

	add_sts_url(&url, env, action);
	if (external_id)
		remote_creds_add_parameter(&url, "ExternalId", slice_of(external_id));
	remote_creds_add_parameter(&url, "RoleArn", slice_of(role));
	remote_creds_add_parameter(&url, "RoleSessionName", slice_of(session ? session : "cd4ml"));
	buf_add_text(&url, "&Version=2011-06-15");
	r.url = url.p;
	result = buf_check(&url, e) || ask_sts(&r, action, role, s, e) ? -1 : 0;
	buf_release(&url);
	return result;
}
