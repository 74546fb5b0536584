/*
 * creds - who we are to AWS, found in AWS's own order, refreshed before it expires.
 *
 *	1 environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *	2 web identity: AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN (GitLab's OIDC tokens), by STS
 *	3 profile (AWS_PROFILE, else "default") in ~/.aws/credentials and ~/.aws/config (AWS_SHARED_CREDENTIALS_FILE,
 *	  AWS_CONFIG_FILE): keys, role_arn with source_profile or credential_source by STS, web_identity_token_file,
 *	  credential_process, sso_session (the token that `aws sso login` stored is used; no login here)
 *	4 container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
 *	5 instance metadata, version 2 (IMDSv2), unless AWS_EC2_METADATA_DISABLED=true
 *
 * Keys given by the caller (from DVC's config) come before all of these. Together with creds this
 * module is the only one beside base/cpu that reads the environment.
 */
#ifndef CD4ML_REMOTE_CREDS_H
#define CD4ML_REMOTE_CREDS_H

#include <stdbool.h>
#include <time.h>

#include "remote/http.h"

struct remote_creds;

/** What a remote's configuration says; all may be NULL. Borrowed while remote_creds_new() runs. */
struct remote_creds_options {
	const char *profile;
	const char *access_key, *secret_key, *session_token;
	const char *credentials_file, *config_file;
	const char *region;
	const char *ca_bundle; /* of the remote; used for its own STS, as `insecure` is */
	bool insecure;
	bool anonymous; /* no signature at all */
	struct diag *diag; /* where they came from is told at DIAG_DETAIL; may be NULL */
};

/** Reads the files; asks no server yet. */
struct remote_creds *remote_creds_new(
	const struct remote_creds_options *o, struct err *e) MUST_CHECK;
void remote_creds_free(struct remote_creds *c);

/** Valid until the next call on the same remote_creds. */
struct remote_creds_keys {
	const char *access_key, *secret_key;
	const char *session_token; /* NULL: none */
};
/**
 * The keys to sign with now; fetched, or refreshed where they end within five minutes. 1, 0 for anonymous, -1
 * and `e`: none found (with the list of where was looked), or a source failed.
 */
int remote_creds_get(
	struct remote_creds *c, struct remote_creds_keys *keys, struct err *e) MUST_CHECK;
/** Is nothing signed, as the options say? */
bool remote_creds_are_anonymous(const struct remote_creds *c);
/** Forgets keys that a server called expired, so that the next get fetches new ones. */
void remote_creds_expire(struct remote_creds *c);
/** A setting of the environment or profile: region, endpoint_url (also [services]), ca_bundle, ... NULL: not set. */
const char *remote_creds_setting(const struct remote_creds *c, const char *name);

#endif
