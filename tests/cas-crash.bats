#!/usr/bin/env bats
# cas-hash killed, on a full disk, beside other processes, and with files as nobody should have them.

load helper

# A repository with git, and a file and a directory in it that are not added yet.
repo() {
	needs git
	git init -q
	cas-hash init
	printf 'hello\n' >hello.txt
	mkdir -p data/sub
	printf 'one\n' >data/one.txt
	printf 'two\n' >data/sub/two.txt
}

object() {
	echo ".dvc/cache/files/md5/${1:0:2}/${1:2}"
}

HELLO=b1946ac92492d2347c6235b4d2611184

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
	for i in $(seq 25); do
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
	same "$(find .dvc/cache .dvc/tmp -name '.*' -o -name get | wc -l)" 0
}

@test "kill -9 at any moment of a download by get" {
	repo
	needs python3
	head -c 30000000 /dev/urandom >../big
	(cd .. && exec python3 -u -m http.server --bind 127.0.0.1 0 >http.log 2>&1 3>&-) &
	server=$!
	until grep -q 'port [0-9]' ../http.log; do sleep 0.05; done
	url=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\).*/\1/p' ../http.log)/big
	for _ in $(seq 10); do
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
	for _ in $(seq 25); do
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
