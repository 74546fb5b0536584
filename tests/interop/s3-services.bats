load ../helper

# AWS's services and S3 servers that misbehave, played by s3-fake.py. What each bucket does stands there, by its name.

setup() {
	scratch
	unset http_proxy HTTP_PROXY
	export AWS_EC2_METADATA_DISABLED=true
}

teardown() {
	[ -z "${fake_pid-}" ] || kill "$fake_pid" || true
}

# fake [VARIABLE=VALUE...] - starts the server; LOG has a line for each request: who, region, method, path, headers
fake() {
	env "$@" "${PYTHON:-python3}" "$ROOT/tests/interop/s3-fake.py" "$BATS_TEST_TMPDIR/port" >"$BATS_TEST_TMPDIR/fake.log" 2>&1 3>&- &
	fake_pid=$!
	until [ -e "$BATS_TEST_TMPDIR/port" ]; do sleep 0.05; done
	LOG=$BATS_TEST_TMPDIR/port.log
	URL=http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")
	export AWS_ENDPOINT_URL=$URL
	printf 'hello\n' >a
}

config() {
	mkdir -p "$HOME/.aws"
	cat >"$HOME/.aws/config"
}

keys() {
	export AWS_ACCESS_KEY_ID=mine AWS_SECRET_ACCESS_KEY=secret
}

# who - the access keys that requests to S3 were signed with
who() {
	grep bucket "$LOG" | cut -d ' ' -f 1 | sort -u | tr '\n' ' '
}

# ---- who we are

@test "a role is assumed with the keys of another profile" {
	fake
	config <<-END
		[profile base]
		aws_access_key_id = base
		aws_secret_access_key = secret
		[profile ci]
		role_arn = arn:aws:iam::1:role/data
		source_profile = base
		external_id = ext
	END
	s3-sync -q --profile ci a s3://bucket/a
	same "$(who)" 'KEY1 '
	contains "$(cat "$LOG")" 'base us-east-1 GET /?Action=AssumeRole&ExternalId=ext&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fdata'
	contains "$(cat "$LOG")" 'x-amz-security-token=session'
	AWS_PROFILE=ci s3-sync -q a s3://bucket/a
	same "$(who)" 'KEY1 KEY2 '
	sed -i 's/role.data/role\/denied/' "$HOME/.aws/config"
	run -2 --separate-stderr s3-sync -q --profile ci a s3://bucket/a
	contains "$stderr" "STS refused the role 'arn:aws:iam::1:role/denied': AccessDenied"
}

@test "source_profile in a circle, and a profile that does not exist, are told" {
	fake
	config <<-END
		[profile a]
		role_arn = x
		source_profile = b
		[profile b]
		role_arn = y
		source_profile = a
	END
	run -2 --separate-stderr s3-sync -q --profile a a s3://bucket/a
	contains "$stderr" 'circle'
	run -2 --separate-stderr s3-sync -q --profile nosuch a s3://bucket/a
	contains "$stderr" "profile 'nosuch' has no credentials"
}

@test "an identity token becomes a role, as in a GitLab job; a stale one is told" {
	fake
	printf 'tok/en=\n' >token
	export AWS_WEB_IDENTITY_TOKEN_FILE=$PWD/token AWS_ROLE_ARN=arn:role AWS_ROLE_SESSION_NAME=job-7
	s3-sync -q a s3://bucket/a
	same "$(who)" 'KEY1 '
	contains "$(head -n 1 "$LOG")" '- - GET /?Action=AssumeRoleWithWebIdentity'
	contains "$(head -n 1 "$LOG")" 'RoleSessionName=job-7&WebIdentityToken=tok%2Fen%3D'
	AWS_ROLE_ARN=arn:stale run -2 --separate-stderr s3-sync -q a s3://bucket/a
	contains "$stderr" 'the identity token is too old; let the CI job make a new one'
}

@test "a container's agent is asked with its token, and never a strange host in the clear" {
	fake
	printf 'agent-token\n' >token
	export AWS_CONTAINER_CREDENTIALS_FULL_URI=$URL/agent AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$PWD/token
	s3-sync -q a s3://bucket/a
	same "$(who)" 'KEY1 '
	AWS_CONTAINER_CREDENTIALS_FULL_URI=http://example.com/agent run -2 --separate-stderr s3-sync -q a s3://bucket/a
	contains "$stderr" 'neither https nor this machine'
}

@test "a machine's role comes from its metadata service, version 2" {
	fake
	unset AWS_EC2_METADATA_DISABLED
	export AWS_EC2_METADATA_SERVICE_ENDPOINT=$URL
	s3-sync -q a s3://bucket/a
	same "$(who)" 'KEY1 '
	same "$(head -n 3 "$LOG" | cut -d ' ' -f 3,4)" 'PUT /latest/api/token
GET /latest/meta-data/iam/security-credentials/
GET /latest/meta-data/iam/security-credentials/worker'
}

@test "SSO's cached token is exchanged; an expired one asks for a login" {
	fake
	export AWS_ENDPOINT_URL_SSO=$URL
	config <<-END
		[profile dev]
		sso_session = corp
		sso_account_id = 1
		sso_role_name = Reader
		[sso-session corp]
		sso_start_url = https://corp.example/start
		sso_region = eu-west-1
	END
	mkdir -p "$HOME/.aws/sso/cache"
	token=$HOME/.aws/sso/cache/$(printf corp | sha1sum | cut -c -40).json
	printf '{"accessToken": "bearer", "expiresAt": "2099-01-01T00:00:00Z"}' >"$token"
	s3-sync -q --profile dev a s3://bucket/a
	same "$(who)" 'KEY1 '
	contains "$(head -n 1 "$LOG")" '/federation/credentials?role_name=Reader&account_id=1'
	printf '{"accessToken": "bearer", "expiresAt": "2020-01-01T00:00:00Z"}' >"$token"
	run -2 --separate-stderr s3-sync -q --profile dev a s3://bucket/a
	contains "$stderr" "run 'aws sso login'"
	printf '{"accessToken": "revoked", "expiresAt": "2099-01-01T00:00:00Z"}' >"$token"
	run -2 --separate-stderr s3-sync -q --profile dev a s3://bucket/a
	contains "$stderr" "run 'aws sso login'"
}

@test "a command prints the keys; one that fails, or prints something else, is told without its output" {
	fake
	config <<-END
		[default]
		credential_process = cat keys.json
	END
	printf '{"Version": 1, "AccessKeyId": "cmd", "SecretAccessKey": "s3cret", "SessionToken": "t"}' >keys.json
	s3-sync -q a s3://bucket/a
	same "$(who)" 'cmd '
	printf '{"Version": 1, "SecretAccessKey": "s3cret"}' >keys.json
	run -2 --separate-stderr s3-sync -q a s3://bucket/a
	contains "$stderr" credential_process
	[[ $stderr != *s3cret* ]]
	rm keys.json
	run -2 --separate-stderr s3-sync -q a s3://bucket/a
	contains "$stderr" 'the command failed'
}

@test "the environment comes before web identity, that before the profile, that before the machine" {
	fake
	printf 'tok/en=\n' >token
	config <<-END
		[default]
		aws_access_key_id = profile
		aws_secret_access_key = secret
	END
	unset AWS_EC2_METADATA_DISABLED
	export AWS_EC2_METADATA_SERVICE_ENDPOINT=$URL
	s3-sync -q a s3://bucket/1
	AWS_WEB_IDENTITY_TOKEN_FILE=$PWD/token AWS_ROLE_ARN=arn s3-sync -q a s3://bucket/2
	AWS_WEB_IDENTITY_TOKEN_FILE=$PWD/token AWS_ROLE_ARN=arn AWS_ACCESS_KEY_ID=env AWS_SECRET_ACCESS_KEY=s s3-sync -q a s3://bucket/3
	rm "$HOME/.aws/config"
	s3-sync -q a s3://bucket/4
	same "$(grep "PUT.*bucket" "$LOG" | cut -d ' ' -f 1,4)" 'profile /bucket/1
KEY1 /bucket/2
env /bucket/3
KEY2 /bucket/4'
}

@test "keys are fetched anew before they expire, and when the server calls them expired" {
	fake FAKE_SECONDS=200
	printf 'tok/en=\n' >token
	export AWS_WEB_IDENTITY_TOKEN_FILE=$PWD/token AWS_ROLE_ARN=arn
	mkdir tree
	for i in 1 2 3 4 5 6 7 8; do echo $i >tree/$i; done
	s3-sync -q --transfers 1 tree s3://bucket/t
	# Good for less than five minutes: each request gets its own.
	[ "$(who | wc -w)" -ge 8 ]
	kill $fake_pid
	rm "$BATS_TEST_TMPDIR/port" "$LOG"
	fake
	s3-sync -q --transfers 1 tree s3://expiring/t
	same "$(grep 'PUT.*expiring' "$LOG" | cut -d ' ' -f 4 | sort -u | wc -l)" 8
	[ "$(grep expiring "$LOG" | cut -d ' ' -f 1 | sort -u | wc -l)" -ge 3 ]
	unset AWS_WEB_IDENTITY_TOKEN_FILE
	keys
	run -3 s3-sync -q --transfers 1 tree s3://expiring/u
	run -2 --separate-stderr s3-sync ls s3://expiring
	contains "$stderr" 'get new credentials: the session is over'
	# The answer to HEAD says no more than 400.
	run -2 --separate-stderr s3-sync ls s3://expiring/u
	contains "$stderr" 'are the credentials expired'
}

# ---- what servers answer

@test "another region is learned from 301, 307, and the text of 400" {
	fake
	keys
	for bucket in east moving malformed; do
		s3-sync -q --region us-west-1 a s3://$bucket/a
		contains "$(grep "PUT /$bucket/a" "$LOG" | tail -n 1)" "mine eu-west-3 PUT"
	done
}

@test "the bucket's name may be the host's; a temporary redirect is followed below the endpoint's host only" {
	local port
	fake FAKE_HOSTS=1
	keys
	port=${URL##*:}
	export AWS_ENDPOINT_URL=http://localhost:$port
	config <<-END
		[profile virtual]
		aws_access_key_id = mine
		aws_secret_access_key = secret
		s3 =
		  addressing_style = virtual
	END
	s3-sync -q --profile virtual a "s3://bucket/x y"
	same "$(cut -d ' ' -f 3,4,6 "$LOG" | tail -n 1)" "PUT /x%20y host=bucket.localhost:$port"
	s3-sync -q "s3://bucket/x y" b
	cmp a b
	: >"$LOG"
	s3-sync -q a s3://fresh/a
	s3-sync -q s3://fresh/a b
	cmp a b
	# Each request is made to the endpoint first: the redirect is for one alone.
	same "$(grep -o 'PUT /[^ ]*' "$LOG")" 'PUT /fresh/a
PUT /a'
	: >"$LOG"
	run -2 --separate-stderr s3-sync -q a s3://thief/a
	contains "$stderr" "it leads to a host that is not below the endpoint's"
	same "$(grep -c host=127.0.0.1 "$LOG")" 0
	run -2 --separate-stderr s3-sync -q a s3://ring/a
	contains "$stderr" 'TemporaryRedirect'
	[ "$(grep -c ' PUT ' "$LOG")" -le 10 ]
}

@test "SlowDown is waited out, a clock that is off is made up for" {
	fake
	keys
	s3-sync -q a s3://slow/a
	[ "$(grep -c '/slow' "$LOG")" -ge 4 ]
	s3-sync -q a s3://skewed/a
	same "$(s3-sync ls s3://skewed | cut -f 3)" a
}

@test "what is refused is told with the likely cause" {
	fake
	keys
	run -2 --separate-stderr s3-sync ls s3://denied
	contains "$stderr" 's3://denied: GET bucket: AccessDenied: no (status 403); has this identity the right'
	run -2 --separate-stderr s3-sync ls s3://unsigned
	contains "$stderr" 'is AWS_SECRET_ACCESS_KEY right'
	run -2 --separate-stderr s3-sync ls s3://none
	contains "$stderr" 'create the bucket'
}

@test "nothing is deleted after a listing that is cut, short, lost in the middle, unsorted or empty" {
	local bucket
	fake
	keys
	mkdir to
	echo 1 >to/mine
	for bucket in cut short lost unsorted empty; do
		AWS_MAX_ATTEMPTS=2 run s3-sync --delete --size-only s3://$bucket to
		[ "$status" -eq 2 ] || [ "$status" -eq 3 ]
		[ -e to/mine ]
	done
}

# ---- TLS

# tls NAME=VALUE... - the fake server with a certificate of its own, CERT
tls() {
	command -v openssl >/dev/null || skip 'no openssl'
	CERT=$PWD/cert.pem
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
		-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>openssl.log
	cat cert.pem key.pem >both.pem
	fake FAKE_TLS="$PWD/both.pem" "$@"
	URL=https://${URL#*://}
	export AWS_ENDPOINT_URL=$URL
}

# signed - what was signed of the bodies, once each: a hash in hex is told as SHA
signed() {
	grep -v Action= "$LOG" | sed -n 's/.*x-amz-content-sha256=\([^ ]*\).*/\1/p' | sed 's/^[0-9a-f]\{64\}$/SHA/' | sort -u | tr '\n' ' '
}

@test "bodies are signed without TLS, and never with it" {
	keys
	fake FAKE_PAYLOAD=1
	head -c 20000000 /dev/zero >large
	s3-sync -q a s3://bucket/a
	s3-sync -q large s3://bucket/large
	s3-sync -q s3://bucket got
	s3-sync rm -q --recursive s3://bucket
	same "$(signed)" 'SHA '
	kill "$fake_pid"
	rm "$BATS_TEST_TMPDIR"/port*
	tls FAKE_PAYLOAD=1
	export AWS_CA_BUNDLE=$CERT
	s3-sync -q a s3://bucket/a
	s3-sync -q large s3://bucket/large
	s3-sync -q s3://bucket got2
	s3-sync rm -q --recursive s3://bucket
	same "$(signed)" 'UNSIGNED-PAYLOAD '
}

@test "what a remote says of certificates is meant for its own STS too" {
	tls
	config <<-END
		[profile base]
		aws_access_key_id = base
		aws_secret_access_key = secret
		[profile ci]
		role_arn = arn:role
		source_profile = base
	END
	needs git
	git init -q .
	cas-hash init
	cas-hash remote add -d s s3://bucket/p
	cas-hash remote modify s profile ci
	cas-hash add a
	run -2 --separate-stderr s3-sync push -q
	contains "$stderr" 'AWS_CA_BUNDLE'
	cas-hash remote modify s ssl_verify "$CERT"
	s3-sync push -q
	same "$(who)" 'KEY1 '
	rm "$LOG"
	cas-hash remote modify s ssl_verify false
	s3-sync push -q
	same "$(who)" 'KEY2 '
}

# ---- what is sent

@test "the settings of a remote are sent as headers, options before them" {
	local h
	fake
	keys
	git init -q .
	cas-hash init
	cas-hash remote add -d s s3://bucket/p
	while read -r key value; do cas-hash remote modify s "$key" "$value"; done <<-END
		endpointurl $URL
		region eu-north-1
		sse aws:kms
		sse_kms_key_id key-7
		acl bucket-owner-full-control
		grant_read id=r
		grant_read_acp id=ra
		grant_write_acp id=wa
		grant_full_control id=f
		storage_class STANDARD_IA
		request_payer requester
	END
	unset AWS_ENDPOINT_URL
	cas-hash add a
	s3-sync push -q
	h=$(grep 'PUT /bucket/p/files/md5/b1' "$LOG")
	contains "$h" "mine eu-north-1 PUT"
	for want in content-md5=sZRqySSS0jR8YjW00mERhA== if-none-match=\* x-amz-server-side-encryption=aws:kms \
		x-amz-server-side-encryption-aws-kms-key-id=key-7 x-amz-acl=bucket-owner-full-control \
		x-amz-grant-read=id=r x-amz-grant-read-acp=id=ra x-amz-grant-write-acp=id=wa x-amz-grant-full-control=id=f \
		x-amz-storage-class=STANDARD_IA x-amz-request-payer=requester; do
		contains "$h" "$want"
	done
	: >"$LOG"
	s3-sync push -q --endpoint-url "$URL" --region us-east-2 --acl private --storage-class GLACIER_IR --checksum-algo sha256
	rm -rf .dvc/cache a
	s3-sync pull -q --region us-east-2
	contains "$(head -n 1 "$LOG")" 'mine us-east-2 '
}

@test "checksums: MD5, another by name or by AWS's variable, none" {
	fake
	keys
	s3-sync -q a s3://bucket/1
	s3-sync -q a s3://bucket/2 --checksum-algo crc64nvme
	s3-sync -q a s3://bucket/3 --checksum-algo sha256
	s3-sync -q a s3://bucket/4 --checksum-algo none
	AWS_REQUEST_CHECKSUM_CALCULATION=WHEN_SUPPORTED s3-sync -q a s3://bucket/5
	AWS_REQUEST_CHECKSUM_CALCULATION=when_required s3-sync -q a s3://bucket/6
	same "$(sed -n 's/.* PUT //p' "$LOG")" '/bucket/1 content-md5=sZRqySSS0jR8YjW00mERhA==
/bucket/2 x-amz-checksum-crc64nvme=akP7S61aVgc=
/bucket/3 x-amz-checksum-sha256=WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=
/bucket/4
/bucket/5 x-amz-checksum-crc64nvme=akP7S61aVgc=
/bucket/6 content-md5=sZRqySSS0jR8YjW00mERhA=='
}

@test "many objects are deleted by one request; what stays is told; servers without it get one each" {
	fake
	keys
	mkdir tree
	for i in $(seq 30); do echo "$i" >"tree/$i"; done
	echo x >'tree/a&b <c>'
	s3-sync -q tree s3://bucket/t
	: >"$LOG"
	same "$(s3-sync rm --recursive s3://bucket/t | wc -l)" 31
	same "$(grep -c 'POST /bucket?delete=' "$LOG")" 1
	contains "$(grep POST "$LOG")" content-md5=
	run -2 s3-sync ls s3://bucket/t
	s3-sync -q tree s3://single/t
	same "$(s3-sync rm --recursive s3://single/t | wc -l)" 31
	run -2 s3-sync ls s3://single/t
	echo x >tree/locked
	s3-sync -q tree s3://bucket/t
	run -2 --separate-stderr s3-sync rm --recursive s3://bucket/t
	contains "$stderr" 's3://bucket/t/locked: DELETE object: AccessDenied: locked'
	same "$(s3-sync ls s3://bucket/t | cut -f 3)" locked
}

@test "a million keys are listed and compared in flat memory" {
	local small large
	[[ $CD4ML_BUILD != *-* ]] || skip "a sanitizer's memory is not the tool's"
	[ -x /usr/bin/time ] || skip "no /usr/bin/time"
	fake FAKE_KEYS="${CD4ML_MANY_KEYS:-1000000}"
	keys
	small=$(/usr/bin/time -f %M s3-sync ls s3://bucket/x 2>&1 >/dev/null | tail -n 1)
	large=$(/usr/bin/time -f %M s3-sync --dry-run --delete s3://million-a s3://million-b 2>&1 >out | tail -n 1)
	contains "$(cat out)" "0 would be deleted, ${CD4ML_MANY_KEYS:-1000000} unchanged"
	echo "# memory: $large KB, $small KB for nothing" >&3
	[ "$large" -lt $((small + 20000)) ]
}
