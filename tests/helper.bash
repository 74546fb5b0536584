# helper.bash - what each tests/*.bats loads first. bash, for bats 1.5 and later.
#
#	load helper
#
#	good() {
#		printf 'k,v\na,1\n' >l.csv
#		printf 'k,w\na,2\n' >r.csv
#		good_args=(l.csv --left k r.csv)
#	}
#
#	@test "csv-join keeps the promises of every tool" {
#		contract csv-join
#	}
#
#	@test "a sentence that the manual promises" {
#		good
#		run -2 --separate-stderr csv-join l.csv --left nosuch r.csv
#		[ "$stderr" = "csv-join: ..." ]
#	}
#
# Files of tests/interop say `load ../helper`, and in each test which peer it needs: `peer xgboost`, then
# "$PEER_PYTHON" runs it; `peer_dvc`, then `dvc` is the real one. Without `make interop` they are skipped.
#
# Each test starts in an empty folder of its own, removed afterwards, with the built tools first on
# PATH, HOME there too, LC_ALL=C, TZ=UTC, no CD4ML_*, AWS_* or GIT_* variables but an author for git.
# A file that has a `setup` of its own calls `scratch` first. DATA is tests/data, ROOT the tree.
#
# contract NAME checks, in folders of their own, what holds for every tool. It calls the file's
# function `good`, which makes input files in the current folder and sets
#	good_args      arguments of a run that ends with 0, without -o
#	good_commands  names of the commands, for a tool that has any: their --help is checked too
#	good_missing   index in good_args of the file that is replaced by a missing one
#	               (default: the first that names a file; `none`: the tool needs no file)
#	good_stream    the same for the file that is replaced by a pipe that does not end, to see what a
#	               signal leaves (`none`: the tool cannot be stopped in the middle of its input)
#	good_silent=1  the good run prints nothing on standard output: no full disk or closed pipe there
#	good_lines     the longest --help allowed (default 70 lines; the width is always 80)
# and finds by itself whether there is an -o. What it checks:
#	--help: 0, on stdout, at most 80 columns, names the tool; to a full disk: 3
#	--version: `NAME (cd4ml) X.Y.Z`
#	an unknown option: 2, two lines at most on stderr, the nearest option proposed, nothing on stdout
#	an unknown command: 2
#	a missing input: 2, the message names it, nothing made
#	a good run: 0; with -o FILE the same bytes as on stdout, and nothing beside it
#	a full disk (/dev/full), on stdout and by -o: 3; a closed pipe: 3
#	standard error closed: no message strays into a file; files limited to nothing (ulimit -f): 3
#	SIGTERM in the middle: dies of the signal, no file made or changed

bats_require_minimum_version 1.5.0

ROOT=$(cd "$BATS_TEST_DIRNAME" && while [ ! -e lib/LAYERS ] && [ "$PWD" != / ]; do cd ..; done && pwd)
DATA=$ROOT/tests/data
BUILD=${CD4ML_BUILD:-$ROOT/build/cc}
export ROOT DATA BUILD

# The tests' own environment. Called once per test, before it.
scratch() {
	local v

	for v in $(compgen -e | grep -E '^(CD4ML_|AWS_|DVC_|GIT_|MLFLOW_|MAKE|MFLAGS|OMPI_)'); do
		unset "$v"
	done
	mkdir -p "$BATS_TEST_TMPDIR/home" "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return
	export HOME=$BATS_TEST_TMPDIR/home PATH=$BUILD:$PATH LC_ALL=C TZ=UTC NO_COLOR=1
	export XDG_CONFIG_HOME=$HOME/.config XDG_CACHE_HOME=$HOME/.cache TMPDIR=$BATS_TEST_TMPDIR
	export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0
	export GIT_AUTHOR_NAME=Test GIT_AUTHOR_EMAIL=test@example.com
	export GIT_COMMITTER_NAME=Test GIT_COMMITTER_EMAIL=test@example.com
	export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=init.defaultBranch GIT_CONFIG_VALUE_0=main
	umask 022
}

setup() {
	scratch
}

# ---- assertions: each says what it saw when it fails ------------------------------------------------

# same GOT WANT - two texts
same() {
	[ "$1" = "$2" ] && return
	printf ' got: %s\nwant: %s\n' "$1" "$2"
	return 1
}

# same_file FILE TEXT - the file's bytes are TEXT (as $'...'), a newline at the end included
same_file() {
	cmp -s -- "$1" <(printf '%s' "$2") && return
	diff -u --label wanted --label "$1" <(printf '%s' "$2") "$1"
	return 1
}

# contains TEXT PART - a fixed string
contains() {
	case $1 in
	*"$2"*) return 0 ;;
	esac
	printf 'not in it: %s\n    in it: %s\n' "$2" "$1"
	return 1
}

# only FILE... - the current folder has exactly these entries
only() {
	# shellcheck disable=SC2012 # the names are the test's own
	same "$(ls -A | sort)" "$([ $# -eq 0 ] || printf '%s\n' "$@" | sort)"
}

# threads_agree COMMAND... - the same bytes on stdout with -j 1, 2 and 5
threads_agree() {
	local want j

	want=$(set -o pipefail; "$@" -j 1 | md5sum) || return
	for j in 2 5; do
		same "$("$@" -j "$j" | md5sum)" "$want" || return
	done
}

# needs COMMAND - skips the test where it is missing
needs() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
}

# peer MODULE - skips the test where the Python of `make interop` has no such module; python runs it
peer() {
	[ -n "${PEER_PYTHON-}" ] || skip "no Python peers: run by make interop"
	"$PEER_PYTHON" -c "import $1" 2>/dev/null || skip "$1 is not in $PEER_PYTHON"
}

# peer_dvc - skips the test where there is no real dvc; `dvc` is then first on PATH
peer_dvc() {
	[ -n "${PEER_DVC-}" ] || skip "no real dvc: run by make interop"
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nexec "%s" "$@"\n' "$PEER_DVC" >"$BATS_TEST_TMPDIR/bin/dvc"
	chmod +x "$BATS_TEST_TMPDIR/bin/dvc"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	export DVC_NO_ANALYTICS=1
}

# ---- the promises of every tool ---------------------------------------------------------------------

contract() {
	local name=$1 promise broken=0
	local -a good_args=() good_commands=()
	local good_missing='' good_stream='' good_silent='' good_lines=70 has_output=''

	[ -n "${BATS_TEST_NAME-}" ] || {
		echo "contract $name: call it inside of a @test" >&2
		exit 1
	}
	command -v "$name" >/dev/null || {
		echo "$name is not built"
		return 1
	}
	for promise in help version unknown_option unknown_command missing_input good_run full_disk \
		closed_pipe closed_error file_limit signal; do
		mkdir "$BATS_TEST_TMPDIR/$promise"
		cd "$BATS_TEST_TMPDIR/$promise" || return
		mkdir "../$promise.out"
		good
		if [ -z "$good_missing" ]; then
			_contract_first_file
		fi
		good_stream=${good_stream:-$good_missing}
		has_output=''
		if _contract_help_of_good "$name" | grep -q -- '-o, --output'; then
			has_output=1
		fi
		_contract_$promise "$name" >"../$promise.log" 2>&1 || {
			broken=1
			echo "broken promise: ${promise//_/ }"
			sed 's/^/    /' "../$promise.log"
		}
	done
	cd "$BATS_TEST_TMPDIR/work" || return
	return $broken
}

# --help of the command that good_args runs.
_contract_help_of_good() {
	local c

	for c in "${good_commands[@]}"; do
		if [ "$c" = "${good_args[0]}" ]; then
			"$1" "$c" --help
			return
		fi
	done
	"$1" --help
}

# Sets good_missing to the index of the first argument that names a file.
_contract_first_file() {
	local i

	for i in "${!good_args[@]}"; do
		if [ -f "${good_args[i]}" ]; then
			good_missing=$i
			return
		fi
	done
	good_missing=none
}

# _run STATUS COMMAND... - stdout and stderr into ../out and ../err (of the promise); the status must fit.
_run() {
	local want=$1 got=0

	shift
	"$@" </dev/null >"$PWD.out/out" 2>"$PWD.out/err" || got=$?
	[ "$got" -eq "$want" ] && return
	printf 'exit status %d, not %d: %s\n' "$got" "$want" "$*"
	head -n 5 "$PWD.out/err"
	return 1
}

# The message on stderr is the tool's, and at most two lines.
_message() {
	local name=$1 lines

	lines=$(wc -l <"$PWD.out/err")
	head -n 1 "$PWD.out/err" | grep -q "^$name: " && [ "$lines" -le 2 ] && return
	printf 'not a message of %s in one or two lines:\n' "$name"
	head -n 5 "$PWD.out/err"
	return 1
}

_contract_help() {
	local name=$1 command

	for command in '' "${good_commands[@]}"; do
		# shellcheck disable=SC2086 # an empty command is no argument
		_run 0 "$name" $command --help || return
		if [ ! -s "$PWD.out/out" ] || [ -s "$PWD.out/err" ]; then
			echo "--help of '$command' belongs on stdout"
			return 1
		fi
		contains "$(cat "$PWD.out/out")" "$name" || return
		if LC_ALL=C.UTF-8 awk 'length($0) > 80 { print "wider than 80: " $0; bad = 1 } END { exit !bad }' "$PWD.out/out"; then
			return 1
		fi
		awk -v most="$good_lines" 'END { if (NR > most) { print NR " lines, more than a screen"; exit 1 } }' \
			"$PWD.out/out" || return
	done
	sh -c '"$1" --help >/dev/full' sh "$name" 2>"$PWD.out/err" && {
		echo "--help to a full disk ends with 0"
		return 1
	}
	_message "$name"
}

_contract_version() {
	_run 0 "$1" --version || return
	grep -Eqx "$1 \(cd4ml\) [0-9]+\.[0-9]+\.[0-9]+" "$PWD.out/out" || {
		cat "$PWD.out/out"
		return 1
	}
}

_contract_unknown_option() {
	local name=$1

	_run 2 "$name" --helpx || return
	[ ! -s "$PWD.out/out" ] || { echo "prints on stdout"; return 1; }
	_message "$name" || return
	contains "$(cat "$PWD.out/err")" "unknown option '--helpx'; did you mean '--help'?" || return
	_run 2 "$name" "${good_args[@]}" --no-such-option || return
	_message "$name"
}

_contract_unknown_command() {
	local name=$1

	[ ${#good_commands[@]} -gt 0 ] || return 0
	_run 2 "$name" "${good_commands[0]}x" || return
	_message "$name" || return
	contains "$(cat "$PWD.out/err")" "${good_commands[0]}"
}

_contract_missing_input() {
	local name=$1 before
	local -a args=("${good_args[@]}")

	[ "$good_missing" != none ] || return 0
	args[good_missing]=no-such-file
	before=$(_folder)
	_run 2 "$name" "${args[@]}" || return
	[ ! -s "$PWD.out/out" ] || { echo "prints on stdout"; return 1; }
	_message "$name" || return
	contains "$(cat "$PWD.out/err")" no-such-file || return
	if [ -n "$has_output" ]; then
		_run 2 "$name" "${args[@]}" -o "made" || return
	fi
	same "$(_folder)" "$before"
}

# Names, sizes and times of what is in the folder (state folders of cas-hash and the like included).
_folder() {
	find . -type f -o -type l | sort | while IFS= read -r f; do cksum "$f"; done
}

_contract_good_run() {
	local name=$1 before

	_run 0 "$name" "${good_args[@]}" || return
	[ -n "$good_silent" ] || [ -s "$PWD.out/out" ] || { echo "prints nothing; set good_silent=1?"; return 1; }
	[ -n "$has_output" ] || return 0
	before=$(_folder)
	mv "$PWD.out/out" "$PWD.out/want"
	_run 0 "$name" "${good_args[@]}" -o made || return
	[ ! -s "$PWD.out/out" ] || { echo "prints on stdout in spite of -o"; return 1; }
	cmp made "$PWD.out/want" || return
	rm made
	same "$(_folder)" "$before"
}

_contract_full_disk() {
	local name=$1 status=0

	[ -e /dev/full ] || return 0
	if [ -n "$has_output" ]; then
		_run 3 "$name" "${good_args[@]}" -o /dev/full || return
		_message "$name" || return
	fi
	[ -z "$good_silent" ] || return 0
	"$name" "${good_args[@]}" </dev/null >/dev/full 2>"$PWD.out/err" || status=$?
	[ $status -eq 3 ] || { echo "exit status $status with stdout full"; return 1; }
	_message "$name"
}

_contract_closed_pipe() {
	local name=$1 status=0

	[ -z "$good_silent" ] || return 0
	mkfifo "$PWD.out/pipe"
	# A pipe whose reader has left: opened for both, then for writing, then the first closed.
	# shellcheck disable=SC2094
	exec 7<>"$PWD.out/pipe" 8>"$PWD.out/pipe" 7<&-
	"$name" "${good_args[@]}" </dev/null >&8 2>"$PWD.out/err" || status=$?
	exec 8>&-
	[ $status -eq 3 ] || { echo "exit status $status with the pipe closed"; return 1; }
	_message "$name"
}

# The next file that is opened would get the number of a closed standard error.
_contract_closed_error() {
	local name=$1 status=0

	[ -n "$has_output" ] || return 0
	"$name" "${good_args[@]}" -v -o made </dev/null >/dev/null 2>&- || status=$?
	[ $status -eq 0 ] || { echo "exit status $status with standard error closed"; return 1; }
	mv made "$PWD.out/made"
	"$name" "${good_args[@]}" -v -o made </dev/null >/dev/null 2>/dev/null
	cmp made "$PWD.out/made"
}

_contract_file_limit() {
	local name=$1 status=0 before

	if [ -z "$has_output" ] || [ -n "$good_silent" ]; then
		return 0
	fi
	case $BUILD in
	*-thread*) return 0 ;; # ThreadSanitizer sizes a file of its own before main, and dies of it
	esac
	before=$(_folder)
	(
		ulimit -f 0
		"$name" "${good_args[@]}" -o made </dev/null >/dev/null 2>&1
	) || status=$?
	[ $status -eq 3 ] || { echo "exit status $status with files limited"; return 1; }
	same "$(_folder)" "$before"
}

_contract_signal() {
	local name=$1 before file pid feeder status=0 i
	local -a args=("${good_args[@]}")

	[ "$good_stream" != none ] || return 0
	file=${args[good_stream]}
	args[good_stream]=$PWD.out/pipe
	mkfifo "$PWD.out/pipe"
	[ -z "$has_output" ] || args+=(-o made)
	before=$(_folder)
	# Gives it the input, says so, and holds the pipe open: the tool now waits for more.
	(
		exec 7>"$PWD.out/pipe"
		cat "$file" >&7
		: >"$PWD.out/fed"
		exec sleep 60 3>&-
	) >/dev/null 2>&1 3>&- &
	feeder=$!
	"$name" "${args[@]}" </dev/null >"$PWD.out/out" 2>"$PWD.out/err" 3>&- &
	pid=$!
	for ((i = 0; i < 500; i++)); do
		if [ -e "$PWD.out/fed" ] || ! kill -0 $pid 2>/dev/null; then
			break
		fi
		sleep 0.02
	done
	kill -TERM $pid 2>/dev/null
	wait $pid 2>/dev/null || status=$?
	kill $feeder 2>/dev/null
	wait $feeder 2>/dev/null || true
	[ $status -eq 143 ] || {
		echo "exit status $status after SIGTERM, not 143 (good_stream=none if it cannot read a pipe)"
		head -n 3 "$PWD.out/err"
		return 1
	}
	same "$(_folder)" "$before"
}
