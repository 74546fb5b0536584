/* A url that is taken has a place; a path is normalised. */
#include "remote/url.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT;
	struct err e = ERR_INIT;
	struct remote_url u;

	buf_add(&text, data, size);
	if (!remote_url_parse(&u, text.p, &e)) {
		MUST(u.kind != REMOTE_URL_S3 || u.bucket.len >= 3);
		MUST(u.kind != REMOTE_URL_PATH || u.path.len > 0);
		MUST(strlen(u.path.p) == u.path.len);
	}
	remote_url_release(&u);
	buf_release(&text);
	return 0;
}
