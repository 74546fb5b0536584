/* ~/.aws/config and credentials, as AWS's tools read them. */
#include "remote/awsconf.h"

#include "tap.h"

static void test_profiles(void)
{
	struct err e = ERR_INIT;
	struct remote_awsconf *c;

	scratch();
	write_text("config", "# comment\r\n[default]\r\nregion = eu-central-1\r\n\r\n[profile ci]\n"
			     "role_arn = arn:aws:iam::1:role/x=y\nservices = minio\n"
			     "s3 =\n  addressing_style = path\n[services minio]\ns3 =\n"
			     "  endpoint_url = http://127.0.0.1:9000\n[sso-session my "
			     "sso]\nsso_region = us-east-1\n"
			     "[profile \"two words\"]\nregion=x\n[profile empty]\n");
	write_text("credentials",
		"[default]\naws_access_key_id = A\n[ci]\nregion = from-credentials\n");
	c = remote_awsconf_load("config", "credentials", &e);
	no_err(&e, "both files are read");
	if (!ok(c != NULL, "and give settings"))
		return;
	is_text(remote_awsconf_get(c, "profile default", "region"), "eu-central-1", "a plain key");
	is_text(remote_awsconf_get(c, "profile default", "aws_access_key_id"), "A",
		"a key of credentials");
	is_text(remote_awsconf_get(c, "profile ci", "role_arn"), "arn:aws:iam::1:role/x=y",
		"a value with '='");
	is_text(remote_awsconf_get(c, "profile ci", "region"), "from-credentials",
		"credentials win");
	is_text(remote_awsconf_get(c, "profile ci", "s3.addressing_style"), "path", "a nested key");
	is_text(remote_awsconf_get(c, "services minio", "s3.endpoint_url"), "http://127.0.0.1:9000",
		"services");
	is_text(remote_awsconf_get(c, "sso-session my sso", "sso_region"), "us-east-1",
		"an SSO session");
	is_text(remote_awsconf_get(c, "profile two words", "region"), "x", "a quoted name");
	is_text(remote_awsconf_get(c, "profile ci", "nothing"), NULL, "what is not there");
	ok(remote_awsconf_has(c, "profile empty"), "a profile without keys is one");
	ok(!remote_awsconf_has(c, "profile none"), "one that is not there is not");
	remote_awsconf_free(c);
}

static void test_bad(void)
{
	struct err e = ERR_INIT;

	scratch();
	write_text("config", "[default]\nregion\n");
	ok(!remote_awsconf_load("config", "none", &e), "a line without '=' is refused");
	is_err(&e, ERR_INPUT, "config:2:", "with its place");
	write_text("config", "[default\n");
	ok(!remote_awsconf_load("config", "none", &e), "a section without its end is refused");
	is_err(&e, ERR_INPUT, "config:1:", "with its place");
	struct remote_awsconf *c = remote_awsconf_load("none", "none", &e);
	ok(c != NULL, "files that are not there are empty");
	remote_awsconf_free(c);
}

int main(void)
{
	test_profiles();
	test_bad();
	return done_testing();
}
