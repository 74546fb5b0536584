/* Listings and errors as S3 and STS send them, and as nobody should. */
#include "remote/s3xml.h"

#include "tap.h"

#define HEAD                                          \
	"<?xml version=\"1.0\"?>\n<ListBucketResult " \
	"xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
#define TAIL "<EncodingType>url</EncodingType></ListBucketResult>"
#define ONE                                                                                       \
	"<Contents><Key>a%2Fb+c%C3%A9</Key><LastModified>2026-11-23T19:37:43.000Z</LastModified>" \
	"<ETag>&quot;b1946ac92492d2347c6235b4d2611184&quot;</ETag><Size>6</Size></Contents>"

static void test_list(void)
{
	struct remote_s3xml_list l = REMOTE_S3XML_LIST_INIT;
	struct err e = ERR_INIT;

	ok(remote_s3xml_read_list(slice_of(HEAD "<KeyCount>1</KeyCount>" ONE TAIL), &l, &e) == 0,
		"a listing is read");
	no_err(&e, "without an error");
	is_int(l.n, 1, "it has one entry");
	ok(slice_is(l.objects[0].key, "a/b c\xc3\xa9"), "whose key is decoded");
	ok(slice_is(l.objects[0].etag, "\"b1946ac92492d2347c6235b4d2611184\""), "with its ETag");
	is_int(l.objects[0].size, 6, "its size");
	is_int(l.objects[0].mtime, 1795462663, "and its time");
	ok(!l.truncated, "there is no more");

	ok(remote_s3xml_read_list(
		   slice_of(HEAD "<IsTruncated>true</IsTruncated><NextContinuationToken>t=="
				 "</NextContinuationToken><CommonPrefixes><Prefix>x%2F</Prefix>"
				 "</CommonPrefixes>" TAIL),
		   &l, &e) == 0,
		"a page of prefixes is read");
	ok(l.truncated && slice_is(buf_slice(&l.next_token), "t=="), "with the token of the next");
	ok(l.objects[0].is_prefix && slice_is(l.objects[0].key, "x/"), "and its prefix");
	remote_s3xml_list_release(&l);
}

static void refuse(const char *xml, const char *why)
{
	struct remote_s3xml_list l = REMOTE_S3XML_LIST_INIT;
	struct err e = ERR_INIT;

	ok(remote_s3xml_read_list(slice_of(xml), &l, &e) == -1, "refused: %s", why);
	is_err(&e, ERR_SYSTEM, why, "with the reason");
	remote_s3xml_list_release(&l);
}

static void test_bad_lists(void)
{
	refuse(HEAD ONE, "XML");
	refuse(HEAD "<KeyCount>2</KeyCount>" ONE TAIL, "states 2 keys, and holds 1");
	refuse(HEAD "<IsTruncated>true</IsTruncated>" TAIL, "no token");
	refuse("<html><body>captive portal</body></html>", "not a listing");
	refuse(HEAD "<Contents><Size>1</Size></Contents>" TAIL, "no key");
	refuse(HEAD "<Contents><Key>a%zz</Key></Contents>" TAIL, "not encoded");
	refuse(HEAD "<Contents><Key>a</Key><Size>-1</Size></Contents>" TAIL, "size");
	refuse("<!DOCTYPE x [<!ENTITY a \"b\">]>" HEAD "&a;" TAIL, "document type");
	refuse("", "XML");
}

static void test_errors(void)
{
	struct remote_s3xml_error x;
	struct buf b = BUF_INIT;

	remote_s3xml_read_error(
		slice_of("<Error><Code>NoSuchKey</Code><Message>gone &amp; away</Message>"
			 "<Region>eu-west-1</Region></Error>"),
		&x);
	is_text(x.code.p, "NoSuchKey", "the code of an error");
	is_text(x.message.p, "gone & away", "its message");
	is_text(x.region.p, "eu-west-1", "its region");
	remote_s3xml_error_release(&x);

	remote_s3xml_read_error(
		slice_of("<ErrorResponse xmlns=\"x\"><Error><Code>ExpiredTokenException</Code>"
			 "</Error></ErrorResponse>"),
		&x);
	is_text(x.code.p, "ExpiredTokenException", "the code of STS");
	remote_s3xml_error_release(&x);

	remote_s3xml_read_error(slice_of("502 Bad Gateway"), &x);
	is_text(x.code.p, "", "what is no XML has no code");
	remote_s3xml_error_release(&x);

	ok(remote_s3xml_get(slice_of("<A><B>1</B><C>2</C></A>"), "A/C", &b), "an element is found");
	is_text(b.p, "2", "with its text");
	ok(!remote_s3xml_get(slice_of("<A><B>1</B></A>"), "A/D", &b),
		"one that is not there is not");
	buf_release(&b);
}

int main(void)
{
	test_list();
	test_bad_lists();
	test_errors();
	return done_testing();
}
