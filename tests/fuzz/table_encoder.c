/*
 * table/encoder: an encoder that is taken is written so that the same is read back, byte for byte.
 */
#include "table/encoder.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	struct table_encoder *enc, *again;
	struct buf one = BUF_INIT, two = BUF_INIT;

	enc = table_encoder_parse((struct slice){ (const char *)data, size }, "fuzz", &e);
	MUST(enc || (e.code == ERR_INPUT && e.what[0]));
	if (enc) {
		MUST(table_encoder_format(enc, &one, &e) == 0);
		again = table_encoder_parse(buf_slice(&one), "again", &e);
		MUST(again);
		MUST(table_encoder_format(again, &two, &e) == 0);
		MUST(slice_eq(buf_slice(&one), buf_slice(&two)));
		table_encoder_free(again);
	}
	buf_release(&one);
	buf_release(&two);
	table_encoder_free(enc);
	return 0;
}
