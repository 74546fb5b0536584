#include "remote/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "hash/sha256.h"

void remote_sigv4_date(time_t now, char out[REMOTE_SIGV4_DATE_MAX])
{
	struct tm tm;

	if (!gmtime_r(&now, &tm) ||
		strftime(out, REMOTE_SIGV4_DATE_MAX, "%Y%m%dT%H%M%SZ", &tm) == 0)
		out[0] = '\0';
}

static bool is_unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void remote_sigv4_encode(struct buf *b, struct slice s, bool keep_slash)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (is_unreserved(c) || (c == '/' && keep_slash)) {
			buf_add_char(b, (char)c);
		} else {
			buf_add_char(b, '%');
			buf_add_char(b, hex[c >> 4]);
			buf_add_char(b, hex[c & 15]);
		}
	}
}

static int hmac(const void *key, size_t key_len, struct slice text, uint8_t out[HASH_SHA256_LEN],
	struct err *e)
{
	unsigned len = HASH_SHA256_LEN;

	if (!HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text.p, text.len, out,
		    &len))
		return err_set(e, ERR_SYSTEM, "cannot compute an HMAC");
	return 0;
}

/* HMAC(HMAC(HMAC(HMAC("AWS4" + secret, day), region), service), "aws4_request") */
static int signing_key(const struct remote_sigv4_key *key, const char *day,
	uint8_t out[HASH_SHA256_LEN], struct err *e)
{
	const char *const parts[] = { day, key->region, key->service, "aws4_request" };
	struct buf secret = BUF_INIT;
	int result;

	buf_add_text(&secret, "AWS4");
	buf_add_text(&secret, key->secret_key);
	result = buf_check(&secret, e);
	if (result == 0)
		result = hmac(secret.p, secret.len, slice_of(parts[0]), out, e);
	for (int i = 1; i < 4 && result == 0; i++) {
		uint8_t next[HASH_SHA256_LEN];

		result = hmac(out, HASH_SHA256_LEN, slice_of(parts[i]), next, e);
		memcpy(out, next, sizeof(next));
	}
	if (secret.cap)
		OPENSSL_cleanse(secret.p, secret.cap);
	buf_release(&secret);
	return result;
}

static void add_signed_names(struct buf *b, const struct remote_sigv4_request *r)
{
	for (size_t i = 0; i < r->n_headers; i++)
		buf_addf(b, "%s%s", i ? ";" : "", r->headers[i].name);
}

static void add_canonical(struct buf *b, const struct remote_sigv4_request *r)
{
	buf_addf(b, "%s\n", r->method);
	buf_add_slice(b, r->path);
	buf_add_char(b, '\n');
	buf_add_slice(b, r->query);
	buf_add_char(b, '\n');
	for (size_t i = 0; i < r->n_headers; i++) {
		buf_addf(b, "%s:", r->headers[i].name);
		buf_add_slice(b, r->headers[i].value);
		buf_add_char(b, '\n');
	}
	buf_add_char(b, '\n');
	add_signed_names(b, r);
	buf_addf(b, "\n%s", r->payload);
}

int remote_sigv4_sign(const struct remote_sigv4_key *key, const struct remote_sigv4_request *r,
	struct buf *authorization, struct err *e)
{
	struct buf text = BUF_INIT, scope = BUF_INIT;
	char date[REMOTE_SIGV4_DATE_MAX], day[9], hex[HASH_SHA256_HEX + 1];
	uint8_t sha[HASH_SHA256_LEN], secret[HASH_SHA256_LEN] = { 0 };
	int result = -1;

	remote_sigv4_date(r->now, date);
	snprintf(day, sizeof(day), "%.8s", date);
	add_canonical(&text, r);
	buf_addf(&scope, "%s/%s/%s/aws4_request", day, key->region, key->service);
	if (buf_check(&text, e) || buf_check(&scope, e) || hash_sha256_of(buf_slice(&text), sha, e))
		goto out;
	hash_sha256_format(sha, hex);
	buf_reset(&text);
	buf_addf(&text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", date, scope.p, hex);
	if (buf_check(&text, e) || signing_key(key, day, secret, e) ||
		hmac(secret, sizeof(secret), buf_slice(&text), sha, e))
		goto out;
	hash_sha256_format(sha, hex);
	buf_addf(authorization, "AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=", key->access_key,
		scope.p);
	add_signed_names(authorization, r);
	buf_addf(authorization, ",Signature=%s", hex);
	result = buf_check(authorization, e);
out:
	OPENSSL_cleanse(secret, sizeof(secret));
	buf_release(&text);
	buf_release(&scope);
	return result;
}
