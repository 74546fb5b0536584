/* Sets of keys, and the places on this machine that hand them out: a command, SSO's cache, container, instance. */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/input.h"
#include "base/jdoc.h"
#include "base/num.h"
#include "remote/creds_ask.h"
#include "remote/sigv4.h"

enum { INSTANCE_WAIT_MS = 1000 };

extern char **environ;

/* ---- a set of keys -------------------------------------------------------------------------------- */

void remote_creds_set_init(struct remote_creds_set *s)
{
	buf_init(&s->access_key);
	buf_init(&s->secret_key);
	buf_init(&s->session_token);
	s->expires = 0;
}

void remote_creds_wipe(struct buf *b)
{
	if (b->cap)
		OPENSSL_cleanse(b->p, b->cap);
	buf_release(b);
}

void remote_creds_set_release(struct remote_creds_set *s)
{
	remote_creds_wipe(&s->access_key);
	remote_creds_wipe(&s->secret_key);
	remote_creds_wipe(&s->session_token);
	s->expires = 0;
}

int remote_creds_set_keys(struct remote_creds_set *s, const char *access_key,
	const char *secret_key, const char *session_token, struct err *e)
{
	remote_creds_set_release(s);
	buf_add_text(&s->access_key, access_key);
	buf_add_text(&s->secret_key, secret_key);
	buf_add_text(&s->session_token, session_token ? session_token : "");
	if (buf_check(&s->access_key, e) || buf_check(&s->secret_key, e))
		return -1;
	return buf_check(&s->session_token, e);
}

time_t remote_creds_parse_time(struct slice s)
{
	struct num_date d;
	uint64_t part[3];

	if (s.len < 19 || !num_parse_date(s, &d))
		return 0;
	for (int i = 0; i < 3; i++)
		if (!num_parse_uint((struct slice){ s.p + 11 + 3 * i, 2 }, &part[i]))
			return 0;
	return (time_t)(num_date_to_days(&d) * 86400 +
			(int64_t)(part[0] * 3600 + part[1] * 60 + part[2]));
}

/* ---- JSON answers --------------------------------------------------------------------------------- */

/* The names that the sources give to the same four things. */
struct json_names {
	const char *access_key, *secret_key, *token, *expires;
};

static int read_json(struct slice text, const char *where, const struct json_names *names,
	struct remote_creds_set *s, struct err *e)
{
	json_t *doc = jdoc_parse(text, where, e), *expires;
	const char *access, *secret, *token = NULL;
	int result = -1;

	if (!doc)
		return -1;
	access = jdoc_get_text(doc, names->access_key, where, e);
	secret = access ? jdoc_get_text(doc, names->secret_key, where, e) : NULL;
	if (!secret || jdoc_get_text_or(doc, names->token, where, &token, e) ||
		remote_creds_set_keys(s, access, secret, token, e))
		goto out;
	expires = json_object_get(doc, names->expires);
	if (json_is_string(expires))
		s->expires = remote_creds_parse_time(slice_of(json_string_value(expires)));
	else if (json_is_integer(expires))
		s->expires = (time_t)(json_integer_value(expires) / 1000);
	result = 0;
out:
	json_decref(doc);
	return result;
}

static const struct json_names process_names = { "AccessKeyId", "SecretAccessKey", "SessionToken",
	"Expiration" };
static const struct json_names machine_names = { "AccessKeyId", "SecretAccessKey", "Token",
	"Expiration" };
static const struct json_names sso_names = { "accessKeyId", "secretAccessKey", "sessionToken",
	"expiration" };

/* ---- a command ------------------------------------------------------------------------------------ */

static int read_pipe(int fd, struct buf *out, struct err *e)
{
	for (;;) {
		char *to = buf_reserve(out, 4096);
		ssize_t n = to ? read(fd, to, 4096) : -1;

		if (!to)
			return err_nomem(e);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot read what the command prints");
		if (n == 0)
			return 0;
		out->len += (size_t)n;
		out->p[out->len] = '\0';
		if (out->len > REMOTE_CREDS_ANSWER_MAX)
			return err_set(e, ERR_INPUT, "prints too much");
	}
}

static int run_command(const char *command, struct buf *out, struct err *e)
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)command, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2], status = 0, failed, result;
	pid_t pid;

	if (pipe(ends))
		return err_errno(e, "cannot make a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[1]);
	failed = posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (failed) {
		close(ends[0]);
		errno = failed;
		return err_errno(e, "cannot run the command");
	}
	result = read_pipe(ends[0], out, e);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (result == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		result = err_set(e, ERR_INPUT, "the command failed");
	return result;
}

int remote_creds_process(const char *command, struct remote_creds_set *s, struct err *e)
{
	struct buf out = BUF_INIT;
	int result = run_command(command, &out, e);

	if (result == 0)
		result = read_json(buf_slice(&out), "its output", &process_names, s, e);
	if (result)
		err_at(e, "credential_process");
	remote_creds_wipe(&out);
	return result;
}

/* ---- SSO ------------------------------------------------------------------------------------------ */

/* The AWS CLI names the file by the SHA-1 of the session's name, or of the start URL in the older form. */
static int sso_token_path(
	const struct remote_creds_sso *sso, const char *home, struct buf *path, struct err *e)
{
	const char *name = sso->session ? sso->session : sso->start_url;
	unsigned char sha[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!EVP_Digest(name, strlen(name), sha, &len, EVP_sha1(), NULL))
		return err_set(e, ERR_SYSTEM, "cannot compute a SHA-1");
	buf_addf(path, "%s/.aws/sso/cache/", home ? home : "");
	for (unsigned i = 0; i < len; i++)
		buf_addf(path, "%02x", sha[i]);
	buf_add_text(path, ".json");
	return buf_check(path, e);
}

static int sso_login_needed(const struct remote_creds_sso *sso, struct err *e)
{
	err_set(e, ERR_INPUT, "the SSO token of '%s' is missing or expired",
		sso->session ? sso->session : sso->start_url);
	return err_hint(e, "run 'aws sso login'");
}

static int ask_sso(const struct remote_creds_env *env, const struct remote_creds_sso *sso,
	const char *token, struct remote_creds_set *s, struct err *e)
{
	struct remote_creds_request r = { .method = "GET",
		.env = env,
		.header_name = "x-amz-sso_bearer_token",
		.header_value = token };
	struct buf url = BUF_INIT, answer = BUF_INIT, inner = BUF_INIT;
	const char *own = getenv("AWS_ENDPOINT_URL_SSO");
	json_t *doc = NULL, *keys;
	long status = 0;
	int result = -1;

	if (own)
		buf_add_text(&url, own);
	else
		buf_addf(&url, "https://portal.sso.%s.amazonaws.com", sso->region);
	buf_add_text(&url, "/federation/credentials?role_name=");
	remote_sigv4_encode(&url, slice_of(sso->role), false);
	remote_creds_add_parameter(&url, "account_id", slice_of(sso->account));
	r.url = url.p;
	if (buf_check(&url, e) || remote_creds_ask(&r, &status, &answer, e))
		goto out;
	if (status == 401) {
		sso_login_needed(sso, e);
		goto out;
	}
	if (status != 200) {
		err_set(e, ERR_INPUT, "SSO refused the role '%s' (status %ld)", sso->role, status);
		goto out;
	}
	doc = jdoc_parse(buf_slice(&answer), "SSO", e);
	keys = doc ? jdoc_get_object(doc, "roleCredentials", "SSO", e) : NULL;
	if (!keys)
		goto out;
	jdoc_format(&inner, keys, JDOC_LINE);
	result = buf_check(&inner, e) || read_json(buf_slice(&inner), "SSO", &sso_names, s, e) ? -1
											       : 0;
out:
	json_decref(doc);
	remote_creds_wipe(&inner);
	remote_creds_wipe(&answer);
	buf_release(&url);
	return result;
}

int remote_creds_sso_token(const struct remote_creds_env *env, const struct remote_creds_sso *sso,
	const char *home, struct remote_creds_set *s, struct err *e)
{
	struct buf path = BUF_INIT;
	json_t *doc = NULL;
	const char *token, *expires;
	struct err unread = ERR_INIT;
	int result = -1;

	if (sso_token_path(sso, home, &path, e))
		goto out;
	doc = jdoc_load(path.p, &unread);
	token = doc ? jdoc_get_text(doc, "accessToken", path.p, &unread) : NULL;
	expires = token ? jdoc_get_text(doc, "expiresAt", path.p, &unread) : NULL;
	if (!expires || remote_creds_parse_time(slice_of(expires)) <= time(NULL))
		sso_login_needed(sso, e);
	else
		result = ask_sso(env, sso, token, s, e);
out:
	json_decref(doc);
	buf_release(&path);
	return result;
}

/* ---- container, instance -------------------------------------------------------------------------- */

static int ask_json(struct remote_creds_request *r, const char *where, struct remote_creds_set *s,
	struct err *e)
{
	struct buf answer = BUF_INIT;
	long status = 0;
	int result = remote_creds_ask(r, &status, &answer, e);

	if (result == 0 && status != 200)
		result = err_set(e, ERR_SYSTEM, "answers with status %ld", status);
	if (result == 0)
		result = read_json(buf_slice(&answer), "its answer", &machine_names, s, e);
	if (result)
		err_at(e, "%s", where);
	remote_creds_wipe(&answer);
	return result;
}

/* A full URI must be the machine's own or encrypted: the token would go to anybody else. */
static bool is_safe_uri(const char *uri)
{
	static const char *const hosts[] = { "http://127.0.0.1", "http://localhost", "http://[::1]",
		"http://169.254.170.2", "http://169.254.170.23", "http://[fd00:ec2::23]" };

	if (strncmp(uri, "https://", 8) == 0)
		return true;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		size_t n = strlen(hosts[i]);

		if (strncmp(uri, hosts[i], n) == 0 &&
			(uri[n] == '\0' || uri[n] == '/' || uri[n] == ':'))
			return true;
	}
	return false;
}

int remote_creds_container(
	const struct remote_creds_env *env, struct remote_creds_set *s, struct err *e)
{
	const char *relative = getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	const char *token_file = getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	struct remote_creds_request r = { .method = "GET", .env = env };
	struct buf url = BUF_INIT, text = BUF_INIT;
	int result = -1;

	if (!relative && !full)
		return 0;
	if (!relative && !is_safe_uri(full))
		return err_set(e, ERR_INPUT,
			"AWS_CONTAINER_CREDENTIALS_FULL_URI: neither https nor this machine");
	buf_addf(&url, "%s%s", relative ? "http://169.254.170.2" : "", relative ? relative : full);
	if (token_file && input_load(token_file, REMOTE_CREDS_ANSWER_MAX, &text, e))
		goto out;
	if (text.len && text.p[text.len - 1] == '\n')
		buf_truncate(&text, text.len - 1);
	if (token_file || token) {
		r.header_name = "Authorization";
		r.header_value = token_file ? text.p : token;
	}
	r.url = url.p;
	result = buf_check(&url, e) || ask_json(&r, "container credentials", s, e) ? -1 : 1;
out:
	remote_creds_wipe(&text);
	buf_release(&url);
	return result;
}

/* A token by PUT, the role's name, then its keys: "Use IMDSv2", Amazon EC2 User Guide. */
int remote_creds_instance(
	const struct remote_creds_env *env, struct remote_creds_set *s, struct err *e)
{
	static const char roles[] = "/latest/meta-data/iam/security-credentials/";
	const char *off = getenv("AWS_EC2_METADATA_DISABLED");
	const char *base = getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	struct remote_creds_request r = {
		.env = env, .once = true, .connect_timeout_ms = INSTANCE_WAIT_MS
	};
	struct buf url = BUF_INIT, token = BUF_INIT, role = BUF_INIT;
	struct err silent = ERR_INIT;
	long status = 0;
	int result = 0;

	if (off && strcmp(off, "true") == 0)
		return 0;
	if (!base)
		base = "http://169.254.169.254";
	buf_addf(&url, "%s/latest/api/token", base);
	r.method = "PUT";
	r.url = url.p;
	r.header_name = "X-aws-ec2-metadata-token-ttl-seconds";
	r.header_value = "21600";
	if (url.failed || remote_creds_ask(&r, &status, &token, &silent) || status != 200)
		goto out; /* not on such a machine */
	buf_reset(&url);
	buf_addf(&url, "%s%s", base, roles);
	r.method = "GET";
	r.url = url.p;
	r.header_name = "X-aws-ec2-metadata-token";
	r.header_value = token.p;
	if (url.failed || remote_creds_ask(&r, &status, &role, &silent) || status != 200 ||
		!role.len)
		goto out; /* no role is given to this machine */
	buf_truncate(&role, strcspn(role.p, "\r\n"));
	buf_add_slice(&url, buf_slice(&role));
	r.url = url.p;
	result = buf_check(&url, e) || ask_json(&r, "instance metadata", s, e) ? -1 : 1;
out:
	remote_creds_wipe(&token);
	buf_release(&role);
	buf_release(&url);
	return result;
}
