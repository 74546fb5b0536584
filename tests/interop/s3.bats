load ../helper

# A real S3 server on loopback, and real DVC. CD4ML_KILLS, CD4ML_FAULT_OBJECTS: how much of it (6, 300).
PEER_S3=${CD4ML_S3_SERVER-} KILLS=${CD4ML_KILLS:-6} OBJECTS=${CD4ML_FAULT_OBJECTS:-300}

setup() {
	scratch
	server=${PEER_S3:-$(command -v versitygw || true)}
	[ -n "$server" ] || skip "no S3 server (CD4ML_S3_SERVER; go install github.com/versity/versitygw/cmd/versitygw)"
	export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=testtest AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
	mkdir -p "$BATS_TEST_TMPDIR/gw/bucket"
	local tries=0
	until [ -n "${AWS_ENDPOINT_URL-}" ]; do
		port=$((20000 + (RANDOM % 30000)))
		ROOT_ACCESS_KEY=test ROOT_SECRET_KEY=testtest "$server" --port "127.0.0.1:$port" --keep-alive --quiet \
			posix "$BATS_TEST_TMPDIR/gw" >"$BATS_TEST_TMPDIR/gw.log" 2>&1 3>&- &
		gw_pid=$!
		for _ in $(seq 50); do
			if s3-sync ls --endpoint-url "http://127.0.0.1:$port" s3://bucket 2>&1 | grep -q 'nothing lies'; then
				export AWS_ENDPOINT_URL=http://127.0.0.1:$port
				break
			fi
			kill -0 "$gw_pid" 2>/dev/null || break
			sleep 0.1
		done
		[ $((tries += 1)) -lt 5 ]
	done
	git init -q .
}

# tls_server - another server on the same folder, with a certificate of its own; sets TLS_URL
tls_server() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
		-addext subjectAltName=IP:127.0.0.1 -keyout ../key.pem -out ../cert.pem 2>../openssl.log
	local port=$((20000 + (RANDOM % 30000)))
	ROOT_ACCESS_KEY=test ROOT_SECRET_KEY=testtest "$server" --port "127.0.0.1:$port" --keep-alive --quiet \
		--cert "$PWD/../cert.pem" --key "$PWD/../key.pem" posix "$BATS_TEST_TMPDIR/gw" >"$BATS_TEST_TMPDIR/tls.log" 2>&1 3>&- &
	tls_pid=$!
	TLS_URL=https://127.0.0.1:$port
	until openssl s_client -connect "127.0.0.1:$port" </dev/null >/dev/null 2>&1; do
		kill -0 "$tls_pid"
		sleep 0.1
	done
}

teardown() {
	[ -z "${tls_pid-}" ] || kill "$tls_pid" || true
	[ -z "${proxy_pid-}" ] || kill "$proxy_pid" || true
	[ -z "${gw_pid-}" ] || kill "$gw_pid" || true
}

dvc_setup() {
	dvc=${PEER_DVC:-$(command -v dvc || true)}
	[ -n "$dvc" ] || skip "no DVC (see make interop)"
	export DVC_NO_ANALYTICS=1 DVC_SITE_CACHE_DIR=$BATS_TEST_TMPDIR/site
}

# proxy SHARE SEED - all goes through faults from now on
proxy() {
	"${PYTHON:-python3}" "$ROOT/tests/interop/s3-proxy.py" "$BATS_TEST_TMPDIR/port" "$port" "$1" "$2" \
		>"$BATS_TEST_TMPDIR/proxy.log" 2>&1 3>&- &
	proxy_pid=$!
	until [ -e "$BATS_TEST_TMPDIR/port" ]; do sleep 0.1; done
	AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")
}

tree() {
	mkdir -p data/sub/deep data/sub-x data/.hidden
	echo a >data/a
	echo b >data/sub/b
	echo b >data/sub-x/z
	echo ü >"data/sub/deep/ü %+&.txt"
	echo h >data/.hidden/h
	: >data/empty
	for i in $(seq "${1:-100}"); do echo "$i $i" >"data/sub/$i"; done
	head -c 40000000 /dev/zero | tr '\0' 'x' >big
	printf '#!/bin/sh\n' >tool.sh
	chmod +x tool.sh
}

@test "DVC pulls, checks and collects what we pushed" {
	dvc_setup
	cas-hash init
	cas-hash remote add -d s s3://bucket/p
	cas-hash remote modify s endpointurl "$AWS_ENDPOINT_URL"
	tree
	cas-hash add data big tool.sh
	s3-sync push
	run -0 s3-sync status
	run -0 "$dvc" status -c
	contains "$output" "in sync"
	mv data ../data.was
	rm -rf big tool.sh .dvc/cache
	"$dvc" pull
	diff -r data ../data.was
	[ -x tool.sh ]
	[ "$(wc -c <big)" -eq 40000000 ]
	echo c >data/new
	cas-hash add data
	s3-sync push
	"$dvc" gc -w -c -f
	rm -rf data .dvc/cache
	s3-sync pull
	cat data/new
	run -0 s3-sync status
}

@test "we pull, check and collect what DVC pushed" {
	dvc_setup
	"$dvc" init -q
	"$dvc" remote add -q -d s s3://bucket/p
	"$dvc" remote modify -q s endpointurl "$AWS_ENDPOINT_URL"
	tree
	"$dvc" add -q data big tool.sh
	"$dvc" push
	run -0 s3-sync status
	same "$(s3-sync push)" "Everything is up to date."
	mv data ../data.was
	rm -rf big tool.sh .dvc/cache
	s3-sync pull
	diff -r data ../data.was
	run -0 "$dvc" status
	contains "$output" "up to date"
	rm data/a
	cas-hash add data
	s3-sync push
	cas-hash gc -w --remote s
	run -0 "$dvc" status -c
	contains "$output" "in sync"
}

@test "a tree goes into a bucket and comes out again, and only changes move" {
	tree 20
	s3-sync data s3://bucket/t
	same "$(s3-sync data s3://bucket/t)" '0 files copied (0 B), 0 deleted, 26 unchanged'
	touch data/a
	same "$(s3-sync data s3://bucket/t)" '0 files copied (0 B), 0 deleted, 26 unchanged'
	echo c >data/a
	same "$(s3-sync -v data s3://bucket/t | head -n 1)" $'sent\ta\t2\tcontent'
	s3-sync s3://bucket/t out
	diff -r data out
	same "$(s3-sync s3://bucket/t out)" '0 files copied (0 B), 0 deleted, 26 unchanged'
	s3-sync s3://bucket/t s3://bucket/u
	same "$(s3-sync ls s3://bucket/u | wc -l)" 26
	rm data/a data/empty
	run -2 s3-sync --delete --max-delete 1 data s3://bucket/t
	s3-sync --delete data s3://bucket/t
	same "$(s3-sync ls s3://bucket/t | wc -l)" 24
	echo stream | s3-sync -q - s3://bucket/stream
	same "$(s3-sync s3://bucket/stream -)" stream
	s3-sync big s3://bucket/
	s3-sync s3://bucket/big copy
	cmp big copy
	run -2 s3-sync rm s3://bucket/nosuch
	s3-sync rm --recursive s3://bucket/u
	run -2 s3-sync ls s3://bucket/u
}

@test "through faults of every kind nothing is lost and nothing is wrong" {
	local n=$OBJECTS i
	cas-hash init
	cas-hash remote add -d s s3://bucket/p
	tree "$n"
	cas-hash add data big
	proxy 0.1 1
	s3-sync push || s3-sync push
	run -0 s3-sync status
	(cd "$BATS_TEST_TMPDIR/gw/bucket/p/files/md5" && for i in ??/*; do
		same "$(md5sum <"$i" | cut -c 1-32)" "$(echo "${i%.dir}" | tr -d /)" || exit 1
	done)
	mv data ../data.was
	mv big ../big.was
	rm -rf .dvc/cache
	s3-sync pull || s3-sync pull
	diff -r data ../data.was
	cmp big ../big.was
	run -0 cas-hash verify
	contains "$(cat "$BATS_TEST_TMPDIR/port.faults")" corrupt
}

@test "what is corrupt in the bucket never gets into the cache" {
	cas-hash init
	cas-hash remote add -d s s3://bucket/p
	echo good >f
	cas-hash add f
	s3-sync push
	key=$(cd "$BATS_TEST_TMPDIR/gw/bucket/p/files/md5" && echo ??/*)
	echo evil >"$BATS_TEST_TMPDIR/gw/bucket/p/files/md5/$key"
	rm -rf .dvc/cache f
	run -2 --separate-stderr s3-sync fetch
	contains "$stderr" "is corrupt"
	[ ! -e ".dvc/cache/files/md5/$key" ]
}

@test "killed at any moment, push and pull go on where they were" {
	local i
	cas-hash init
	cas-hash remote add -d s s3://bucket/p
	tree 300
	cas-hash add data big
	for i in $(seq "$KILLS"); do
		s3-sync push -q &
		sleep "0.$((RANDOM % 40 + 10))"
		kill -9 $! 2>/dev/null || true
		wait $! || true
	done
	s3-sync push
	run -0 s3-sync status
	mv data ../data.was
	rm -rf big .dvc/cache
	for i in $(seq "$KILLS"); do
		s3-sync pull -q &
		sleep "0.$((RANDOM % 40 + 10))"
		kill -9 $! 2>/dev/null || true
		wait $! || true
	done
	s3-sync pull
	diff -r data ../data.was
	run -0 cas-hash verify
}

# wait_for N PATTERN - until the proxy's log has N such lines
wait_for() {
	until [ "$(grep -c "$2" "$BATS_TEST_TMPDIR/port.log" || true)" -ge "$1" ]; do sleep 0.02; done
}

@test "a large upload that was killed sends only the parts that are not there" {
	local sent
	cas-hash init
	cas-hash remote add -d s s3://bucket/p
	head -c 200000000 /dev/urandom >big
	cas-hash add big
	proxy 0 1
	: >"$BATS_TEST_TMPDIR/port.log"
	s3-sync push -q &
	wait_for 10 'PUT.*partNumber'
	kill -9 $! 2>/dev/null || true
	wait $! || true
	s3-sync push -v >../out 2>&1
	contains "$(cat ../out)" 'going on with an interrupted upload'
	# 24 parts, of which 8 may have been on their way.
	sent=$(grep -c 'PUT.*partNumber.* 200' "$BATS_TEST_TMPDIR/port.log")
	[ "$sent" -ge 24 ] && [ "$sent" -le 32 ]
	for key in "$BATS_TEST_TMPDIR"/gw/bucket/p/files/md5/??/*; do
		cmp "$key" big
	done
}

@test "a large download that was killed fetches only the parts that are not here" {
	local got
	cas-hash init
	cas-hash remote add -d s s3://bucket/p
	head -c 200000000 /dev/urandom >big
	cas-hash add big
	s3-sync push -q
	mv big ../big.was
	rm -rf .dvc/cache
	proxy 0 1
	: >"$BATS_TEST_TMPDIR/port.log"
	s3-sync fetch -q &
	wait_for 10 'GET.*bytes='
	kill -9 $! 2>/dev/null || true
	wait $! || true
	compgen -G '.dvc/cache/files/md5/??/.cd4ml-*-part.tmp'
	s3-sync pull -v >../out 2>&1
	contains "$(cat ../out)" 'going on with an interrupted download'
	got=$(grep -c 'GET.*bytes=.* 206' "$BATS_TEST_TMPDIR/port.log")
	[ "$got" -ge 24 ] && [ "$got" -le 34 ] # the first one is asked for twice
	cmp big ../big.was
	run ! compgen -G '.dvc/cache/files/md5/??/.cd4ml-*-part.tmp'
	run -0 cas-hash verify
	# Pieces that are not what they were are found by the hash, and the whole is fetched anew.
	rm -rf .dvc/cache big
	s3-sync fetch -q &
	wait_for 45 'GET.*bytes='
	kill -9 $! 2>/dev/null || true
	wait $! || true
	part=$(echo .dvc/cache/files/md5/??/.cd4ml-*-part.tmp)
	[ ! -e "$part" ] || printf 'XXXX' | dd of="$part" bs=1 seek=9000000 conv=notrunc status=none
	s3-sync pull -q
	cmp big ../big.was
}

@test "many files are sent with few descriptors" {
	mkdir many
	for i in $(seq 200); do head -c 100000 /dev/zero | tr '\0' $((i % 10)) >many/"$i"; done
	(ulimit -n 100 && s3-sync -q many s3://bucket/many && s3-sync -q s3://bucket/many copy)
	diff -r many copy
}

@test "over TLS: a strange certificate is refused, unless it is named or the user does not want to know" {
	command -v openssl >/dev/null || skip "no openssl"
	tls_server
	head -c 20000000 /dev/zero | tr '\0' x >f
	run -2 --separate-stderr s3-sync -q --endpoint-url "$TLS_URL" f s3://bucket/f
	contains "$stderr" "name your authority's certificates in AWS_CA_BUNDLE"
	for variable in AWS_CA_BUNDLE SSL_CERT_FILE; do
		env "$variable=$PWD/../cert.pem" s3-sync -q --endpoint-url "$TLS_URL" f s3://bucket/$variable
		env "$variable=$PWD/../cert.pem" s3-sync -q --endpoint-url "$TLS_URL" s3://bucket/$variable "$variable"
		cmp f "$variable"
	done
	AWS_CA_BUNDLE=nosuch run ! s3-sync -q --endpoint-url "$TLS_URL" f s3://bucket/f
	s3-sync -q --no-verify-ssl --endpoint-url "$TLS_URL" f s3://bucket/f
	s3-sync -q s3://bucket/f g
	cmp f g
	cas-hash init
	cas-hash remote add -d s s3://bucket/p
	cas-hash remote modify s endpointurl "$TLS_URL"
	cas-hash add f
	unset AWS_ENDPOINT_URL
	run ! s3-sync push -q
	cas-hash remote modify s ssl_verify "$PWD/../cert.pem"
	s3-sync push -q
	rm -rf .dvc/cache f
	cas-hash remote modify s ssl_verify false
	s3-sync pull -q
	cmp f g
}

@test "each checksum is accepted, of one piece and of parts" {
	echo small >small
	head -c 20000000 /dev/urandom >large
	for algo in md5 crc64nvme sha256 none; do
		s3-sync -q --checksum-algo $algo small s3://bucket/$algo/small
		s3-sync -q --checksum-algo $algo large s3://bucket/$algo/large
		s3-sync -q s3://bucket/$algo got-$algo
		cmp small got-$algo/small
		cmp large got-$algo/large
	done
}

@test "--bwlimit: what is limited takes so long at least" {
	local begin end
	mkdir many
	head -c 1500000 /dev/zero | tr '\0' x >large
	for i in $(seq 30); do head -c 50000 large >many/"$i"; done
	# Three seconds by the limit; half of it is asked for, since what fits into buffers goes at once.
	for args in 'large s3://bucket/large' 's3://bucket/large got' 'many s3://bucket/many' 's3://bucket/many got-many'; do
		begin=$(date +%s%N)
		# shellcheck disable=SC2086
		s3-sync -q --bwlimit 500k $args
		end=$(date +%s%N)
		echo "$args: $(((end - begin) / 1000000)) ms"
		[ $((end - begin)) -ge 1500000000 ]
	done
}

@test "what goes wrong most is told with what to do" {
	run -2 --separate-stderr s3-sync ls s3://nosuchbucket
	contains "$stderr" "create the bucket"
	AWS_SECRET_ACCESS_KEY=wrong run -2 --separate-stderr s3-sync ls s3://bucket
	contains "$stderr" "is AWS_SECRET_ACCESS_KEY right"
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	run -2 --separate-stderr s3-sync ls s3://bucket
	contains "$stderr" "no AWS credentials found"
}
