/* remote/checksum: what S3's examples and other programs say of "123456789", from memory and from a file. */
#include "remote/checksum.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tap.h"

/* Made with: printf 123456789 | openssl dgst -md5|-sha256 -binary | base64; the CRC is the published check value. */
static const struct {
	const char *name, *header, *element, *base64;
} cases[] = {
	{ "md5", "content-md5", "", "JfnnlDI7RTiF9RgfG2JNCw==" },
	{ "CRC64NVME", "x-amz-checksum-crc64nvme", "CRC64NVME", "rosUhgp5mIg=" },
	{ "sha256", "x-amz-checksum-sha256", "SHA256",
		"FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=" },
	{ "none", "", "", "" },
};

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static void test_each(int fd, size_t i)
{
	struct remote_digest_wish wish = { .isa = cpu_best() };
	struct remote_digest of_memory = { .md5 = { 0 } }, of_file = { .md5 = { 0 } };
	struct err e = ERR_INIT;

	is_int(remote_checksum_parse(cases[i].name, &wish.checksum, &e), 0, "%s is known",
		cases[i].name);
	is_text(or_empty(remote_checksum_header(wish.checksum)), cases[i].header, "its header");
	is_text(or_empty(remote_checksum_element(wish.checksum)), cases[i].element, "its element");
	is_int(remote_digest_of(slice_of("123456789"), &wish, &of_memory, &e), 0, "of memory");
	is_text(of_memory.checksum, cases[i].base64, "as base64");
	is_text(of_memory.sha256, "", "no more than was wanted");
	wish.sha256 = true;
	is_int(remote_digest_of_file(fd, 1, 9, &wish, &of_file, &e), 0, "of a piece of a file");
	is_text(of_file.checksum, cases[i].base64, "the same");
	is_text(of_file.sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
		"and the SHA-256 for the signature");
}

int main(void)
{
	char path[4096];
	struct remote_digest_wish wish = { .md5 = true };
	struct remote_digest d;
	enum remote_checksum c;
	struct err e = ERR_INIT;
	int fd;

	snprintf(path, sizeof(path), "%s/f", scratch());
	write_text(path, "x123456789y");
	fd = open(path, O_RDONLY);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		test_each(fd, i);
	is_int(remote_digest_of_file(fd, 5, 9, &wish, &d, &e), -1, "a file that is too short");
	is_err(&e, ERR_SYSTEM, "the file became shorter while it was sent", "says so");
	err_clear(&e);
	is_int(remote_checksum_parse("crc32", &c, &e), -1, "another kind is refused");
	is_err(&e, ERR_INPUT, "checksum 'crc32': known are md5, crc64nvme, sha256, none",
		"with what is known");
	close(fd);
	return done_testing();
}
