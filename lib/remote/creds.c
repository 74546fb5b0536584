#include "remote/creds.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/input.h"
#include "base/mem.h"
#include "base/path.h"
#include "remote/awsconf.h"
#include "remote/creds_source.h"

enum { EARLY_S = 300, PROFILES_DEEP = 8 };

struct remote_creds {
	struct remote_creds_options o;
	struct arena names; /* copies of the options' texts */
	struct remote_awsconf *conf;
	const char *profile;
	bool profile_named; /* by the user: then it must exist */
	struct remote_creds_set set;
	bool have;
};

static const char *environment(const char *name)
{
	const char *v = getenv(name);

	return v && v[0] ? v : NULL;
}

/* ---- settings ------------------------------------------------------------------------------------- */

static int copy_option(struct remote_creds *c, const char **text, struct err *e)
{
	if (!*text)
		return 0;
	*text = arena_dup(&c->names, *text, strlen(*text), e);
	return *text ? 0 : -1;
}

static int copy_options(struct remote_creds *c, struct err *e)
{
	const char **const texts[] = { &c->o.profile, &c->o.access_key, &c->o.secret_key,
		&c->o.session_token, &c->o.credentials_file, &c->o.config_file, &c->o.region,
		&c->o.ca_bundle };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (copy_option(c, texts[i], e))
			return -1;
	return 0;
}

/* The file that an option or variable names, else the one in ~/.aws. */
static const char *find_file(struct remote_creds *c, const char *option, const char *variable,
	const char *name, struct err *e)
{
	const char *home = environment("HOME");
	struct buf b = BUF_INIT;
	const char *found = NULL;

	if (!option)
		option = environment(variable);
	if (option && strncmp(option, "~/", 2) == 0 && home)
		buf_addf(&b, "%s/%s", home, option + 2);
	else if (option)
		buf_add_text(&b, option);
	else
		buf_addf(&b, "%s/.aws/%s", home ? home : "", name);
	if (buf_check(&b, e) == 0)
		found = arena_dup(&c->names, b.p, b.len, e);
	buf_release(&b);
	return found;
}

static const char *profile_get(const struct remote_creds *c, const char *profile, const char *key)
{
	char section[256];

	snprintf(section, sizeof(section), "profile %s", profile);
	return remote_awsconf_get(c->conf, section, key);
}

const char *remote_creds_setting(const struct remote_creds *c, const char *name)
{
	static const struct {
		const char *name, *variables[3];
	} known[] = {
		{ "region", { "AWS_REGION", "AWS_DEFAULT_REGION" } },
		{ "ca_bundle", { "AWS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE" } },
		{ "endpoint_url", { "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL" } },
		{ "sts_endpoint_url", { "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL" } },
		{ "max_attempts", { "AWS_MAX_ATTEMPTS" } },
		{ "request_checksum_calculation", { "AWS_REQUEST_CHECKSUM_CALCULATION" } },
	};
	const char *services;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		for (size_t v = 0; v < 3 && known[i].variables[v]; v++)
			if (environment(known[i].variables[v]))
				return environment(known[i].variables[v]);
	}
	services = profile_get(c, c->profile, "services");
	if (services && strstr(name, "endpoint_url")) {
		char section[256];
		const char *v;

		snprintf(section, sizeof(section), "services %s", services);
		v = remote_awsconf_get(c->conf, section,
			strcmp(name, "endpoint_url") == 0 ? "s3.endpoint_url" : "sts.endpoint_url");
		if (v)
			return v;
	}
	return profile_get(
		c, c->profile, strcmp(name, "sts_endpoint_url") == 0 ? "endpoint_url" : name);
}

static const char *region_of(const struct remote_creds *c)
{
	const char *region = c->o.region ? c->o.region : remote_creds_setting(c, "region");

	return region ? region : "us-east-1";
}

/*
 * What the remote says of certificates is meant for its own servers: also for an STS that somebody named, never for AWS's,
 * which gets a long-lived secret from us.
 */
static struct remote_creds_env source_env(const struct remote_creds *c)
{
	const char *sts = remote_creds_setting(c, "sts_endpoint_url");

	return (struct remote_creds_env){
		.region = region_of(c),
		.sts_endpoint = sts,
		.ca_bundle = sts && c->o.ca_bundle ? c->o.ca_bundle
						   : remote_creds_setting(c, "ca_bundle"),
		.insecure = sts && c->o.insecure,
		.diag = c->o.diag,
	};
}

struct remote_creds *remote_creds_new(const struct remote_creds_options *o, struct err *e)
{
	struct remote_creds *c = mem_new(sizeof(*c), e);
	const char *config, *credentials;

	if (!c)
		return NULL;
	c->o = *o;
	remote_creds_set_init(&c->set);
	if (copy_options(c, e))
		goto fail;
	config = find_file(c, c->o.config_file, "AWS_CONFIG_FILE", "config", e);
	credentials = find_file(
		c, c->o.credentials_file, "AWS_SHARED_CREDENTIALS_FILE", "credentials", e);
	if (!config || !credentials)
		goto fail;
	c->conf = remote_awsconf_load(config, credentials, e);
	if (!c->conf)
		goto fail;
	c->profile = c->o.profile ? c->o.profile : environment("AWS_PROFILE");
	c->profile_named = c->profile != NULL;
	if (!c->profile)
		c->profile = "default";
	return c;
fail:
	remote_creds_free(c);
	return NULL;
}

void remote_creds_free(struct remote_creds *c)
{
	if (!c)
		return;
	remote_creds_set_release(&c->set);
	remote_awsconf_free(c->conf);
	arena_release(&c->names);
	free(c);
}

/* ---- the sources, in order ------------------------------------------------------------------------ */

/* Each gives 1: found, 0: not here, -1 and the error. */

static int from_options(struct remote_creds *c, struct err *e)
{
	if (!c->o.access_key || !c->o.secret_key)
		return 0;
	return remote_creds_set_keys(
		       &c->set, c->o.access_key, c->o.secret_key, c->o.session_token, e)
		       ? -1
		       : 1;
}

static int from_environment(struct remote_creds *c, struct err *e)
{
	const char *access = environment("AWS_ACCESS_KEY_ID");
	const char *secret = environment("AWS_SECRET_ACCESS_KEY");

	/* A profile that DVC's configuration names is meant; one in AWS_PROFILE yields, as in AWS's tools. */
	if (!access || c->o.profile)
		return 0;
	if (!secret) {
		err_set(e, ERR_INPUT, "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
		return -1;
	}
	return remote_creds_set_keys(&c->set, access, secret, environment("AWS_SESSION_TOKEN"), e)
		       ? -1
		       : 1;
}

static int from_web_identity(struct remote_creds *c, struct err *e)
{
	const char *file = environment("AWS_WEB_IDENTITY_TOKEN_FILE"),
		   *role = environment("AWS_ROLE_ARN");
	struct remote_creds_env env = source_env(c);

	if (!file || !role || c->o.profile)
		return 0;
	return remote_creds_web_identity(
		       &env, file, role, environment("AWS_ROLE_SESSION_NAME"), &c->set, e)
		       ? -1
		       : 1;
}

static int from_profile(struct remote_creds *c, const char *profile, int depth, struct err *e);

/* The keys that assume a role: another profile's, this one's own, or what the machine has. */
static int source_of_role(struct remote_creds *c, const char *profile, int depth, struct err *e)
{
	const char *source = profile_get(c, profile, "source_profile");
	const char *kind = profile_get(c, profile, "credential_source");
	struct remote_creds_env env = source_env(c);

	if (source && strcmp(source, profile) == 0) {
		const char *access = profile_get(c, profile, "aws_access_key_id");
		const char *secret = profile_get(c, profile, "aws_secret_access_key");

		if (access && secret)
			return remote_creds_set_keys(&c->set, access, secret,
				       profile_get(c, profile, "aws_session_token"), e)
				       ? -1
				       : 1;
	}
	if (source)
		return from_profile(c, source, depth + 1, e);
	if (kind && strcmp(kind, "Environment") == 0)
		return from_environment(c, e);
	if (kind && strcmp(kind, "EcsContainer") == 0)
		return remote_creds_container(&env, &c->set, e);
	if (kind && strcmp(kind, "Ec2InstanceMetadata") == 0)
		return remote_creds_instance(&env, &c->set, e);
	return err_set(e, ERR_INPUT,
		"profile '%s': role_arn without source_profile or credential_source", profile);
}

static int assume(
	struct remote_creds *c, const char *profile, const char *role, int depth, struct err *e)
{
	struct remote_creds_env env = source_env(c);
	const char *file = profile_get(c, profile, "web_identity_token_file");
	const char *session = profile_get(c, profile, "role_session_name");
	int found;

	if (file)
		return remote_creds_web_identity(&env, file, role, session, &c->set, e) ? -1 : 1;
	found = source_of_role(c, profile, depth, e);
	if (found < 1)
		return found;
	return remote_creds_assume_role(
		       &env, role, session, profile_get(c, profile, "external_id"), &c->set, e)
		       ? -1
		       : 1;
}

static int from_sso(struct remote_creds *c, const char *profile, struct err *e)
{
	const char *session = profile_get(c, profile, "sso_session");
	struct remote_creds_sso sso = { .session = session,
		.account = profile_get(c, profile, "sso_account_id"),
		.role = profile_get(c, profile, "sso_role_name"),
		.start_url = profile_get(c, profile, "sso_start_url"),
		.region = profile_get(c, profile, "sso_region") };
	struct remote_creds_env env = source_env(c);

	if (session) {
		char section[256];

		snprintf(section, sizeof(section), "sso-session %s", session);
		sso.start_url = remote_awsconf_get(c->conf, section, "sso_start_url");
		sso.region = remote_awsconf_get(c->conf, section, "sso_region");
	}
	if (!sso.account || !sso.role || !sso.start_url || !sso.region)
		return err_set(
			e, ERR_INPUT, "profile '%s': its SSO settings are not complete", profile);
	return remote_creds_sso_token(&env, &sso, environment("HOME"), &c->set, e) ? -1 : 1;
}

static int from_profile(struct remote_creds *c, const char *profile, int depth, struct err *e)
{
	const char *role = profile_get(c, profile, "role_arn");
	const char *access = profile_get(c, profile, "aws_access_key_id");
	const char *secret = profile_get(c, profile, "aws_secret_access_key");
	const char *process = profile_get(c, profile, "credential_process");

	if (depth > PROFILES_DEEP)
		return err_set(
			e, ERR_INPUT, "profile '%s': source_profile goes in a circle", profile);
	if (role)
		return assume(c, profile, role, depth, e);
	if (access && secret)
		return remote_creds_set_keys(&c->set, access, secret,
			       profile_get(c, profile, "aws_session_token"), e)
			       ? -1
			       : 1;
	if (process)
		return remote_creds_process(process, &c->set, e) ? -1 : 1;
	if (profile_get(c, profile, "sso_session") || profile_get(c, profile, "sso_start_url"))
		return from_sso(c, profile, e);
	if (depth > 0 || c->profile_named) {
		err_set(e, ERR_INPUT, "profile '%s' has no credentials", profile);
		return err_hint(e, "see ~/.aws/config and ~/.aws/credentials");
	}
	return 0;
}

static int from_machine(struct remote_creds *c, struct err *e)
{
	struct remote_creds_env env = source_env(c);
	int found = remote_creds_container(&env, &c->set, e);

	return found ? found : remote_creds_instance(&env, &c->set, e);
}

static int find(struct remote_creds *c, struct err *e)
{
	int found = from_options(c, e);

	if (found == 0)
		found = from_environment(c, e);
	if (found == 0)
		found = from_web_identity(c, e);
	if (found == 0)
		found = from_profile(c, c->profile, 0, e);
	if (found == 0)
		found = from_machine(c, e);
	if (found == 0) {
		err_set(e, ERR_INPUT, "no AWS credentials found");
		err_hint(e,
			"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; looked "
			"in the "
			"environment, web identity, profile '%s', container and instance metadata",
			c->profile);
		found = -1;
	}
	return found;
}

int remote_creds_get(struct remote_creds *c, struct remote_creds_keys *keys, struct err *e)
{
	if (c->o.anonymous)
		return 0;
	if (!c->have || (c->set.expires && time(NULL) + EARLY_S >= c->set.expires)) {
		c->have = false;
		if (find(c, e) < 0)
			return -1;
		c->have = true;
	}
	keys->access_key = c->set.access_key.p;
	keys->secret_key = c->set.secret_key.p;
	keys->session_token = c->set.session_token.len ? c->set.session_token.p : NULL;
	return 1;
}

bool remote_creds_are_anonymous(const struct remote_creds *c)
{
	return c->o.anonymous;
}

void remote_creds_expire(struct remote_creds *c)
{
	c->have = false;
}
