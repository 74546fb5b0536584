/*
 * awsconf - ~/.aws/config and ~/.aws/credentials: profiles, sso-sessions and services, as AWS's
 * tools read them ("Configuration and credential file settings", AWS CLI User Guide).
 *
 *	[profile ci]                 in config; [ci] in credentials; both make one profile
 *	role_arn = arn:aws:iam::1:role/x
 *	services = minio
 *	[services minio]
 *	s3 =
 *	  endpoint_url = http://127.0.0.1:9000
 */
#ifndef CD4ML_REMOTE_AWSCONF_H
#define CD4ML_REMOTE_AWSCONF_H

#include <stdbool.h>

#include "base/buf.h"

struct remote_awsconf;

/** Reads both files; one that is not there is empty. A line that is none of the above is an error with its place. */
struct remote_awsconf *remote_awsconf_load(
	const char *config_path, const char *credentials_path, struct err *e) MUST_CHECK;
/** NULL is fine. */
void remote_awsconf_free(struct remote_awsconf *c);
/** `section` is "profile NAME", "sso-session NAME" or "services NAME"; a nested key is "s3.endpoint_url". */
const char *remote_awsconf_get(
	const struct remote_awsconf *c, const char *section, const char *key);
bool remote_awsconf_has(const struct remote_awsconf *c, const char *section);

#endif
