/*
 * creds_source - the places that hand out AWS credentials: STS, a command, SSO, container, instance.
 *
 * Each fills a set of keys. remote/creds decides which is asked, in AWS's order; nobody else includes
 * this. Secrets are wiped when they are replaced or released, and never stand in a message.
 */
#ifndef CD4ML_REMOTE_CREDS_SOURCE_H
#define CD4ML_REMOTE_CREDS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/diag.h"

struct remote_creds_set {
	struct buf access_key, secret_key, session_token;
	time_t expires; /* 0: never */
};

void remote_creds_set_init(struct remote_creds_set *s);
/** Wipes and frees. */
void remote_creds_set_release(struct remote_creds_set *s);
/** Copies the texts; `session_token` may be NULL. They never expire. */
int remote_creds_set_keys(struct remote_creds_set *s, const char *access_key,
	const char *secret_key, const char *session_token, struct err *e) MUST_CHECK;

/** What the sources need to know besides. Borrowed. */
struct remote_creds_env {
	const char *region;
	const char *sts_endpoint; /* NULL: AWS's own of the region */
	const char *ca_bundle; /* NULL: libcurl's */
	bool insecure; /* do not verify certificates: the user said so */
	struct diag *diag; /* may be NULL */
};

/** STS AssumeRoleWithWebIdentity with the token in a file. `session` may be NULL. */
int remote_creds_web_identity(const struct remote_creds_env *env, const char *token_file,
	const char *role, const char *session, struct remote_creds_set *s,
	struct err *e) MUST_CHECK;
/** STS AssumeRole, signed with the keys that are in `s`, which it replaces. `session`, `external_id`: may be NULL. */
int remote_creds_assume_role(const struct remote_creds_env *env, const char *role,
	const char *session, const char *external_id, struct remote_creds_set *s,
	struct err *e) MUST_CHECK;
/** The JSON that a command prints (credential_process), run by the shell. */
int remote_creds_process(const char *command, struct remote_creds_set *s, struct err *e) MUST_CHECK;

struct remote_creds_sso {
	const char *session; /* NULL: the older form, named by start_url */
	const char *start_url, *region, *account, *role;
};
/** The token that `aws sso login` left below ~/.aws/sso/cache, exchanged for keys. */
int remote_creds_sso_token(const struct remote_creds_env *env, const struct remote_creds_sso *sso,
	const char *home, struct remote_creds_set *s, struct err *e) MUST_CHECK;
/** The container's agent, named by AWS_CONTAINER_CREDENTIALS_*. 1, 0 if there is none, -1 and `e`. */
int remote_creds_container(
	const struct remote_creds_env *env, struct remote_creds_set *s, struct err *e) MUST_CHECK;
/** The instance's metadata service, version 2. 1, 0 if there is none (a second is waited), -1 and `e`. */
int remote_creds_instance(
	const struct remote_creds_env *env, struct remote_creds_set *s, struct err *e) MUST_CHECK;

#endif
