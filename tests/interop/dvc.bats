#!/usr/bin/env bats
# cas-hash and s3-sync beside real DVC, in both directions, on one repository and one remote.
# DVC is that of tests/interop/peers.sh, of $CD4ML_INTEROP_VENV/bin, or of PATH.

load ../helper

setup() {
	DVC=${PEER_DVC:-${CD4ML_INTEROP_VENV:+$CD4ML_INTEROP_VENV/bin/dvc}}
	DVC=${DVC:-$(command -v dvc || true)}
	scratch
	[ -x "$DVC" ] || skip 'DVC is not installed (CD4ML_INTEROP_VENV names a virtual environment with it)'
	needs git
	export DVC_NO_ANALYTICS=1 DVC_SITE_CACHE_DIR=$BATS_TEST_TMPDIR/site
	mkdir repo
	cd repo || return
	git init -q
}

dvc() {
	"$DVC" "$@"
}

# Names and contents that are easy to get wrong.
awkward() {
	mkdir -p "data/sub/deep" "data/.hidden" "data/ü dir" data/emptydir
	printf 'one\n' >data/one.txt
	printf 'one\n' >data/sub/deep/dup.txt
	printf 'h' >data/.hidden/h
	printf 'ds' >data/.DS_Store
	printf 'gi\n' >data/.gitignore
	: >data/empty
	printf 'x' >data/sub-x
	printf 'x' >data/sub.x
	printf '%s' '日本' >'data/ü dir/日本 語.txt'
	printf 'e' >data/😀.txt
	printf 'c' >$'data/e\u0301'
	printf 'd' >data/é
	printf 'q' >'data/q"b\s'
	printf 't' >$'data/t\tb\x7f'
	printf 'n' >$'data/new\nline'
	printf '#!/bin/sh\n' >data/exe
	chmod +x data/exe
	printf 'a\r\nb\r\n' >data/crlf
	ln -s ../one.txt data/sub/link
	ln -s deep data/sub/linkdir
}

files() {
	for f in 'a: b #c.txt' '[br]*?!.txt' 'with space.txt' "it's.txt" '\back' 'naïve-日本.txt' null 123 true '- x' 'x:' 1e5; do
		printf '%s' "$f" >"$f"
		FILES+=("$f")
	done
	printf '#!/bin/sh\n' >run.sh
	chmod +x run.sh
	: >empty.bin
	FILES+=(run.sh empty.bin)
}

@test "what dvc adds and what we add is the same, file by file" {
	dvc init -q
	awkward
	files
	dvc add -q data "${FILES[@]}"
	mkdir ../theirs
	cp -- *.dvc ../theirs
	cp .gitignore ../theirs/gitignore
	(cd .dvc/cache/files && find . -type f | sort) >../theirs/objects
	rm -rf -- .dvc/cache .gitignore ./*.dvc
	cas-hash add data -- "${FILES[@]}"
	for f in ../theirs/*.dvc; do
		cmp -- "$f" "./${f##*/}"
	done
	cmp .gitignore ../theirs/gitignore
	same "$(cd .dvc/cache/files && find . -type f | sort)" "$(cat ../theirs/objects)"
	same "$(dvc status)" 'Data and pipelines are up to date.'
}

@test "dvc adds and pushes, we pull and check" {
	dvc init -q
	awkward
	files
	dvc add -q data "${FILES[@]}"
	dvc remote add -q -d store ../store
	dvc push -q
	run -0 cas-hash status
	run -0 s3-sync status
	before=$(cas-hash data)
	rm -rf -- .dvc/cache data "${FILES[@]}"
	run -1 s3-sync status
	s3-sync pull
	run -0 cas-hash status
	same "$(cas-hash data)" "$before"
	[ -x run.sh ]
	same "$(dvc status)" 'Data and pipelines are up to date.'
	same "$(dvc status -c)" "Cache and remote 'store' are in sync."
}

@test "we add and push, dvc pulls and checks" {
	cas-hash init
	awkward
	files
	cas-hash add data -- "${FILES[@]}"
	cas-hash remote add -d store ../store
	same "$(dvc remote default)" store
	s3-sync push
	same "$(dvc status)" 'Data and pipelines are up to date.'
	same "$(dvc status -c)" "Cache and remote 'store' are in sync."
	before=$(cas-hash data)
	rm -rf -- .dvc/cache data "${FILES[@]}"
	dvc pull -q
	run -0 cas-hash status
	same "$(cas-hash data)" "$before"
	[ -x run.sh ]
	# DVC has nothing to send after us, and we not after it.
	contains "$(dvc push 2>&1)" 'Everything is up to date'
	same "$(s3-sync push)" 'Everything is up to date.'
}

@test "changes go back and forth by the minute" {
	cas-hash init
	awkward
	cas-hash add data
	cas-hash remote add -d store ../store
	git add -A
	git commit -qm one
	printf 'more\n' >data/more.txt
	contains "$(dvc status)" 'modified:           data'
	dvc add -q data
	git commit -qam two
	run -0 cas-hash status
	rm data/one.txt
	run -1 cas-hash status
	cas-hash add data
	git commit -qam three
	same "$(dvc status)" 'Data and pipelines are up to date.'
	git checkout -q HEAD~2
	dvc checkout -q
	run -0 cas-hash status
	git checkout -q main
	cas-hash checkout
	same "$(dvc status)" 'Data and pipelines are up to date.'
	same "$(cas-hash diff --json HEAD~2 HEAD | tr -d ' \n' | sed 's/,"[a-z_]*_size":[0-9]*//g')" \
		"$(dvc diff --json --show-hash HEAD~2 HEAD | python3 -c 'import json, sys
d = json.load(sys.stdin); d.pop("not in cache", None)
print(json.dumps({k: d[k] for k in ("added", "deleted", "modified", "renamed")}, separators=(",", ":")))')" ||
		false
}

@test "dvc gc and ours agree on what is used" {
	cas-hash init
	awkward
	printf 'x\n' >x
	cas-hash add data x
	git add -A
	git commit -qm one
	printf 'y\n' >x
	cas-hash add x
	git commit -qam two
	cp -r .dvc/cache ../cache
	dvc gc -q -f -w
	theirs=$(cd .dvc/cache/files && find . -type f | sort)
	rm -rf .dvc/cache
	cp -r ../cache .dvc/cache
	cas-hash gc -w
	same "$(cd .dvc/cache/files && find . -type f | sort)" "$theirs"
}

@test "links of every type are seen by both" {
	for type in hardlink symlink copy; do
		rm -rf .dvc data ./*.dvc .gitignore .dvcignore
		dvc init -q -f
		dvc config -q cache.type $type
		awkward
		rm data/sub/link data/sub/linkdir
		cas-hash add data
		same "$(dvc status)" 'Data and pipelines are up to date.'
		rm -rf data
		dvc checkout -q
		run -0 cas-hash status
		rm -rf data
		cas-hash checkout
		same "$(dvc status)" 'Data and pipelines are up to date.'
	done
}

@test "a pointer of DVC 2 is read, and written anew in today's form" {
	dvc init -q
	printf 'a\r\nb\r\n' >crlf.txt
	# 3 (md5 of a\nb\n), as DVC 2 stored it
	old=$(printf 'a\nb\n' | md5sum | cut -c-32)
	printf 'outs:\n- md5: %s\n  size: 6\n  path: crlf.txt\n' "$old" >crlf.txt.dvc
	mkdir -p ".dvc/cache/${old:0:2}"
	cp crlf.txt ".dvc/cache/${old:0:2}/${old:2}"
	chmod 444 ".dvc/cache/${old:0:2}/${old:2}"
	same "$(dvc status)" 'Data and pipelines are up to date.'
	run -0 cas-hash status
	rm crlf.txt
	cas-hash checkout
	same_file crlf.txt $'a\r\nb\r\n'
	cas-hash remote add -d store ../store
	s3-sync push
	[ -e "../store/${old:0:2}/${old:2}" ]
	same "$(dvc status -c)" "Cache and remote 'store' are in sync."
	rm -rf .dvc/cache crlf.txt
	s3-sync pull
	same_file crlf.txt $'a\r\nb\r\n'
	same "$(dvc status)" 'Data and pipelines are up to date.'
	cas-hash add crlf.txt
	contains "$(cat crlf.txt.dvc)" 'hash: md5'
	same "$(dvc status)" 'Data and pipelines are up to date.'
}

@test "outputs of a pipeline that dvc ran are ours too" {
	dvc init -q
	dvc remote add -q -d store ../store
	printf 'in\n' >in.txt
	dvc add -q in.txt
	cat >dvc.yaml <<-'END'
		stages:
		  make:
		    cmd: mkdir -p out && cp in.txt out/a && echo '{"m":1}' > m.json
		    deps: [in.txt]
		    outs: [out]
		    metrics:
		    - m.json: {cache: false}
		  sub:
		    wdir: w
		    cmd: cp ../in.txt o.txt
		    deps: [../in.txt]
		    outs: [o.txt]
	END
	mkdir w
	dvc repro -q
	run -0 cas-hash status
	s3-sync push --run-cache
	same "$(dvc status -c)" "Cache and remote 'store' are in sync."
	rm -rf .dvc/cache out w/o.txt
	s3-sync pull --run-cache
	same_file out/a $'in\n'
	same_file w/o.txt $'in\n'
	same "$(dvc status)" 'Data and pipelines are up to date.'
	contains "$(dvc repro 2>&1)" "didn't change, skipping"
	rm -rf out dvc.lock
	contains "$(dvc repro make 2>&1)" 'is cached - skipping run'
}

@test "what we bring from elsewhere is an import to dvc, and the other way round" {
	dvc init -q
	mkdir -p ../src/d/e
	printf 'hello\n' >../src/h.txt
	printf '1\n' >../src/d/a
	printf '2\n' >../src/d/e/b
	dvc import-url -q ../src/h.txt
	dvc import-url -q "$(dirname "$PWD")/src/d"
	mkdir ../theirs
	mv ./*.dvc ../theirs
	rm -rf h.txt d .gitignore
	cas-hash get ../src/h.txt
	cas-hash get "$(dirname "$PWD")/src/d"
	for f in h.txt.dvc d.dvc; do cmp $f ../theirs/$f; done
	same "$(dvc status -q && echo clean)" clean
	printf 'more\n' >>../src/h.txt
	dvc update -q h.txt.dvc
	same_file h.txt $'hello\nmore\n'
	run -0 cas-hash status
	printf 'last\n' >>../src/h.txt
	cas-hash get --force ../src/h.txt
	same "$(dvc status -q && echo clean)" clean
}

@test ".dvcignore leaves out what dvc leaves out" {
	for rules in '*.txt' '/sub' 'sub/' 'data/**' '!keep\n*.txt' '*.txt\n!one.txt' ' *.txt' '\t[a-o]*' '?' '[!a]' 'data/sub/*\n!data/sub/x' '**/sub/**' 'data/*/x' '\\#h' '#h'; do
		rm -rf .dvc data data.dvc .gitignore
		dvc init -q -f
		mkdir -p data/sub/deep
		for f in one.txt two 'a b' é x '#h' sub/x sub/y.txt sub/deep/x sub/deep/é; do printf '%s' "$f" >"data/$f"; done
		printf '%b\n' "$rules" >.dvcignore
		dvc add -q data 2>/dev/null || true
		theirs=$(cat data.dvc 2>/dev/null || echo none)
		rm -f data.dvc
		cas-hash add data 2>/dev/null || true
		same "$rules: $(cat data.dvc 2>/dev/null || echo none)" "$rules: $theirs"
		[ "$theirs" = none ] || same "$(cas-hash ./data)" "$(sed -n 's/^- md5: //p' data.dvc)  ./data"
	done
	mkdir -p up/low
	mv data up/low
	printf 'x\n' >up/.dvcignore
	printf 'two\n' >.dvcignore
	dvc add -q up/low/data
	id=$(sed -n 's/^- md5: //p' up/low/data.dvc)
	same "$(cas-hash up/low/data)" "$id  up/low/data"
	same "$(cd up/low/data && cas-hash .)" "$id  ."
	same "$(cd / && cas-hash "$OLDPWD/up/low/data")" "$id  $PWD/up/low/data"
}

@test "a repository in a folder of git's is the same to both" {
	mkdir -p a/b theirs
	(cd theirs && dvc init -q --subdir)
	cd a/b || return
	cas-hash init --subdir
	diff -r -x tmp -x btime .dvc ../../theirs/.dvc
	diff .dvcignore ../../theirs/.dvcignore
	cas-hash remote add -d store ../store
	awkward
	cas-hash add data
	git add -A
	git commit -qm one
	s3-sync push
	same "$(dvc status -q && echo clean)" clean
	contains "$(dvc status -c)" 'in sync'
	printf 'more\n' >data/more
	dvc add -q data
	dvc push -q
	run -0 cas-hash status
	run -0 s3-sync status
	run -1 cas-hash diff
	contains "$output" 'data/more'
	contains "$(dvc diff)" 'more'
	rm -rf data .dvc/cache
	s3-sync fetch --rev HEAD
	rm -rf data
	dvc pull -q
	same_file data/more $'more\n'
}

@test "20,000 small files and a gigabyte go through add, push and pull of both" {
	cas-hash init
	cas-hash remote add -d store ../store
	mkdir -p data/many
	awk 'BEGIN { for (i = 0; i < 20000; i++) { f = sprintf("data/many/%05d", i); print i, i * i > f; close(f) } }'
	head -c 1000000000 /dev/zero | tr '\0' x >data/large
	cas-hash add data
	same "$(dvc status)" 'Data and pipelines are up to date.'
	s3-sync push
	same "$(dvc status -c)" "Cache and remote 'store' are in sync."
	before=$(cas-hash data)
	rm -rf .dvc/cache data
	dvc pull -q
	run -0 cas-hash status
	same "$(cas-hash data)" "$before"
}

# What is killed at any moment leaves what the next run, ours or DVC's, goes on with.
@test "a hundred kills of add, commit, checkout and gc lose nothing" {
	cas-hash init
	mkdir data
	awk 'BEGIN { for (i = 0; i < 500; i++) { f = sprintf("data/%04d", i); print i > f; close(f) } }'
	head -c 5000000 /dev/urandom >data/big
	want=$(cas-hash data)
	kills=0
	for i in $(seq 100); do
		case $((i % 4)) in
		0) rm -rf .dvc/cache data.dvc && set -- add data ;;
		1) printf '%d\n' "$i" >data/changed && set -- commit ;;
		2) rm -rf data && set -- checkout --force ;;
		3) printf '%d\n' "$i" >loose && cas-hash add loose && rm -f loose.dvc loose && set -- gc -w ;;
		esac
		cas-hash "$@" >/dev/null 2>&1 &
		pid=$!
		sleep "0.0$((RANDOM % 90 + 10))"
		if kill -9 $pid 2>/dev/null; then kills=$((kills + 1)); fi
		wait $pid 2>/dev/null || true
		run -0 cas-hash verify
		[ -e data.dvc ] || cas-hash add data
		cas-hash checkout --force
		run -0 cas-hash status
		rm -f data/changed
		cas-hash add data
		same "$(cas-hash data)" "$want"
	done
	[ $((kills * 5)) -gt 100 ]
	same "$(dvc status)" 'Data and pipelines are up to date.'
	same "$(find .dvc/cache -name '.*' | wc -l)" 0
}

@test "a lock that dvc holds is waited for" {
	dvc init -q
	printf 'x' >x
	"${DVC%/*}/python" -c '
import time, zc.lockfile
l = zc.lockfile.LockFile(".dvc/tmp/lock")
open("held", "w").close()
time.sleep(1)
l.close()' &
	while [ ! -e held ]; do :; done
	cas-hash add x
	wait
	same "$(dvc status)" 'Data and pipelines are up to date.'
}
