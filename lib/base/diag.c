#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>

void diag_say(struct diag *d, enum diag_level level, const char *fmt, ...)
{
	char raw[1024], text[1200] = "";
	va_list ap;

	if (!d || !d->say || level > d->most)
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	err_escape(text, sizeof(text), raw);
	d->say(d, level, text);
}
