#!/usr/bin/env bats
# The frame itself: contract passes a tool that keeps the promises, and tells which one another breaks.

load helper

# A tool in shell: copies FILE. BROKEN names the promise that it does not keep.
setup() {
	scratch
	mkdir bin
	PATH=$PWD/bin:$PATH
	cat >bin/fake <<'SH'
#!/bin/bash
fail() { echo "fake: $2" >&2; exit "$1"; }
b() { [ "${BROKEN-}" = "$1" ]; }
out='' file='' noise=''
while [ $# -gt 0 ]; do
	case $1 in
	--help)
		b help && printf '%090d\n' 1
		printf 'Usage: fake FILE\n  -o, --output FILE   where to\n      --help\n' 2>/dev/null || fail 3 "cannot write"
		exit 0 ;;
	--version) b version && exit 0; echo "fake (cd4ml) 1.0.0"; exit 0 ;;
	-o) shift; out=$1 ;;
	-v) noise=$RANDOM ;;
	--helpx) b unknown_option && fail 1 "what?"; fail 2 "unknown option '--helpx'; did you mean '--help'?" ;;
	-*) fail 2 "unknown option '$1'" ;;
	*) file=$1 ;;
	esac
	shift
done
[ -n "$file" ] || fail 2 "no file"
if [ ! -e "$file" ]; then
	b missing_input && : >made
	fail 2 "$file: cannot open"
fi
put() { cat "$file" 2>/dev/null || return 3; }
if [ -z "$out" ]; then
	put || { b closed_pipe && [ -p /dev/stdout ] && exit 0; fail 3 "cannot write"; }
elif [ "$out" = /dev/full ]; then
	b full_disk && exit 0
	put >/dev/full || fail 3 "$out: cannot write"
else
	trap 'rm -f .tmp; trap - TERM; kill -TERM $$' TERM
	b signal && trap - TERM
	cat "$file" >.tmp & wait $! || { b file_limit || rm -f .tmp; fail 3 "cannot write"; }
	b closed_error && [ -n "$noise" ] && echo "$noise" >>.tmp # bash holds a closed stderr itself
	b good_run && echo more >>.tmp
	mv .tmp "$out"
fi
SH
	chmod +x bin/fake
}

good() {
	echo text >in.txt
	good_args=(in.txt)
}

@test "contract passes a tool that keeps all promises" {
	contract fake
}

@test "contract tells which promise a tool breaks" {
	for BROKEN in help version unknown_option missing_input good_run full_disk closed_pipe closed_error \
		file_limit signal; do
		export BROKEN
		rm -rf "${BATS_TEST_TMPDIR:?}"/{help,version,unknown_,missing_,good_,full_,closed_,file_,signal}*
		run contract fake
		[ "$status" -eq 1 ] || { echo "$BROKEN went unseen"; return 1; }
		contains "$output" "broken promise: ${BROKEN//_/ }"
		same "$(grep -c 'broken promise' <<<"$output")" 1
	done
}

@test "contract says when a tool is not built" {
	run -1 contract no-such-tool
	contains "$output" "no-such-tool is not built"
}

@test "same, same_file, contains and only say what they saw" {
	run -1 same a b
	contains "$output" "want: b"
	printf 'a\n' >file
	same_file file $'a\n'
	run -1 same_file file $'b\n'
	contains "$output" "+a"
	run -1 contains abc x
	only bin file
	run -1 only file
}

@test "the environment is the test's own" {
	same "$HOME" "$BATS_TEST_TMPDIR/home"
	same "$LC_ALL$TZ" CUTC
	[ -z "${CD4ML_THREADS-}${AWS_PROFILE-}" ]
	git init -q . && git commit -q --allow-empty -m x
	same "$(git symbolic-ref --short HEAD)" main
}
