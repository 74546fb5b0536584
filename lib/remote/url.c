#include "remote/url.h"

#include "base/num.h"
#include "base/path.h"

void remote_url_release(struct remote_url *u)
{
	buf_release(&u->path);
	buf_release(&u->bucket);
}

/* file://localhost/path and file:///path; %XX stands for a byte (RFC 8089). */
static int parse_file(struct remote_url *u, const char *rest, struct err *e)
{
	if (!strncmp(rest, "localhost/", 10))
		rest += 9;
	if (rest[0] != '/') {
		err_set(e, ERR_INPUT, "'file://%s' names a host", rest);
		return err_hint(e, "write file:///path, with three slashes");
	}
	for (; *rest; rest++) {
		int hi = rest[0] == '%' ? num_hex_digit(rest[1]) : -1;
		int lo = hi >= 0 ? num_hex_digit(rest[2]) : -1;

		if (lo >= 0 && (hi || lo)) {
			buf_add_char(&u->path, (char)(hi << 4 | lo));
			rest += 2;
		} else {
			buf_add_char(&u->path, *rest);
		}
	}
	return 0;
}

/* "Bucket naming rules" of S3; underscores and capitals are of older ones. */
static bool is_bucket(struct slice s)
{
	if (s.len < 3 || s.len > 255)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			c != '-' && c != '.' && c != '_')
			return false;
	}
	return true;
}

static int parse_s3(struct remote_url *u, const char *rest, struct err *e)
{
	struct slice all = slice_of(rest), bucket = { NULL, 0 };

	slice_cut(&all, '/', &bucket);
	if (!is_bucket(bucket)) {
		err_set(e, ERR_INPUT, "'s3://%s' names no bucket", rest);
		return err_hint(e, "write s3://BUCKET/PREFIX");
	}
	while (all.len && all.p[0] == '/')
		all = (struct slice){ all.p + 1, all.len - 1 };
	while (all.len && all.p[all.len - 1] == '/')
		all.len--;
	u->kind = REMOTE_URL_S3;
	buf_add_slice(&u->bucket, bucket);
	if (all.len)
		buf_add_slice(&u->path, all);
	return 0;
}

int remote_url_parse(struct remote_url *u, const char *text, struct err *e)
{
	const char *scheme = strstr(text, "://");
	size_t len = strlen(text);
	int r = 0;

	*u = (struct remote_url)REMOTE_URL_INIT;
	u->is_folder = len && text[len - 1] == '/';
	if (!len) {
		r = err_set(e, ERR_INPUT, "a path is empty");
	} else if (!strcmp(text, "-")) {
		u->kind = REMOTE_URL_STREAM;
	} else if (!strncmp(text, "file://", 7)) {
		r = parse_file(u, text + 7, e);
	} else if (!strncmp(text, "s3://", 5)) {
		r = parse_s3(u, text + 5, e);
	} else if (scheme && !memchr(text, '/', (size_t)(scheme - text))) {
		err_set(e, ERR_INPUT, "'%s': '%.*s' is not known", text, (int)(scheme - text) + 3,
			text);
		r = err_hint(e, "known are s3://, file:// and paths");
	} else {
		buf_add_text(&u->path, text);
	}
	if (!r && u->kind == REMOTE_URL_PATH)
		path_normalise(&u->path);
	return r || buf_check(&u->path, e) || buf_check(&u->bucket, e) ? -1 : 0;
}
