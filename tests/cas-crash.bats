#!/usr/bin/env bats
# cas-hash killed, on a full disk, beside other processes, and with files as nobody should have them.

load helper
load repo

# How many kills of get and gc; of add and checkout always 25.
KILLS=${CD4ML_KILLS:-10}

# killed COMMAND... - runs it, and kills it at some moment
killed() {
	local pid

	"$@" >/dev/null 2>&1 3>&- &
	pid=$!
	sleep "0.0$((RANDOM % 40 + 10))"
	kill -9 $pid 2>/dev/null || true
	wait $pid 2>/dev/null || true
}

# many NAME - a folder of 300 small files and one larger
many() {
	mkdir "$1"
	for i in $(seq 300); do printf '%d\n' "$i" >"$1/$i"; done
	head -c 3000000 /dev/urandom >"$1/big"
}

# ---- crashes and locks

@test "kill -9 at any moment of add and checkout leaves a cache and a workspace that go on" {
	repo
	many many
	want=$(cas-hash many)
	for _ in $(seq 25); do
		rm -rf .dvc/cache many.dvc
		killed cas-hash add many
		if [ -e many.dvc ]; then
			run -0 cas-hash status many
		fi
		run -0 cas-hash verify
		same "$(cas-hash many)" "$want"
	done
	cas-hash add many
	for _ in $(seq 25); do
		rm -rf many
		killed cas-hash checkout many
		cas-hash checkout many
		same "$(cas-hash many)" "$want"
	done
	same "$(find .dvc/cache -name '.*' | wc -l)" 0
}

@test "kill -9 at any moment of get: what is tracked is whole, and the next one goes on" {
	repo
	many ../many
	want=$(cas-hash ../many | cut -d ' ' -f 1)
	for i in $(seq "$KILLS"); do
		rm -rf .dvc/cache many many.dvc
		for _ in $(seq $((i % 3 + 1))); do
			[ -e many.dvc ] || killed cas-hash get ../many
		done
		if [ -e many.dvc ]; then
			run -0 cas-hash status
		else
			cas-hash get ../many
		fi
		same "$(cas-hash many)" "$want  many"
		run -0 cas-hash verify
	done
	same "$(find .dvc/cache -name '.*' | wc -l)" 0
	[ ! -e .dvc/tmp/get ]
}

@test "kill -9 at any moment of a download by get" {
	repo
	needs python3
	head -c 20000000 /dev/urandom >../big
	(cd .. && exec python3 -u -m http.server --bind 127.0.0.1 0 >http.log 2>&1 3>&-) &
	server=$!
	until grep -q 'port [0-9]' ../http.log; do sleep 0.05; done
	url=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\).*/\1/p' ../http.log)/big
	for _ in $(seq "$KILLS"); do
		rm -f big big.dvc
		killed cas-hash get "$url"
		[ -e big.dvc ] || cas-hash get "$url"
		cmp big ../big
		run -0 cas-hash status
	done
	kill "$server"
	[ ! -e .dvc/tmp/get ]
	run -0 cas-hash verify
}

@test "kill -9 at any moment of gc: what is used stays, and the next one removes the rest" {
	repo
	many many
	cas-hash add hello.txt many
	cp -r .dvc/cache ../cache
	rm many.dvc
	for _ in $(seq "$KILLS"); do
		rm -rf .dvc/cache
		cp -r ../cache .dvc/cache
		killed cas-hash gc -w
		run -0 cas-hash verify
		# A list of a directory that is there has its files.
		for list in .dvc/cache/files/md5/??/*.dir; do
			[ ! -e "$list" ] || same "$(find .dvc/cache -type f | wc -l)" "$(find ../cache -type f | wc -l)"
		done
		cas-hash gc -w
		same "$(find .dvc/cache -type f)" "$(object $HELLO)"
	done
}

@test "get does not replace what is tracked, nor what is nowhere else" {
	repo
	printf 'other\n' >../hello.txt
	run -2 --separate-stderr cas-hash get ../hello.txt
	contains "$stderr" 'hello.txt: is not in the cache, and would be lost; add it, move it away, or use --force'
	same_file hello.txt $'hello\n'
	cas-hash add hello.txt
	run -2 --separate-stderr cas-hash get ../hello.txt
	contains "$stderr" 'hello.txt: is there already; --force replaces it'
	rm hello.txt.dvc
	cas-hash get ../hello.txt
	same_file hello.txt $'other\n'
}

@test "DVC's lock is respected" {
	repo
	needs flock
	mkdir -p .dvc/tmp
	flock .dvc/tmp/lock sleep 1 &
	sleep 0.2
	cas-hash add hello.txt # waits
	wait
	[ -e hello.txt.dvc ]
}

@test "a path that a running stage has is not added" {
	repo
	mkdir -p .dvc/tmp
	printf '{"write": {"%s/data": {"pid": %d, "cmd": "dvc repro"}}, "read": {}}' "$PWD" $$ >.dvc/tmp/rwlock
	run -3 --separate-stderr cas-hash add data
	contains "$stderr" "'$PWD/data' is being written by process $$ (dvc repro)"
	cas-hash add hello.txt
	printf '{"write": {"%s/data": {"pid": 4194303, "cmd": "dvc repro"}}, "read": {}}' "$PWD" >.dvc/tmp/rwlock
	cas-hash add data # that process is dead
}

@test "a full disk leaves nothing that is not whole" {
	repo
	[ "$(id -u)" = 0 ] || skip 'needs root to mount a small disk'
	mkdir small
	mount -t tmpfs -o size=1m tmpfs small 2>/dev/null || skip 'cannot mount'
	printf '[cache]\n    dir = ../small/cache\n' >.dvc/config
	head -c 3000000 /dev/urandom >big
	run --separate-stderr cas-hash add big
	left=$(find small -type f | wc -l)
	umount small
	same $status 3
	contains "$stderr" 'No space left'
	[ ! -e big.dvc ]
	same "$left" 0
}

# small NAME - a disk of a megabyte, or skips the test; unmount it with `umount`
small() {
	[ "$(id -u)" = 0 ] || skip 'needs root to mount a small disk'
	mkdir "$1"
	mount -t tmpfs -o size=1m tmpfs "$1" 2>/dev/null || skip 'cannot mount'
}

# sound FOLDER - each file below FOLDER/files/md5 has the hash that its name says
sound() {
	local f id

	for f in "$1"/files/md5/??/*; do
		[ -e "$f" ] || continue
		id=${f%.dir}
		id=${id#"$1"/files/md5/}
		same "$(md5sum <"$f" | cut -c-32)" "${id/\//}" || return
	done
}

@test "a full disk below a remote, the cache or the workspace leaves only what is whole, and the next run goes on" {
	repo
	mkdir many
	for i in $(seq 100); do head -c 20000 /dev/urandom >many/$i; done
	cas-hash add many
	small full
	cas-hash remote add -d s full/remote
	run -3 --separate-stderr s3-sync push
	contains "$stderr" 'No space left on device; make room on that disk'
	sound full/remote
	cas-hash remote add -f -d s ../remote
	s3-sync push -q
	rm -rf full/remote
	mv .dvc/cache ../cache
	printf '[cache]\n    dir = ../full/cache\n' >.dvc/config.local
	run -3 --separate-stderr s3-sync fetch
	sound full/cache
	rm -rf full/cache .dvc/config.local
	mv ../cache .dvc/cache
	rm -rf many
	sed 's,path: many,path: full/many,' many.dvc >full.dvc
	run -3 --separate-stderr cas-hash checkout full.dvc
	contains "$stderr" 'No space left on device'
	for f in full/many/*; do same "$(stat -c %s "$f")" 20000; done
	same "$(find full -name '.*')" ''
	umount full
	cas-hash checkout many
	run -0 cas-hash status many
}

@test "names of 255 bytes, with a dash, a line break, or not UTF-8" {
	repo
	long=$(printf 'n%.0s' $(seq 255))
	echo long >"$long"
	run -2 --separate-stderr cas-hash add "$long"
	contains "$stderr" 'the name is too long for a .dvc file beside it'
	echo x >$'line\nbreak'
	run -2 --separate-stderr cas-hash add $'line\nbreak'
	contains "$stderr" 'has a line break in its name'
	echo x >$'\xfe'
	run -2 --separate-stderr cas-hash add $'\xfe'
	contains "$stderr" '\xfe'"' is not UTF-8; rename the file"
	only .dvc .dvcignore .git data hello.txt "$long" $'line\nbreak' $'\xfe'
	mkdir d
	mv "$long" $'line\nbreak' d
	echo dash >d/-x
	cp d/-x ./-x
	cas-hash add -- d -x
	rm -r d ./-x
	cas-hash checkout -- d -x
	same_file "d/$long" $'long\n'
	same_file $'d/line\nbreak' $'x\n'
	same_file ./-x $'dash\n'
}

@test "links in a circle are no data; a pipe is not read, and replaced only when forced" {
	repo
	ln -s loop loop
	run -2 --separate-stderr cas-hash add loop
	ln -s . data/self
	cas-hash add data
	same "$(sed -n 's/^  nfiles: //p' data.dvc)" 2
	cas-hash add hello.txt
	rm hello.txt
	mkfifo hello.txt
	run -2 --separate-stderr timeout 20 cas-hash checkout hello.txt
	contains "$stderr" 'would be lost'
	[ -p hello.txt ]
	timeout 20 cas-hash checkout -f hello.txt
	same_file hello.txt $'hello\n'
	rm -f "$(object $HELLO)"
	mkdir "$(object $HELLO)"
	run -2 --separate-stderr cas-hash add hello.txt
	contains "$stderr" 'is in the way: an object has to be here'
	rmdir "$(object $HELLO)"
	cas-hash add hello.txt
	run -0 cas-hash verify
}

@test "folders and files without the rights to them are told, and nothing is left" {
	[ "$(id -u)" != 0 ] || needs setpriv
	# root as others are: what the mode says holds
	as() {
		if [ "$(id -u)" = 0 ]; then setpriv --bounding-set=-dac_override,-dac_read_search "$@"; else "$@"; fi
	}
	repo
	chmod 0 data/one.txt
	run as cat data/one.txt
	[ "$status" -ne 0 ] || skip 'rights cannot be taken away here'
	run -2 --separate-stderr as cas-hash add data
	contains "$stderr" 'data: one.txt: cannot open: Permission denied'
	chmod 644 data/one.txt
	chmod 555 .
	run -2 --separate-stderr as cas-hash add data
	contains "$stderr" 'Permission denied'
	chmod 755 .
	only .dvc .dvcignore .git data hello.txt
	as cas-hash add data
	rm data/sub/two.txt
	chmod 555 data/sub
	run -2 --separate-stderr as cas-hash checkout
	contains "$stderr" 'Permission denied'
	chmod 755 data/sub
	as cas-hash checkout
	mkdir -m 555 ../remote
	as cas-hash remote add -d s ../remote
	run -2 --separate-stderr as s3-sync push
	contains "$stderr" 'files: cannot make the folder: Permission denied'
	chmod 777 ../remote
	as s3-sync push
	chmod 0 .dvc/cache/files/md5/??/*.dir
	run -2 --separate-stderr as cas-hash gc -w
	contains "$stderr" 'Permission denied'
	same "$(find .dvc/cache -type f | wc -l)" 3
}

@test "processes side by side do not disturb one another" {
	repo
	many many
	many other
	for what in many other many hello.txt; do cas-hash add $what 3>&- & done
	wait
	run -0 cas-hash status
	cas-hash remote add -d s ../remote
	cp -r . ../twin
	for _ in 1 2; do
		s3-sync push -q 3>&- &
		(cd ../twin && s3-sync push -q 3>&-) &
	done
	wait
	sound ../remote
	run -0 s3-sync status
	rm -rf .dvc/cache many other hello.txt
	s3-sync pull -q 3>&- &
	s3-sync pull -q 3>&- &
	cas-hash gc -w >/dev/null 3>&- &
	wait
	run -0 cas-hash status
	for _ in 1 2 3; do s3-sync -q many copy 3>&- & done
	wait
	diff -r many copy
	run -0 cas-hash verify
	same "$(find .dvc/cache ../remote copy -name '.*')" ''
}
