/* eval/markup: what XML cannot hold never gets into it. */
#include "eval/markup.h"

#include "tap.h"

static void becomes(const char *s, const char *text, const char *attribute)
{
	struct buf b = BUF_INIT;

	eval_markup_text(&b, s);
	is_text(b.p, text, "text");
	buf_reset(&b);
	eval_markup_attribute(&b, s);
	is_text(b.p, attribute, "attribute");
	buf_release(&b);
}

#define BAD "\xef\xbf\xbd"

int main(void)
{
	struct buf b = BUF_INIT;

	becomes("a<b>&\"'", "a&lt;b&gt;&amp;\"'", "a&lt;b&gt;&amp;&quot;'");
	becomes("a\nb\tc\rd", "a\nb\tc" BAD "d", "a&#10;b&#9;c" BAD "d");
	becomes("\x01\x1b[1m\x7f", BAD BAD "[1m" BAD, BAD BAD "[1m" BAD);
	becomes("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	becomes("\xff", BAD, BAD);
	becomes("\xc3", BAD, BAD); /* cut off */
	becomes("\xc0\x80", BAD BAD, BAD BAD); /* overlong */
	becomes("\xed\xa0\x80", BAD BAD BAD, BAD BAD BAD); /* surrogate */
	becomes("\xef\xbf\xbf", BAD BAD BAD, BAD BAD BAD); /* U+FFFF */
	becomes("\xf4\x90\x80\x80", BAD BAD BAD BAD, BAD BAD BAD BAD); /* above U+10FFFF */
	becomes("\xc2\x85", BAD BAD, BAD BAD); /* C1 control */
	becomes("]]>", "]]&gt;", "]]&gt;");
	eval_markup_pair(&b, "name", "a\"b");
	is_text(b.p, " name=\"a&quot;b\"", "pair");
	buf_release(&b);
	return done_testing();
}
