#!/usr/bin/env bats
# s3-sync and cas-hash against servers and repositories that lie: a clear error, the right status, nothing outside of the
# target, nothing half-written. What each bucket does stands in hostile-s3.py, by its name.

load helper

setup() {
	scratch
	unset http_proxy HTTP_PROXY
	export AWS_EC2_METADATA_DISABLED=true AWS_ACCESS_KEY_ID=k AWS_SECRET_ACCESS_KEY=s AWS_MAX_ATTEMPTS=2
}

teardown() {
	[ -z "${server_pid-}" ] || kill "$server_pid" || true
}

server() {
	needs python3
	python3 "$BATS_TEST_DIRNAME/hostile-s3.py" ../port >../server.log 2>&1 3>&- &
	server_pid=$!
	until [ -e ../port ]; do sleep 0.02; done
	AWS_ENDPOINT_URL=http://127.0.0.1:$(cat ../port)
	export AWS_ENDPOINT_URL
}

# everything - all files here and around, but the server's and bats' own
everything() {
	find .. ! -name port.log ! -name 'separate-stderr-*' | sort
}

# refused STATUS TEXT COMMAND... - it ends with the status and the message, and leaves the folder as it was
refused() {
	local want=$1 text=$2 before

	shift 2
	before=$(everything)
	run "-$want" --separate-stderr timeout 60 "$@"
	contains "$stderr" "$text" || return
	same "$(everything)" "$before"
}

HELLO=b1946ac92492d2347c6235b4d2611184

# ---- what a server gives

@test "an object of which other bytes come than the listing, or the answer itself, told is not taken" {
	server
	mkdir to
	refused 3 'has 3 bytes, and not the 6 that were listed' s3-sync s3://get-short to
	refused 3 'has 10 bytes, and not the 6 that were listed' s3-sync s3://get-more to
	refused 3 'has 3 bytes, and not the 6 that were listed' s3-sync s3://get-cut to
	refused 3 'Transferred a partial file' s3-sync s3://get-cut/a to
	refused 3 'the server sends more than was asked for' s3-sync s3://get-beyond to
	refused 3 'not those that the server has' s3-sync s3://get-etag to
}

@test "a range that is another one than was asked for is not taken" {
	server
	mkdir to
	refused 3 'the server sent another part than was asked for' s3-sync s3://get-elsewhere to
	refused 3 'the object changed while it was fetched' s3-sync s3://get-second/big to
	refused 3 'the server gives no ETag; whether all parts are of the same object cannot be told' s3-sync s3://get-mixed/big to
	refused 3 'the server does not say how large it is' s3-sync s3://get-untold/a to
	refused 3 'the server does not say how large it is' s3-sync s3://get-nonsense/a to
	refused 3 'the server says that it has 4611686018427387904 bytes' s3-sync s3://get-huge/a to
}

@test "an answer without an end, or with headers without one, is given up" {
	server
	mkdir to
	refused 3 'the server does not say how large it is' s3-sync s3://get-endless/a to
	refused 3 'headers' s3-sync s3://get-headers/a to
	refused 3 'is larger than 64 MiB' s3-sync ls s3://list-endless
	refused 2 'AccessDenied' s3-sync ls s3://error-mega
	refused 2 'AccessDenied' s3-sync ls s3://error-endless
}

@test "dates that no file can have are none" {
	server
	s3-sync -q s3://get-future to
	same_file to/a $'hello\n'
	contains "$(s3-sync ls s3://get-future)" '1970-01-01T00:00:00Z'
}

# ---- listings

@test "listings that are broken, deep, endless or not listings at all are errors" {
	server
	mkdir to
	echo mine >to/mine
	refused 3 'XML line' s3-sync --delete s3://list-broken to
	refused 3 'XML line' s3-sync --delete s3://list-json to
	refused 3 'XML: nested too deep' s3-sync --delete s3://list-deep to
	refused 3 'XML: a document type is not expected' s3-sync --delete s3://list-laughs to
	refused 3 'XML: a document type is not expected' s3-sync --delete s3://list-outer to
	refused 3 'XML: a text is too long' s3-sync --delete s3://list-long to
	refused 3 'a size is not a number' s3-sync --delete s3://list-size to
	refused 3 'a size is not a number' s3-sync --delete s3://list-sizes to
	for bucket in same ring empty; do
		refused 3 "the server's listing does not get to an end" s3-sync ls s3://list-$bucket
		refused 3 "the server's listing does not get to an end" s3-sync --delete s3://list-$bucket to
	done
	same_file to/mine $'mine\n'
}

@test "keys that are no names of files below the target are left out and told, the others come" {
	server
	run -3 --separate-stderr s3-sync s3://list-names to
	contains "$stderr" '8 files could not be copied'
	contains "$stderr" "../out: the key cannot be the name of a file below a folder"
	contains "$stderr" "/etc/out: the key cannot"
	[[ $stderr != *$'\x1b'* ]]
	same "$(cd to && find . -type f | sort)" $'./esc\x1b[31m\n./good\n./new\nline'
	same "$(find .. -name out)" ''
	run -0 s3-sync ls s3://list-names
	[[ $output != *$'\x1b'* ]]
	contains "$output" '	new\nline'
}

@test "a key with a NUL, or one that was not asked for, ends the listing: another object would be meant" {
	server
	refused 3 'listing: a key with a NUL' s3-sync rm --recursive s3://list-nul
	refused 3 "the server lists 'other/a', which was not asked for" s3-sync rm --recursive s3://list-strange/p
	run grep -c DELETE ../port.log
	same "$output" 0
}

@test "nothing is written through a symbolic link in the target" {
	server
	mkdir from to outside
	mkdir from/d
	echo x >from/d/f
	ln -s ../outside to/d
	run -3 --separate-stderr s3-sync from to
	contains "$stderr" "d/f: lies beyond the symbolic link 'd'"
	same "$(ls outside)" ''
}

@test "what a server says cannot lead to another host, nor onto the terminal" {
	server
	refused 2 'PermanentRedirect' s3-sync ls s3://error-region
	run -2 --separate-stderr s3-sync ls s3://error-mega
	[[ $stderr != *$'\x1b'* ]]
	[ "${#stderr}" -lt 3000 ]
}

# ---- uploads

@test "an upload whose parts or end the server does not vouch for has failed" {
	server
	head -c 17000000 /dev/zero >big
	refused 3 'the server gives no ETag for a part' s3-sync big s3://put-tagless/big
	refused 3 'the server does not say that it has it' s3-sync big s3://put-mute/big
	run -0 timeout 60 s3-sync big s3://put-parts/big
}

# ---- time

@test "a transfer that stands still is begun anew, then given up" {
	server
	s3-sync -q --cli-read-timeout 1 s3://stall-once/a got
	same_file got $'hello\n'
	mkdir to
	AWS_MAX_ATTEMPTS=1 refused 3 'Timeout was reached' s3-sync --cli-read-timeout 1 s3://stall to
	AWS_MAX_ATTEMPTS=1 refused 3 'Timeout was reached' s3-sync --cli-read-timeout 1 ls s3://mute
	refused 2 "read_timeout 'soon' is not a number of seconds" s3-sync --cli-read-timeout soon ls s3://mute
	refused 2 "connect_timeout '-1' is not a number of seconds" s3-sync --cli-connect-timeout=-1 ls s3://mute
}

# ---- repositories

# A repository with "hello" in its cache.
repo() {
	needs git
	git init -q
	cas-hash init
	printf 'hello\n' >hello.txt
	cas-hash add hello.txt
	mkdir ../outside
}

# pointer PATH [MD5] - a .dvc file of a file, or by its MD5 of a directory
pointer() {
	printf 'outs:\n- md5: %s\n  size: 6\n  hash: md5\n  path: %s\n' "${2-$HELLO}" "$1"
}

# manifest TEXT - puts it into the cache as the list of a directory; prints its id
manifest() {
	local id

	id=$(printf '%s' "$1" | md5sum | cut -c-32)
	mkdir -p ".dvc/cache/files/md5/${id:0:2}"
	printf '%s' "$1" >".dvc/cache/files/md5/${id:0:2}/${id:2}.dir"
	echo "$id.dir"
}

# entry RELPATH
entry() {
	printf '{"md5": "%s", "relpath": "%s"}' $HELLO "$1"
}

@test "a .dvc file cannot name a place outside of the workspace, nor an object outside of the cache" {
	repo
	for path in ../outside/x /tmp/x "''" . .. a/../../outside/x .git/hooks/x sub/.dvc/x .dvc/config; do
		pointer "$path" >x.dvc
		refused 2 'x.dvc: output 1: ' cas-hash checkout -f
		refused 2 'x.dvc: output 1: ' s3-sync pull -f
		refused 2 'x.dvc: output 1: ' cas-hash gc -w
	done
	printf 'wdir: ../outside\n' >>x.dvc
	refused 2 'x.dvc: output 1: ' cas-hash checkout -f
	for md5 in ../../../../etc/passwd ${HELLO:0:2}/${HELLO:2} ${HELLO:1} ${HELLO}0 "''" "'*'" ${HELLO}.dirt; do
		pointer a "$md5" >x.dvc
		refused 2 "is not an MD5" cas-hash checkout -f
	done
	pointer '"a\0b"' >x.dvc
	refused 2 'x.dvc:5: text with a NUL' cas-hash checkout -f
	for size in -3 99999999999999999999999; do
		pointer a | sed "s/size: .*/size: $size/" >x.dvc
		refused 2 x.dvc cas-hash checkout -f
	done
	{
		echo 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'
		for i in 0 1 2 3 4 5 6 7 8; do
			echo "a$((i + 1)): &a$((i + 1)) [*a$i, *a$i, *a$i, *a$i, *a$i, *a$i, *a$i, *a$i, *a$i, *a$i]"
		done
	} >x.dvc
	refused 2 'aliases stand for too much' cas-hash checkout -f
}

@test "the list of a directory cannot name a place outside of it, or one place twice" {
	repo
	for path in ../x /tmp/x '' . .. a/../../x a//b a/ ./a .git/hooks/x sub/.git/config; do
		pointer d "$(manifest "[$(entry "$path")]")" >d.dvc
		refused 2 'does not stay inside of the directory' cas-hash checkout -f
	done
	while IFS='|' read -r list why; do
		pointer d "$(manifest "$list")" >d.dvc
		refused 2 "$why" cas-hash checkout -f
		refused 2 "$why" cas-hash gc -w
	done <<-END
		[$(entry a), $(entry a)]|the path 'a' comes twice
		[$(entry a/b), $(entry a-b), $(entry a)]|'a' is both a file and a folder
		[$(entry 'a\u0000b')]|a value should be here
		[{"md5": "../../../../etc/passwd", "relpath": "a"}]|is not an MD5
		[{"md5": "${HELLO:0:2}/${HELLO:2}", "relpath": "a"}]|is not an MD5
		[{"relpath": "a"}]|an entry is not complete
		[$(entry a)|the list does not end
		[[[[[[[[[[|an entry should begin here
	END
	[ ! -e d ]
}

@test "a symbolic link on the way is not gone through, in a directory either" {
	repo
	pointer d "$(manifest "[$(entry sub/x), $(entry y)]")" >d.dvc
	mkdir d
	ln -s ../../outside d/sub
	refused 2 'd/sub: is in the way: a folder has to be here' cas-hash checkout -f
	rm -r d
	ln -s ../outside d
	refused 2 'd: is a symbolic link to a folder' cas-hash checkout -f
	refused 2 'd: is a symbolic link to a folder' cas-hash checkout
	same "$(ls ../outside)" ''
}

@test "two owners of one place are refused" {
	repo
	pointer hello.txt >again.dvc
	for command in 'cas-hash checkout' 'cas-hash status' 'cas-hash commit' 's3-sync status'; do
		# shellcheck disable=SC2086
		refused 2 "'hello.txt' (hello.txt.dvc) lies inside of 'hello.txt' (again.dvc); only one of them" $command
	done
	rm again.dvc
	mkdir d d-e
	echo x >d/x
	echo y >d-e/y
	cas-hash add d d-e
	pointer d/x >x.dvc
	refused 2 "'d/x' (x.dvc) lies inside of 'd' (d.dvc)" cas-hash checkout -f
	rm x.dvc
	run -0 cas-hash status
}

@test "get from a web server that lies leaves nothing, or what it gave without its lie" {
	repo
	server
	cas-hash get "$AWS_ENDPOINT_URL/web-tag/f" tagged
	run grep -c checksum tagged.dvc
	same "$output" 0
	refused 2 'the server answers 302' cas-hash get "$AWS_ENDPOINT_URL/web-ring/f"
	refused 2 'the server answers 302' cas-hash get "$AWS_ENDPOINT_URL/web-file/f"
	refused 3 '8 files could not be fetched' cas-hash get s3://list-names names
	refused 3 'has 3 bytes, and not the 6 that were listed' cas-hash get s3://get-short short
	run -0 cas-hash status
}
