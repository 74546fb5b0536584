/*
 * bucket - a bucket of S3, or a prefix in it, as a store (remote/store.h).
 *
 * Many requests are in flight on one event loop. Large files go up in parts, several at a time: an upload that was
 * interrupted goes on with the parts that the server has, if their MD5 is that of ours. Large objects
 * come down in ranges. What is sent carries Content-MD5, which the server verifies: for a content-
 * addressed object that is its name and costs nothing. Objects that are there are not overwritten where
 * the job says so (If-None-Match: *, where the server knows it).
 *
 * Settings, by DVC's names: endpointurl, region, profile, access_key_id, secret_access_key, session_token, credentialpath,
 * configpath, use_ssl, ssl_verify (false, or a CA bundle), sse, sse_kms_key_id, acl, grant_read, grant_read_acp,
 * grant_write_acp, grant_full_control, jobs (requests in flight), allow_anonymous_login; and ours:
 * addressing_style (path, virtual), storage_class, request_payer, checksum_algorithm (md5, crc64nvme, sha256, none), bandwidth (bytes per second).
 */
#ifndef CD4ML_REMOTE_BUCKET_H
#define CD4ML_REMOTE_BUCKET_H

#include "remote/store.h"

/** A store of what lies below `prefix` (without "/" at its ends, "": all) in a bucket. */
struct remote_store *remote_bucket_open(const char *bucket, const char *prefix,
	const struct remote_store_options *o, struct err *e) MUST_CHECK;

#endif
