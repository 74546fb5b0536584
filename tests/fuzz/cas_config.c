/* What is read is written back, line by line; what is set reads back, and the rest stays. */
#include "cas/config.h"

#include "fuzz.h"

static struct cas_config *parse(struct slice s)
{
	struct err e = ERR_INIT;

	return cas_config_parse(s, "config", &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cas_config *c = parse((struct slice){ (const char *)data, size }), *again;
	struct buf a = BUF_INIT, b = BUF_INIT;
	struct err e = ERR_INIT;
	const char *v;

	if (!c)
		return 0;
	cas_config_format(c, &a);
	again = parse(buf_slice(&a));
	MUST(again);
	cas_config_format(again, &b);
	MUST(slice_eq(buf_slice(&a), buf_slice(&b)));
	cas_config_free(again);
	for (size_t i = 0; cas_config_section(c, i); i++)
		cas_config_get(c, cas_config_section(c, i), "url");

	MUST(!cas_config_set(c, "remote \"fuzz\"", "url", " a, #b", &e));
	buf_reset(&a);
	cas_config_format(c, &a);
	again = parse(buf_slice(&a));
	MUST(again);
	v = cas_config_get(again, "remote \"fuzz\"", "url");
	MUST(v && !strcmp(v, " a, #b"));
	cas_config_free(again);
	cas_config_free(c);
	buf_release(&a);
	buf_release(&b);
	return 0;
}
