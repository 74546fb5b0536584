#include "remote/access.h"

#include <stddef.h>
#include <string.h>

const char *remote_access_setting(void *access, const char *name)
{
	const struct remote_access *a = access;
	const struct {
		const char *name, *value;
	} all[] = { { "endpointurl", a->endpoint }, { "region", a->region },
		{ "profile", a->profile }, { "acl", a->acl }, { "sse", a->sse },
		{ "sse_kms_key_id", a->sse_kms_key_id }, { "storage_class", a->storage_class },
		{ "bandwidth", a->bandwidth }, { "checksum_algorithm", a->checksum },
		{ "read_timeout", a->read_timeout }, { "connect_timeout", a->connect_timeout },
		{ "allow_anonymous_login", a->no_sign ? "true" : NULL },
		{ "ssl_verify", a->no_verify ? "false" : NULL },
		{ "request_payer", a->requester_pays ? "requester" : NULL } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(all[i].name, name))
			return all[i].value;
	return NULL;
}
