#!/usr/bin/env bats
# cas-hash: the promises of its manual.

load helper
load repo

good() {
	printf 'hello\n' >hello.txt
	mkdir dir
	printf 'one\n' >dir/one.txt
	good_args=(hello.txt dir)
	good_commands=(hash init add commit checkout status diff verify gc remote)
	good_stream=none # a pipe is refused
}

@test "cas-hash keeps the promises of every tool" {
	contract cas-hash
}

# ---- hash

@test "hashes are printed as md5sum prints them, and check" {
	printf 'hello\n' >'a b'
	printf 'x' >$'new\nline'
	: >empty
	same "$(cas-hash 'a b' $'new\nline' empty)" "$(md5sum 'a b' $'new\nline' empty)"
	same "$(cas-hash hash --algo sha256 'a b' empty)" "$(sha256sum 'a b' empty)"
	cas-hash 'a b' $'new\nline' empty >sums
	same "$(cas-hash -c sums)" $'a b: OK\nnew\\nline: OK\nempty: OK'
	md5sum --quiet -c sums
	printf 'jello\n' >'a b'
	run -1 cas-hash -c sums
	contains "$output" 'a b: FAILED'
	same "$(printf 'hello\n' | cas-hash -)" "$HELLO  -"
}

@test "a directory's hash is DVC's" {
	mkdir -p 'data/ü dir' data/sub/deep
	printf 'a.b\n' >data/a.b
	printf 'one\n' >data/one.txt
	printf 'one\n' >data/sub/deep/dup.txt
	printf 'x\n' >'data/ü dir/日本 語.txt'
	want=$(printf '[{"md5": "%s", "relpath": "a.b"}, {"md5": "%s", "relpath": "one.txt"}, {"md5": "%s", "relpath": "sub/deep/dup.txt"}, {"md5": "%s", "relpath": "\\u00fc dir/\\u65e5\\u672c \\u8a9e.txt"}]' \
		"$(printf 'a.b\n' | md5sum | cut -c-32)" "$(printf 'one\n' | md5sum | cut -c-32)" \
		"$(printf 'one\n' | md5sum | cut -c-32)" "$(printf 'x\n' | md5sum | cut -c-32)" | md5sum | cut -c-32)
	same "$(cas-hash data)" "$want.dir  data"
	threads_agree cas-hash data
	mkdir empty
	same "$(cas-hash empty)" "d751713988987e9331980363e24189ce.dir  empty"
	run -2 --separate-stderr cas-hash --algo sha256 data
	contains "$stderr" 'is a folder'
}

@test "a directory in a repository is hashed without what .dvcignore leaves out, however it is named" {
	repo
	mkdir data/tmp
	touch data/x.tmp data/tmp/y data/sub/z.tmp
	want=$(cas-hash data | cut -c -36)
	printf '*.tmp\ndata/tmp\n' >.dvcignore
	cas-hash add data
	id=$(sed -n 's/^- md5: //p' data.dvc)
	[ "$id" != "$want" ]
	for name in data data/ ./data data/../data "$PWD/data"; do
		same "$(cas-hash "$name")" "$id  $name"
	done
	same "$(cd data && cas-hash .)" "$id  ."
	same "$(cd data/sub && cas-hash ..)" "$id  .."
	same "$(cd .. && cas-hash work/data)" "$id  work/data"
	same "$(cas-hash -c <(echo "$id  data"))" 'data: OK'
	cp -r data ../outside
	same "$(cas-hash ../outside)" "$want  ../outside"
}

@test "every kernel gives the same hashes" {
	mkdir d
	for i in $(seq 100); do head -c $((i * 97)) /dev/zero | tr '\0' "$((i % 10))" >d/$i; done
	want=$(cas-hash d)
	for cpu in scalar sse42 avx2 avx512; do
		same "$(CD4ML_CPU=$cpu cas-hash d)" "$want"
	done
	same "$(cd d && cas-hash [0-9]*)" "$(cd d && md5sum [0-9]*)"
}

@test "a pipe, a broken link, a name that is not UTF-8 are refused" {
	mkdir d
	mkfifo d/pipe
	run -2 --separate-stderr timeout 5 cas-hash d
	contains "$stderr" 'd/pipe: is neither a file nor a folder'
	run -2 --separate-stderr timeout 5 cas-hash d/pipe
	contains "$stderr" 'is not a plain file'
	rm d/pipe
	ln -s nowhere d/link
	run -2 --separate-stderr cas-hash d
	contains "$stderr" 'd/link: is a broken symbolic link'
	rm d/link
	: >$'d/\xff'
	run -2 --separate-stderr cas-hash d
	contains "$stderr" 'is not UTF-8'
}

@test "a bad list of hashes is an error with its line" {
	printf '%s  a\nnonsense\n' $HELLO >sums
	printf 'hello\n' >a
	run -2 --separate-stderr cas-hash -c sums
	contains "$stderr" 'sums:2'
}

# ---- init, remote

@test "init makes what dvc init makes" {
	needs git
	run -2 --separate-stderr cas-hash init
	contains "$stderr" 'not the root of a git repository'
	[ ! -e .dvc ]
	git init -q
	cas-hash init
	same_file .dvc/config ''
	same_file .dvc/.gitignore $'/config.local\n/tmp\n/cache\n'
	same "$(git status --porcelain)" $'A  .dvc/.gitignore\nA  .dvc/config\nA  .dvcignore'
	run -2 --separate-stderr cas-hash init
	contains "$stderr" 'already'
	mkdir other
	cd other || return
	cas-hash init --no-scm
	same_file .dvc/config $'[core]\n    no_scm = True\n'
	[ ! -e .dvc/.gitignore ]
}

@test "init --subdir makes one in a folder of a git repository" {
	needs git
	run -2 --separate-stderr cas-hash init --subdir
	contains "$stderr" 'is in no git repository'
	git init -q
	mkdir -p a/b c
	cd a/b || return
	run -2 --separate-stderr cas-hash init
	contains "$stderr" 'not the root of a git repository; run git init first, or give --subdir or --no-scm'
	run -2 --separate-stderr cas-hash init --subdir --no-scm
	contains "$stderr" 'exclude one another'
	only
	cas-hash init --subdir
	same_file .dvc/config ''
	same_file .dvc/.gitignore $'/config.local\n/tmp\n/cache\n'
	same "$(git status --porcelain)" $'A  a/b/.dvc/.gitignore\nA  a/b/.dvc/config\nA  a/b/.dvcignore'
	printf 'hello\n' >hello.txt
	cas-hash add hello.txt
	git add -A && git commit -qm one
	printf 'jello\n' >hello.txt
	cas-hash add hello.txt
	run -1 cas-hash diff
	contains "$output" 'hello.txt (6 B -> 6 B)'
	contains "$(cas-hash gc -A)" '2 objects in use, 0 removed'
	cd ../../c || return
	run -2 cas-hash status
}

@test "outside of a repository the way in is told" {
	run -2 --separate-stderr cas-hash status
	contains "$stderr" 'cas-hash init makes one'
}

@test "remotes are added, listed, changed and removed; unknown settings stay" {
	repo
	printf '# mine\n[core]\n    analytics = false\n' >.dvc/config
	mkdir sub
	(cd sub && cas-hash remote add -d store ../../store)
	cas-hash remote add other s3://bucket/prefix
	cas-hash remote modify other endpointurl http://localhost:9000
	same_file .dvc/config "# mine
[core]
    analytics = false
    remote = store
['remote \"store\"']
    url = ../../store
['remote \"other\"']
    url = s3://bucket/prefix
    endpointurl = http://localhost:9000
"
	same "$(cas-hash remote list)" "store	$(dirname "$PWD")/store	(default)
other	s3://bucket/prefix"
	run -2 --separate-stderr cas-hash remote add other x
	contains "$stderr" '--force'
	run -2 --separate-stderr cas-hash remote modify other secret_access_key x
	contains "$stderr" 'is a secret'
	cas-hash remote default other
	same "$(cas-hash remote default)" other
	cas-hash remote remove other
	same "$(cas-hash remote list)" "store	$(dirname "$PWD")/store"
	cas-hash remote add --local mine /tmp/x
	[ -s .dvc/config.local ]
	run -2 --separate-stderr cas-hash remote nonsense
	contains "$stderr" 'is not known'
}

# ---- add

@test "add stores, writes the pointer and the line in .gitignore" {
	repo
	chmod +x hello.txt
	cas-hash add hello.txt data
	same_file hello.txt.dvc "outs:
- md5: $HELLO
  size: 6
  isexec: true
  hash: md5
  path: hello.txt
"
	same "$(sed -n 's/^  nfiles: //p' data.dvc)" 2
	same_file .gitignore $'/hello.txt\n/data\n'
	same_file "$(object $HELLO)" $'hello\n'
	same "$(stat -c %a "$(object $HELLO)")" 444
	same "$(cas-hash status)" 'Data is up to date.'
	before=$(find .dvc/cache | sort)
	cas-hash add hello.txt data
	same "$(find .dvc/cache | sort)" "$before"
	same_file .gitignore $'/hello.txt\n/data\n'
}

@test "add works from a folder below, and keeps what else a pointer says" {
	repo
	cd data/sub || return
	cas-hash add two.txt
	[ -e two.txt.dvc ]
	same_file .gitignore $'/two.txt\n'
	printf 'meta:\n  owner: me\n' >>two.txt.dvc
	printf '2\n' >two.txt
	cas-hash add two.txt
	contains "$(cat two.txt.dvc)" 'owner: me'
	contains "$(cat two.txt.dvc)" 26ab0db90d72e28ad0ba1e22ee510510
}

@test "add --json tells what was stored" {
	repo
	same "$(cas-hash add --json hello.txt)" "{\"path\": \"hello.txt\", \"hash\": \"$HELLO\", \"size\": 6, \"nfiles\": 1}"
}

@test "what cannot be tracked is refused" {
	repo
	git add hello.txt
	run -2 --separate-stderr cas-hash add hello.txt
	contains "$stderr" 'is tracked by git already'
	cas-hash add data
	run -2 --separate-stderr cas-hash add data/one.txt
	contains "$stderr" "inside of the directory that 'data.dvc' stores"
	run -2 --separate-stderr cas-hash add /etc/passwd
	contains "$stderr" 'outside of the repository'
	run -2 --separate-stderr cas-hash add data.dvc
	contains "$stderr" 'is not data'
	run -2 --separate-stderr cas-hash add .dvc/config
	contains "$stderr" 'inside of .dvc or .git'
	run -2 --separate-stderr cas-hash add nosuch
	contains "$stderr" 'nosuch'
	printf '*.skip\n' >.dvcignore
	: >a.skip
	run -2 --separate-stderr cas-hash add a.skip
	contains "$stderr" 'ignored by .dvcignore'
}

@test "a symbolic link to a file is followed, one to a folder left alone" {
	repo
	ln -s ../../hello.txt data/sub/link
	ln -s .. data/sub/up
	cas-hash add data
	same "$(sed -n 's/^  nfiles: //p' data.dvc)" 3
	rm -rf data
	cas-hash checkout data
	[ ! -L data/sub/link ]
	same_file data/sub/link $'hello\n'
	[ ! -e data/sub/up ]
}

@test "a file that changes while it is added is noticed" {
	repo
	head -c 300000000 /dev/zero >big
	cas-hash add big &
	pid=$!
	while [ -e "/proc/$pid" ] && [ ! -d .dvc/cache ]; do :; done
	printf 'x' >>big
	status=0
	wait $pid || status=$?
	if [ $status -eq 0 ]; then
		# it was through before: then what it stored is what was there
		same "$(sed -n 's/^  size: //p' big.dvc)" 300000000
	else
		same $status 3
		[ ! -e big.dvc ]
	fi
	run cas-hash verify
	contains "$output" ' 0 corrupt'
}

@test "get brings data, and tells where it came from as dvc import-url does" {
	repo
	mkdir -p ../src/d/e
	printf 'hello\n' >../src/h.txt
	printf '1\n' >../src/d/a
	printf '2\n' >../src/d/e/b
	cas-hash get ../src/h.txt
	same_file h.txt.dvc "md5: $(printf '{"deps": [{"hash": "md5", "md5": "%s", "path": "../src/h.txt"}], "outs": [{"hash": "md5", "md5": "%s", "path": "h.txt"}]}' $HELLO $HELLO | md5sum | cut -c-32)
frozen: true
deps:
- md5: $HELLO
  size: 6
  hash: md5
  path: ../src/h.txt
outs:
- md5: $HELLO
  size: 6
  hash: md5
  path: h.txt
"
	cas-hash get "file://$(dirname "$PWD")/src/d" data
	same_file data/d/e/b $'2\n'
	[ -e data/d.dvc ]
	contains "$(cat data/.gitignore)" '/d'
	run -0 cas-hash status
	printf 'more\n' >>../src/h.txt
	run -2 --separate-stderr cas-hash get ../src/h.txt
	contains "$stderr" 'h.txt: is there already; --force replaces it'
	cas-hash get --force ../src/h.txt
	same_file h.txt $'hello\nmore\n'
	run -2 --separate-stderr cas-hash get ../src/nosuch
	contains "$stderr" nosuch
	[ ! -e nosuch.dvc ]
	run -2 --separate-stderr cas-hash get ../src/h.txt ../out
	contains "$stderr" 'outside of the repository'
	run -2 --separate-stderr cas-hash get -
	run -2 --separate-stderr cas-hash get https://example.org/
	[ ! -e .dvc/tmp/get ]
}

@test "get follows a web server's redirects, and tells what it answers" {
	repo
	needs python3
	python3 - <<-'END' &
		import http.server
		class H(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        if self.path == "/old":
		            self.send_response(302); self.send_header("Location", "sub/new"); self.end_headers()
		        elif self.path == "/sub/new":
		            self.send_response(200); self.send_header("ETag", '"tag1"')
		            self.send_header("Content-Length", "6"); self.end_headers(); self.wfile.write(b"hello\n")
		        else:
		            self.send_response(404); self.send_header("Content-Length", "0"); self.end_headers()
		    def log_message(self, *a): pass
		s = http.server.HTTPServer(("127.0.0.1", 0), H)
		open("port.new", "w").write(str(s.server_port))
		import os; os.rename("port.new", "port")
		for i in range(3): s.handle_request()
	END
	while [ ! -e port ]; do :; done
	url=http://127.0.0.1:$(cat port)
	cas-hash get "$url/old" new.txt
	same_file new.txt $'hello\n'
	contains "$(cat new.txt.dvc)" "checksum: '\"tag1\"'"
	run -2 --separate-stderr cas-hash get "$url/nosuch"
	same "$stderr" "cas-hash: $url/nosuch: the server answers 404"
	[ ! -e nosuch ]
	wait
}

# ---- checkout, status

@test "checkout brings what is recorded, and never loses what is not stored" {
	repo
	cas-hash add hello.txt data
	rm -rf data hello.txt
	same "$(cas-hash checkout)" $'A\tdata\nA\thello.txt'
	same_file data/sub/two.txt $'two\n'
	same "$(stat -c %a data/one.txt)" 644
	printf 'mine\n' >data/mine.txt
	printf 'changed\n' >data/one.txt
	run -2 --separate-stderr cas-hash checkout
	contains "$stderr" 'is not in the cache, and would be lost'
	same_file data/mine.txt $'mine\n'
	same_file data/one.txt $'changed\n'
	same "$(cas-hash checkout --force data)" $'M\tdata'
	[ ! -e data/mine.txt ]
	same_file data/one.txt $'one\n'
	same "$(cas-hash checkout)" ''
	run -2 --separate-stderr cas-hash checkout nosuch
	contains "$stderr" "'nosuch' is neither an output"
}

@test "nothing is written through a symbolic link" {
	repo
	cas-hash add hello.txt data
	mkdir ../outside
	ln -s ../outside out
	ln -s .git tools
	sed 's,path: .*,path: out/hello,' hello.txt.dvc >a.dvc
	run -2 --separate-stderr cas-hash checkout -f a.dvc
	same "$stderr" "cas-hash: out/hello: lies beyond the symbolic link 'out'; what a link names is not touched; make it a folder"
	sed 's,path: .*,path: tools/hooks/pre-commit,' hello.txt.dvc >a.dvc
	run -2 --separate-stderr cas-hash checkout -f a.dvc
	contains "$stderr" "beyond the symbolic link 'tools'"
	[ ! -e .git/hooks/pre-commit ]
	printf 1 >../outside/mine
	run -2 --separate-stderr cas-hash add out/mine
	contains "$stderr" "'out/mine' is outside of the repository"
	same "$(ls ../outside)" mine
}

@test "a missing object is told with the way to it" {
	repo
	cas-hash add hello.txt
	rm -r hello.txt .dvc/cache
	run -2 --separate-stderr cas-hash checkout
	same "$stderr" "cas-hash: hello.txt: the object $HELLO is not in the cache; s3-sync fetch brings it from the remote"
}

@test "what is called .dvc and is no file is passed by" {
	repo
	cas-hash add hello.txt
	mkfifo pipe.dvc
	ln -s nosuch link.dvc
	mkdir folder.dvc
	run -0 timeout 20 cas-hash status
	same "$output" "Data is up to date."
}

@test "status tells what differs, with exit status 1" {
	repo
	cas-hash add hello.txt data
	printf 'x\n' >data/new.txt
	rm hello.txt
	run -1 cas-hash status
	same "$output" 'data.dvc:
	changed outs:
		modified:           data
hello.txt.dvc:
	changed outs:
		deleted:            hello.txt'
	run -1 cas-hash status --json data
	same "$(echo "$output" | tr -d ' \n')" '{"data.dvc":[{"changedouts":{"data":"modified"}}]}'
	cas-hash checkout hello.txt
	run -0 cas-hash status hello.txt.dvc
	rm "$(object $HELLO)"
	run -1 cas-hash status hello.txt
	contains "$output" 'not in cache'
}

@test "touched files are not changed, a change of the same size is" {
	repo
	cas-hash add data
	touch data/one.txt
	run -0 cas-hash status
	for i in 1 2 3 4 5 6 7 8 9; do
		printf 'on%d\n' $i >data/one.txt
		run -1 cas-hash status
	done
	printf 'one\n' >data/one.txt
	run -0 cas-hash status
}

@test "outputs of dvc.lock are seen too" {
	repo
	cas-hash add hello.txt
	cat >dvc.yaml <<-'END'
		stages:
		  make:
		    cmd: cp hello.txt out.txt
		    deps: [hello.txt]
		    outs: [out.txt]
		    metrics:
		    - m.json: {cache: false}
	END
	cat >dvc.lock <<-END
		schema: '2.0'
		stages:
		  make:
		    cmd: cp hello.txt out.txt
		    outs:
		    - path: m.json
		      hash: md5
		      md5: 99914b932bd37a50b983c5e7c90ae93b
		      size: 2
		    - path: out.txt
		      hash: md5
		      md5: $HELLO
		      size: 6
	END
	printf '{}' >m.json
	run -1 cas-hash status
	same "$output" 'make:
	changed outs:
		deleted:            out.txt'
	same "$(cas-hash checkout make)" $'A\tout.txt'
	run -0 cas-hash status
	run -2 --separate-stderr cas-hash commit make
	contains "$stderr" 'stage-run'
}

@test "a corrupt object is not checked out; verify names it and moves it aside" {
	repo
	cas-hash add hello.txt
	f=$(object $HELLO)
	chmod 644 "$f"
	printf 'jello\n' >"$f"
	rm hello.txt
	run -2 --separate-stderr cas-hash checkout
	contains "$stderr" 'corrupt'
	[ ! -e hello.txt ]
	run -1 cas-hash verify
	contains "$output" "$HELLO: corrupt, moved aside"
	[ -e "$f.corrupt" ]
	run -0 cas-hash verify
	printf 'hello\n' >hello.txt
	cas-hash add hello.txt
	same_file "$f" $'hello\n'
}

@test "commit stores what has changed" {
	repo
	cas-hash add hello.txt data
	printf 'x\n' >data/new.txt
	printf 'jello\n' >hello.txt
	cas-hash commit data
	run -0 cas-hash status data
	run -1 cas-hash status hello.txt
	cas-hash commit
	run -0 cas-hash status
}

@test "diff tells what was added, deleted, modified and renamed" {
	repo
	cas-hash add hello.txt data
	git add -A
	git commit -qm one
	mv hello.txt hi.txt
	rm hello.txt.dvc
	printf 'more\n' >data/more.txt
	rm data/one.txt
	cas-hash add hi.txt data
	run -1 cas-hash diff
	same "$output" 'Added:
    data/more.txt (5 B)
Deleted:
    data/one.txt
Modified:
    data/ (8 B -> 9 B)
Renamed:
    hello.txt -> hi.txt (6 B)
1 added, 1 deleted, 1 modified, 1 renamed'
	git add -A
	git commit -qm two
	run -0 cas-hash diff
	run -1 cas-hash diff --json HEAD~1 HEAD
	contains "$output" '"renamed": ['
	run -2 cas-hash diff nosuch
}

# ---- links

@test "cache.type: hard and symbolic links share the object, and are read-only" {
	repo
	for type in hardlink symlink; do
		printf '[cache]\n    type = %s\n' $type >.dvc/config
		rm -rf .dvc/cache hello.txt data ./*.dvc .gitignore
		printf 'hello\n' >hello.txt
		mkdir data
		printf 'one\n' >data/one.txt
		printf '#!/bin/sh\n' >data/exe
		chmod +x data/exe
		cas-hash add hello.txt data
		same "$(stat -Lc %a hello.txt)" 444
		same "$(stat -Lc %i hello.txt)" "$(stat -c %i "$(object $HELLO)")"
		run -0 cas-hash status
		rm -rf data hello.txt
		cas-hash checkout
		same "$(stat -Lc %i hello.txt)" "$(stat -c %i "$(object $HELLO)")"
		same_file data/one.txt $'one\n'
		run -0 cas-hash status
		run -0 cas-hash verify
	done
	printf '[cache]\n    type = copy\n' >.dvc/config
	cas-hash checkout --relink
	[ ! -L hello.txt ]
	same "$(stat -c %a hello.txt)" 644
	[ "$(stat -c %i hello.txt)" != "$(stat -c %i "$(object $HELLO)")" ]
	printf '[cache]\n    type = nonsense\n' >.dvc/config
	run -2 --separate-stderr cas-hash status
	contains "$stderr" "cache.type knows no 'nonsense'"
}

@test "an executable keeps its bit through the cache" {
	repo
	chmod +x hello.txt
	cas-hash add hello.txt
	rm hello.txt
	cas-hash checkout
	[ -x hello.txt ]
	chmod -x hello.txt
	cas-hash checkout
	[ -x hello.txt ]
	same "$(stat -c %a "$(object $HELLO)")" 444
}

# ---- gc

@test "gc removes what nothing references, and only that" {
	repo
	cas-hash add hello.txt data
	git add -A
	git commit -qm one
	printf 'jello\n' >hello.txt
	rm data/one.txt
	cas-hash add hello.txt data
	git add -A
	git commit -qm two
	printf 'x\n' >loose
	cas-hash add loose
	rm loose.dvc
	n() { find .dvc/cache -type f | wc -l; }
	same "$(n)" 7
	run -2 --separate-stderr cas-hash gc
	contains "$stderr" 'what is to be kept is not said'
	contains "$(cas-hash gc -A --dry-run)" '1 would be removed'
	same "$(n)" 7
	contains "$(cas-hash gc -A)" '1 removed'
	same "$(n)" 6
	contains "$(cas-hash gc -w)" '3 removed'
	same "$(n)" 3
	run -0 cas-hash status
}

@test "gc removes nothing when it cannot tell what is used" {
	repo
	cas-hash add hello.txt data
	id=$(sed -n 's/^- md5: //p' data.dvc)
	printf 'x\n' >loose
	cas-hash add loose
	rm loose.dvc
	rm "$(object "$id")"
	n=$(find .dvc/cache -type f | wc -l)
	run -2 --separate-stderr cas-hash gc -w
	contains "$stderr" "the list of the directory 'data' is not in the cache"
	same "$(find .dvc/cache -type f | wc -l)" "$n"
	printf 'outs: [nonsense\n' >bad.dvc
	run -2 --separate-stderr cas-hash gc -w --allow-missing
	same "$(find .dvc/cache -type f | wc -l)" "$n"
}

@test "gc of a cache that lies elsewhere keeps what the other projects use" {
	repo
	cas-hash add hello.txt
	printf '[cache]\n    dir = ../../shared\n' >../config
	cp ../config .dvc/config.local
	cas-hash commit
	mkdir ../other
	(cd ../other && git init -q && cas-hash init && cp ../config .dvc/config.local &&
		mkdir d && printf 'theirs\n' >d/theirs && cas-hash add d)
	printf 'x\n' >loose
	cas-hash add loose
	rm loose.dvc
	n() { find ../shared -type f | wc -l; }
	same "$(n)" 4
	run -2 --separate-stderr cas-hash gc -w
	contains "$stderr" "lies outside of the repository: other projects may use it; nothing was removed; name each with --projects PATH"
	run -2 --separate-stderr cas-hash gc -w -p ../nosuch
	same "$(n)" 4
	contains "$(cas-hash gc -w -p . -p ../other/d)" '3 objects in use, 1 removed'
	run -0 cas-hash verify
	contains "$(cas-hash gc -w --not-shared)" '1 objects in use, 2 removed'
}

@test "gc removes interrupted downloads that nobody is at" {
	repo
	cas-hash add hello.txt
	needs flock
	part=.dvc/cache/files/md5/b1/.cd4ml-$HELLO-part.tmp
	echo some >"$part"
	echo mine >"${part%/*}/.cd4ml-mine-part.tmp"
	(
		exec 9<"$part"
		flock 9
		cas-hash gc -w 9<&-
		[ -e "$part" ]
	)
	cas-hash gc -w --dry-run
	[ -e "$part" ]
	cas-hash gc -w
	[ ! -e "$part" ]
	[ -e "${part%/*}/.cd4ml-mine-part.tmp" ]
	[ -e "$(object $HELLO)" ]
}

@test "gc with revisions refuses a shallow clone" {
	repo
	cas-hash add hello.txt
	git add -A
	git commit -qm one
	printf 'jello\n' >hello.txt
	cas-hash add hello.txt
	git commit -qam two
	cp -r .dvc/cache ../cache
	git clone -q --depth 1 "file://$PWD" ../clone
	cp -r .dvc/cache ../clone/.dvc
	cd ../clone || return
	run -2 --separate-stderr cas-hash gc -A
	contains "$stderr" 'this is a shallow clone'
	[ -e "$(object $HELLO)" ]
	git fetch -q --unshallow
	contains "$(cas-hash gc -A)" '0 removed'
}

@test "a repository inside of another is let alone" {
	repo
	mkdir -p sub/.dvc data/in/.dvc
	: >sub/.dvc/config
	printf 'x\n' >data/in/x
	printf 'outs:\n- md5: %s\n  size: 6\n  hash: md5\n  path: y\n' $HELLO >sub/y.dvc
	cas-hash add data
	same "$(sed -n 's/^  nfiles: //p' data.dvc)" 2
	run -0 cas-hash status
	same "$output" 'Data is up to date.'
}
