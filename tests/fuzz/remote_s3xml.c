/*
 * remote/s3xml: whatever a server answers, a listing is refused with a message, or its keys and sizes are
 * sound; an error can be asked for in any case.
 */
#include "fuzz.h"
#include "remote/s3xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice xml = { (const char *)data, size };
	struct remote_s3xml_list l = REMOTE_S3XML_LIST_INIT;
	struct remote_s3xml_error x;
	struct err e = ERR_INIT;

	if (remote_s3xml_read_list(xml, &l, &e)) {
		MUST(e.code != ERR_NONE);
	} else {
		MUST(!l.truncated || l.next_token.len);
		for (size_t i = 0; i < l.n; i++)
			MUST(l.objects[i].key.p && l.objects[i].size >= 0);
	}
	remote_s3xml_list_release(&l);
	remote_s3xml_read_error(xml, &x);
	MUST(x.code.p && x.message.p && x.region.p);
	remote_s3xml_error_release(&x);
	return 0;
}
