/* toml-json LIST - for each file that LIST names, a line: its document as JSON, or `!` and the error. */
#include <stdio.h>

#include "base/input.h"
#include "base/tdoc.h"

int main(int argc, char **argv)
{
	struct buf list = BUF_INIT, line = BUF_INIT;
	struct err e = ERR_INIT;
	struct slice rest, name;

	if (argc != 2 || input_load(argv[1], 1 << 24, &list, &e))
		return 2;
	rest = buf_slice(&list);
	while (slice_cut(&rest, '\n', &name) && name.len) {
		json_t *v;

		list.p[name.p - list.p + (ptrdiff_t)name.len] = '\0';
		err_clear(&e);
		v = jdoc_read(name.p, tdoc_parse, &e);
		buf_reset(&line);
		if (v)
			jdoc_format(&line, v, JDOC_LINE);
		else
			buf_addf(&line, "!%s", e.what);
		puts(line.p);
		json_decref(v);
	}
	buf_release(&line);
	buf_release(&list);
	return 0;
}
