#!/usr/bin/env bats
# s3-sync: the promises of its manual.

load helper

good() {
	mkdir from
	printf 'hello\n' >from/a
	good_args=(ls from)
	good_commands=(push fetch pull status ls rm)
	good_missing=1
	good_stream=none # a tree is read
}

HELLO=b1946ac92492d2347c6235b4d2611184

# A repository with a file and a directory in its cache, and a remote.
repo() {
	needs git
	mkdir repo
	cd repo || return
	git init -q
	cas-hash init
	printf 'hello\n' >hello.txt
	mkdir -p data/sub
	printf 'one\n' >data/one.txt
	printf 'two\n' >data/sub/two.txt
	cas-hash add hello.txt data
	cas-hash remote add -d store ../store
	DIR=$(sed -n 's/^- md5: //p' data.dvc)
}

remote() {
	echo "../store/files/md5/${1:0:2}/${1:2}"
}

@test "s3-sync keeps the promises of every tool" {
	contract s3-sync
}

# ---- push, fetch, pull, status

@test "push sends what the remote lacks; status tells it" {
	repo
	run -1 s3-sync status
	same "$output" '	new:                data
	new:                hello.txt'
	same "$(s3-sync push --dry-run 2>/dev/null)" '4 objects would be pushed (152 B)'
	[ ! -e ../store ]
	same "$(s3-sync push)" '4 objects pushed (152 B)'
	same_file "$(remote $HELLO)" $'hello\n'
	[ -e "$(remote "$DIR")" ]
	same "$(s3-sync push)" 'Everything is up to date.'
	run -0 s3-sync status
	same "$output" 'Cache and remote are in sync.'
	same "$(find ../store -name '.*' -type f | wc -l)" 0
}

@test "one target moves alone" {
	repo
	same "$(s3-sync push hello.txt)" '1 objects pushed (6 B)'
	run -1 s3-sync status
	same "$output" '	new:                data'
	run -0 s3-sync status hello.txt.dvc
	run -2 s3-sync push nosuch
}

@test "fetch brings what the cache lacks, pull checks it out too" {
	repo
	s3-sync push
	rm -rf .dvc/cache data hello.txt
	run -1 s3-sync status
	contains "$output" 'deleted:            hello.txt'
	same "$(s3-sync fetch data)" '3 objects fetched (146 B)'
	[ ! -e data ]
	s3-sync pull
	same_file data/sub/two.txt $'two\n'
	same_file hello.txt $'hello\n'
	run -0 cas-hash status
	same "$(stat -c %a .dvc/cache/files/md5/b1/946ac92492d2347c6235b4d2611184)" 444
}

@test "a fresh clone pulls everything" {
	repo
	cas-hash remote modify store url "$(dirname "$PWD")/store"
	s3-sync push
	git add -A
	git commit -qm one
	git clone -q . ../clone
	cd ../clone || return
	s3-sync pull
	run -0 cas-hash status
}

@test "what is not there is told, and what is there still comes" {
	repo
	s3-sync push
	rm -f "$(remote $HELLO)"
	rm -rf .dvc/cache data hello.txt
	run -1 --separate-stderr s3-sync fetch
	contains "$stderr" "hello.txt ($HELLO): not in the remote"
	contains "$output" '3 objects fetched'
	run -1 s3-sync status
	contains "$output" 'missing:            hello.txt'
	cas-hash checkout data
}

@test "a corrupt object does not reach the remote, nor the cache" {
	repo
	f=.dvc/cache/files/md5/b1/946ac92492d2347c6235b4d2611184
	chmod 644 $f
	printf 'jello\n' >$f
	run -2 --separate-stderr s3-sync push
	contains "$stderr" 'is corrupt'
	[ ! -e "$(remote $HELLO)" ]
	[ -e "$(remote "$DIR")" ] # all of its members arrived
	printf 'hello\n' >hello.txt
	cas-hash add hello.txt
	s3-sync push
	chmod 644 "$(remote $HELLO)"
	printf 'jello\n' >"$(remote $HELLO)"
	rm -rf .dvc/cache
	run -2 --separate-stderr s3-sync fetch
	contains "$stderr" 'is corrupt'
	[ ! -e $f ]
	run -0 cas-hash verify
}

@test "a manifest stays here while a member of it is missing" {
	repo
	rm -f .dvc/cache/files/md5/5b/bf5a52328e7439ae6e719dfe712200
	run -1 --separate-stderr s3-sync push
	contains "$stderr" 'data/one.txt'
	[ ! -e "$(remote "$DIR")" ]
	cas-hash add data
	s3-sync push
	[ -e "$(remote "$DIR")" ]
}

@test "kill -9 during push leaves a remote that goes on" {
	repo
	mkdir many
	for i in $(seq 300); do printf '%d\n' $i >many/$i; done
	cas-hash add many
	for i in $(seq 20); do
		rm -rf ../store
		s3-sync push &
		pid=$!
		sleep "0.0$((RANDOM % 40 + 10))"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		s3-sync push
		run -0 s3-sync status
		# shellcheck disable=SC2016
		find ../store -type f ! -name '*.dir' ! -name '.*' -exec sh -c '
			for f; do d=${f%/*}; [ "$(md5sum <"$f" | cut -c-32)" = "${d##*/}${f##*/}" ] || echo "$f"; done' sh {} + >bad
		same_file bad ''
	done
}

@test "the run cache travels with what it names" {
	repo
	key=$(printf 'k' | sha256sum | cut -c-64)
	mkdir -p ".dvc/cache/runs/${key:0:2}/$key"
	cat >".dvc/cache/runs/${key:0:2}/$key/$key" <<-END
		cmd: cp a out
		deps:
		- path: a
		  hash: md5
		  md5: $HELLO
		  size: 6
		outs:
		- path: out
		  hash: md5
		  md5: $HELLO
		  size: 6
	END
	contains "$(s3-sync push --run-cache)" '1 results of runs'
	[ -e "../store/runs/${key:0:2}/$key/$key" ]
	mkdir -p ../store/runs/zz && : >../store/runs/zz/other
	rm -rf .dvc/cache
	s3-sync fetch --run-cache
	[ -e ".dvc/cache/runs/${key:0:2}/$key/$key" ]
	[ ! -e .dvc/cache/runs/zz ]
}

@test "outputs with push: false or cache: false do not travel" {
	repo
	printf '  push: false\n' >>hello.txt.dvc
	same "$(s3-sync push)" '3 objects pushed (146 B)'
	[ ! -e "$(remote $HELLO)" ]
}

@test "an output's own remote is used" {
	repo
	cas-hash remote add other ../other
	printf '  remote: other\n' >>hello.txt.dvc
	s3-sync push
	[ -e ../other/files/md5/b1 ]
	[ ! -e "$(remote $HELLO)" ]
	run -0 s3-sync status
	s3-sync push -r store
	[ -e "$(remote $HELLO)" ]
}

@test "gc of a remote" {
	repo
	s3-sync push
	rm hello.txt.dvc
	contains "$(cas-hash gc -w -r store)" '1 removed'
	[ ! -e "$(remote $HELLO)" ]
	[ -e "$(remote "$DIR")" ]
	[ -e .dvc/cache/files/md5/b1/946ac92492d2347c6235b4d2611184 ]
}

@test "--json gives a line for each object" {
	repo
	run -0 s3-sync push --json hello.txt
	same "$output" "{\"action\": \"push\", \"result\": \"moved\", \"path\": \"hello.txt\", \"hash\": \"$HELLO\", \"size\": 6, \"why\": \"not in the remote\"}"
	rm "$(remote $HELLO)"
	run -1 s3-sync status --json
	same "$(echo "$output" | tr -d ' \n')" '{"new":["data","hello.txt"]}'
}

@test "--explain says why each object is sent, left, held back" {
	repo
	s3-sync push hello.txt
	rm -f .dvc/cache/files/md5/5b/bf5a52328e7439ae6e719dfe712200
	run -1 --separate-stderr s3-sync push --explain
	same "$output" "missing	data/one.txt	5bbf5a52328e7439ae6e719dfe712200	not in the cache
there	hello.txt	$HELLO	in the remote already
moved	data/sub/two.txt	c193497a1a06b2c72230e6146ff47080	not in the remote
held	data	$DIR	a file of it is not in the remote
1 objects pushed (4 B), 1 missing"
	contains "$(s3-sync fetch --explain)" "there	hello.txt	$HELLO	in the cache already"
	contains "$(s3-sync push --explain --json hello.txt)" '"result": "there"'
}

@test "revisions: all commits, or one of them, are moved" {
	repo
	cas-hash remote modify store url "$(dirname "$PWD")/store"
	git add -A && git commit -qm one
	printf 'new\n' >hello.txt
	cas-hash add hello.txt
	git add -A && git commit -qm two
	same "$(s3-sync push hello.txt)" '1 objects pushed (4 B)'
	[ ! -e "$(remote $HELLO)" ]
	same "$(s3-sync push --rev HEAD~1 hello.txt)" '1 objects pushed (6 B)'
	[ -e "$(remote $HELLO)" ]
	same "$(s3-sync push --all-commits)" '3 objects pushed (146 B)'
	run -2 --separate-stderr s3-sync push --rev nosuch
	contains "$stderr" 'nosuch'
	rm -rf .dvc/cache
	git tag old HEAD~1
	same "$(s3-sync fetch -T hello.txt)" '2 objects fetched (10 B)'
	rm -rf .dvc/cache
	same "$(s3-sync fetch -a)" '4 objects fetched (150 B)'
	s3-sync pull --rev HEAD~1
	same_file hello.txt $'new\n'
	run -0 s3-sync status -A
}

@test "without a remote the way to one is told" {
	repo
	cas-hash remote remove store
	run -2 --separate-stderr s3-sync push
	contains "$stderr" 'cas-hash remote add -d NAME URL'
	run -2 --separate-stderr s3-sync push -r nosuch
	contains "$stderr" "there is no remote 'nosuch'"
}

# ---- trees

tree() {
	mkdir -p from/sub/deep from/z
	printf 'a\n' >from/a.txt
	printf 'b\n' >from/sub/b.csv
	printf 'c\n' >from/sub/deep/c.csv
	printf 'd\n' >from/sub-x
	printf '#!/bin/sh\n' >from/z/run
	chmod +x from/z/run
}

@test "a tree is copied with times and x bits, and only what changed again" {
	tree
	same "$(s3-sync from to)" '5 files copied (18 B), 0 deleted, 0 unchanged'
	diff -r from to
	[ -x to/z/run ]
	same "$(stat -c %y to/a.txt)" "$(stat -c %y from/a.txt)"
	same "$(s3-sync from "file://$PWD/to")" '0 files copied (0 B), 0 deleted, 5 unchanged'
	printf 'A\n' >from/a.txt
	same "$(s3-sync -v from to | head -n 1)" 'sent	a.txt	2	time'
	printf 'longer\n' >from/a.txt
	touch -r to/a.txt from/a.txt
	same "$(s3-sync -v from to | head -n 1)" 'sent	a.txt	7	size'
	printf 'LONGER\n' >from/a.txt
	touch -r to/a.txt from/a.txt
	same "$(s3-sync from to)" '0 files copied (0 B), 0 deleted, 5 unchanged'
	same "$(s3-sync -v --checksum from to | head -n 1)" 'sent	a.txt	7	content'
	touch from/a.txt
	same "$(s3-sync --size-only from to)" '0 files copied (0 B), 0 deleted, 5 unchanged'
}

@test "--include and --exclude: the last rule that fits decides" {
	tree
	s3-sync --exclude '*' --include '*.csv' --exclude 'sub/deep/*' from to
	same "$(cd to && find . -type f)" ./sub/b.csv
}

@test "--delete removes last, and not what is excluded" {
	tree
	mkdir -p to/old/er
	printf 'x\n' >to/old/er/file
	printf 'x\n' >to/keep.bak
	s3-sync from to
	[ -e to/old/er/file ]
	same "$(s3-sync --delete --exclude '*.bak' --dry-run from to)" 'deleted	old/er/file	0	not in the source
0 files would be copied (0 B), 1 would be deleted, 5 unchanged'
	[ -e to/old/er/file ]
	s3-sync --delete --exclude '*.bak' from to
	[ ! -e to/old ]
	[ -e to/keep.bak ]
}

@test "guards: an empty source, too many deletions, a failure delete nothing" {
	tree
	s3-sync from to
	mkdir none
	run -2 --separate-stderr s3-sync --delete none to
	contains "$stderr" 'the source is empty'
	diff -r from to
	run -2 --separate-stderr s3-sync --delete nosuch to
	contains "$stderr" "'nosuch' does not exist"
	rm from/a.txt from/sub-x
	run -2 --separate-stderr s3-sync --delete --max-delete 1 from to
	contains "$stderr" '2 files would be deleted, more than 1'
	[ -e to/a.txt ]
	s3-sync --delete --max-delete 2 from to
	[ ! -e to/a.txt ]
	rm from/sub/b.csv
	mkdir to/new.txt
	printf 'x\n' >to/new.txt/x
	printf 'n\n' >from/new.txt
	run -3 --separate-stderr s3-sync --delete from to
	contains "$stderr" 'could not be copied'
	[ -e to/sub/b.csv ]
}

@test "a file is copied to a file or into a folder" {
	printf 'hello\n' >a
	s3-sync a b
	same_file b $'hello\n'
	s3-sync a dir/
	same_file dir/a $'hello\n'
	s3-sync a dir
	same_file dir/a $'hello\n'
	s3-sync a x/y/z
	same_file x/y/z $'hello\n'
}

@test "what is no file is left out with a warning; a tree inside of itself is refused" {
	tree
	mkfifo from/pipe
	ln -s sub from/link
	run -0 --separate-stderr timeout 5 s3-sync from to
	contains "$stderr" "'pipe' is left out"
	contains "$stderr" "'link' is left out"
	run -2 --separate-stderr s3-sync from from/sub/copy
	contains "$stderr" 'inside of one another'
	run -2 --separate-stderr s3-sync from/sub from
	contains "$stderr" 'inside of one another'
}

@test "ls and rm" {
	tree
	touch -d 2020-01-02T03:04:05Z from/a.txt
	same "$(s3-sync ls from | head -n 1)" '2	2020-01-02T03:04:05Z	a.txt'
	same "$(s3-sync ls from | cut -f 3)" 'a.txt
sub-x
sub/b.csv
sub/deep/c.csv
z/run'
	same "$(s3-sync ls from/sub | cut -f 3)" 'b.csv
deep/c.csv'
	same "$(s3-sync rm from/a.txt)" a.txt
	[ ! -e from/a.txt ]
	run -2 --separate-stderr s3-sync rm from/sub
	contains "$stderr" '--recursive'
	same "$(s3-sync rm --recursive --dry-run from/sub)" 'b.csv
deep/c.csv'
	s3-sync rm --recursive from/sub
	[ ! -e from/sub/b.csv ]
	run -2 s3-sync rm nosuch
	run -2 s3-sync ls nosuch
}

@test "options may stand before the command" {
	tree
	same "$(s3-sync -j 2 ls from/sub | cut -f 3)" 'b.csv
deep/c.csv'
	same "$(s3-sync --recursive --dry-run rm from/sub)" 'b.csv
deep/c.csv'
	s3-sync -qv rm --recursive from/sub
	[ ! -e from/sub/b.csv ]
	run -2 --separate-stderr s3-sync --nosuch ls from
	contains "$stderr" "unknown option '--nosuch'"
	run -2 --separate-stderr s3-sync --delete ls from
	contains "$stderr" "unknown option '--delete'"
	mkdir ls
	echo x >ls/x
	s3-sync -q -- ls to # it is the folder
	same_file to/x $'x\n'
}

@test "threads do not change what is done" {
	tree
	for j in 1 2 5; do
		s3-sync -j $j from to$j
		diff -r from to$j
	done
}

@test "--explain tells of what is left too, --json a line for each file" {
	tree
	s3-sync --exclude a.txt from to
	touch -d 2001-01-01 from/sub-x
	same "$(s3-sync --explain --dry-run from to | sort)" '2 files would be copied (4 B), 0 would be deleted, 3 unchanged
same	sub/b.csv	2	size and time
same	sub/deep/c.csv	2	size and time
same	z/run	10	size and time
sent	a.txt	2	new
sent	sub-x	2	time'
	same "$(s3-sync --json --size-only --exclude '*' --include 'z*' from to)" \
		'{"action": "same", "path": "z/run", "size": 10, "why": "size"}'
}

@test "--json of a name that JSON cannot hold has it escaped" {
	mkdir from
	echo a >$'from/\xff'
	same "$(s3-sync --json from to)" '{"action": "sent", "path": "\\xff", "size": 2, "why": "new"}'
}

@test "options of S3 that mean nothing are refused" {
	export AWS_ACCESS_KEY_ID=k AWS_SECRET_ACCESS_KEY=s AWS_ENDPOINT_URL=http://127.0.0.1:1
	run -2 --separate-stderr s3-sync ls s3://bucket --endpoint-url ftp://x
	contains "$stderr" 'not an http or https URL'
	printf 'a\n' >a
	run -2 --separate-stderr s3-sync a s3://bucket/a --checksum-algo md4
	contains "$stderr" 'known are md5, crc64nvme, sha256, none'
	run -2 --separate-stderr s3-sync a s3://bucket/a --bwlimit fast
	contains "$stderr" "bandwidth 'fast'"
	AWS_REQUEST_CHECKSUM_CALCULATION=maybe run -2 --separate-stderr s3-sync a s3://bucket/a
	contains "$stderr" 'known are when_supported, when_required'
	AWS_MAX_ATTEMPTS=0 run -2 --separate-stderr s3-sync a s3://bucket/a
	contains "$stderr" 'a number from 1 to 100'
	run -2 s3-sync a s3://bucket/a --transfers 0
}

@test "unknown urls are refused with what is known" {
	tree
	run -2 --separate-stderr s3-sync from ftp://host/x
	contains "$stderr" 'known are s3://, file:// and paths'
	run -2 --separate-stderr s3-sync from file://host/x
	contains "$stderr" 'names a host'
	run -2 --separate-stderr s3-sync from s3://
	contains "$stderr" 'names no bucket'
}

# ---- libcurl, which is loaded when a transfer is near

# Puts an other libcurl before the system's. A build that links it (CURL=link) has no such choice.
with_curl() {
	! ldd "$(command -v s3-sync)" 2>/dev/null | grep -q libcurl || skip 'libcurl is linked'
	[ "$(uname)" = Linux ] || skip 'the name of the library is that of Linux'
	export LD_LIBRARY_PATH=$PWD/other AWS_ACCESS_KEY_ID=k AWS_SECRET_ACCESS_KEY=s AWS_ENDPOINT_URL=http://127.0.0.1:1
}

@test "what talks to no server does not load libcurl; what does says which package it needs" {
	mkdir other from
	echo none >other/libcurl.so.4
	echo a >from/a
	with_curl
	run -0 s3-sync --version
	run -0 s3-sync from to
	run -0 cas-hash hash from/a
	run -3 --separate-stderr s3-sync ls s3://bucket
	contains "$stderr" 's3-sync: cannot load libcurl: '
	contains "$stderr" '; install it: libcurl4 (Debian, Ubuntu), libcurl (Fedora, Alpine)'
}

@test "a libcurl that is too old, or not one, is refused" {
	needs cc
	mkdir other
	echo 'struct v { int age; const char *version; unsigned num; }; static struct v v = { 0, "7.74.0", 0x074a00 };
		struct v *curl_version_info(int now) { (void)now; return &v; }' >v.c
	sed -n 's/^	X(\(.*\)).*/void curl_\1(void);void curl_\1(void){}/p' "$BATS_TEST_DIRNAME/../lib/remote/libcurl.h" |
		grep -v version_info >rest.c
	cc -shared -fPIC -o other/libcurl.so.4 v.c rest.c
	with_curl
	run -3 --separate-stderr s3-sync ls s3://bucket
	contains "$stderr" 'libcurl is of version 7.74.0; 7.85 or later is needed'
	cc -shared -fPIC -o other/libcurl.so.4 v.c
	run -3 --separate-stderr s3-sync ls s3://bucket
	contains "$stderr" 'libcurl.so.4 has no curl_easy_cleanup()'
}
