/*
 * The examples of "Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference.
 */
#include "remote/sigv4.h"

#include "tap.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HOST  "examplebucket.s3.amazonaws.com"
#define DATE  "20130524T000000Z"

static const struct remote_sigv4_key key = { "AKIAIOSFODNN7EXAMPLE",
	"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1", "s3" };

static void check(const char *name, struct remote_sigv4_request r, const char *signature)
{
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;
	const char *at;

	r.now = 1369353600; /* 2013-05-24T00:00:00Z */
	ok(remote_sigv4_sign(&key, &r, &out, &e) == 0, "%s is signed", name);
	at = strstr(out.p, "Signature=");
	is_text(at ? at + 10 : "", signature, "%s", name);
	buf_release(&out);
}

static void test_examples(void)
{
	struct remote_sigv4_header get[] = { { "host", slice_of(HOST) },
		{ "range", slice_of("bytes=0-9") }, { "x-amz-content-sha256", slice_of(EMPTY) },
		{ "x-amz-date", slice_of(DATE) } };
	const char *body = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
	struct remote_sigv4_header put[] = { { "date", slice_of("Fri, 24 May 2013 00:00:00 GMT") },
		{ "host", slice_of(HOST) }, { "x-amz-content-sha256", slice_of(body) },
		{ "x-amz-date", slice_of(DATE) },
		{ "x-amz-storage-class", slice_of("REDUCED_REDUNDANCY") } };
	struct remote_sigv4_header plain[] = { { "host", slice_of(HOST) },
		{ "x-amz-content-sha256", slice_of(EMPTY) }, { "x-amz-date", slice_of(DATE) } };

	check("GET of a range",
		(struct remote_sigv4_request){ .method = "GET",
			.path = slice_of("/test.txt"),
			.query = slice_of(""),
			.headers = get,
			.n_headers = 4,
			.payload = EMPTY },
		"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
	check("PUT",
		(struct remote_sigv4_request){ .method = "PUT",
			.path = slice_of("/test%24file.text"),
			.query = slice_of(""),
			.headers = put,
			.n_headers = 5,
			.payload = body },
		"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
	check("a query without a value",
		(struct remote_sigv4_request){ .method = "GET",
			.path = slice_of("/"),
			.query = slice_of("lifecycle="),
			.headers = plain,
			.n_headers = 3,
			.payload = EMPTY },
		"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
	check("a listing",
		(struct remote_sigv4_request){ .method = "GET",
			.path = slice_of("/"),
			.query = slice_of("max-keys=2&prefix=J"),
			.headers = plain,
			.n_headers = 3,
			.payload = EMPTY },
		"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void test_encoding(void)
{
	struct buf b = BUF_INIT;

	remote_sigv4_encode(&b, slice_of("a/b c+\xc3\xa9~-_."), true);
	is_text(b.p, "a/b%20c%2B%C3%A9~-_.", "a path keeps its slashes");
	buf_reset(&b);
	remote_sigv4_encode(&b, slice_of("a/b"), false);
	is_text(b.p, "a%2Fb", "a value does not");
	buf_release(&b);
}

int main(void)
{
	test_examples();
	test_encoding();
	return done_testing();
}
