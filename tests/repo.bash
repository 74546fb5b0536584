# repo.bash - a small repository for the tests of cas-hash. shellcheck shell=bash

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

# object ID - where its bytes lie
object() {
	echo ".dvc/cache/files/md5/${1:0:2}/${1:2}"
}

# shellcheck disable=SC2034 # used by those who load this
HELLO=b1946ac92492d2347c6235b4d2611184
