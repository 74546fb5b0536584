# stage-run.sh - a pipeline that is up to date, restored, touched; beside dvc on the same dvc.yaml.
# shellcheck shell=sh

title "make repro: nothing to do"
handicap "dvc starts a Python interpreter each time, about half a second"

# chain N: stages s1 to sN, each from the one before
chain() {
	mkdir -p "chain$1/out" && cd "chain$1" && git init -q . && echo 1 >in.txt || return 1
	awk -v n="$1" -v mk="$BENCH_ROOT/mk/cd4ml.mk" 'BEGIN {
		for (i = 1; i <= n; i++) {
			from = i == 1 ? "in.txt" : "out/" i - 1
			printf "STAGES += s%d\ns%d_DEPS := %s\ns%d_OUTS := out/%d\ns%d_CMD := cat %s >out/%d\n", i, i, from, i, i, i, from, i
		}
		print "include " mk
	}' >Makefile
	make repro >/dev/null 2>&1
	git add -A && git commit -qm one
	cd ..
}

GIT_AUTHOR_NAME=bench GIT_AUTHOR_EMAIL=b@example.com GIT_COMMITTER_NAME=bench GIT_COMMITTER_EMAIL=b@example.com
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
many=$(awk -v s="$BENCH_SCALE" 'BEGIN { n = int(1000 * s); print n < 60 ? 60 : n }')
chain 30 || return 1
chain "$many" || return 1
ours "30 stages" "make -C chain30 repro"
[ -z "${PEER_DVC-}" ] || peer "dvc repro, 30 stages" "cd chain30 && '$PEER_DVC' repro -q"
ours "$many stages" "make -C chain$many repro"
[ -z "${PEER_DVC-}" ] || peer "dvc repro, $many stages" "cd chain$many && '$PEER_DVC' repro -q"
report

title "a clone with a warm cache: 30 stages restored"
BEFORE="(rm -rf clone && git clone -q chain30 clone && mkdir -p clone/.dvc && printf '[cache]\n    dir = $PWD/chain30/.dvc/cache\n' >clone/.dvc/config.local && cp chain30/in.txt clone/)"
ours "make repro" "make -C clone repro"
[ -z "${PEER_DVC-}" ] || peer "dvc checkout" "cd clone && '$PEER_DVC' checkout -q"
# shellcheck disable=SC2034 # read by frame.sh
BEFORE=
report

title "touch of a dependency of $(awk -v s="$BENCH_SCALE" 'BEGIN { print 1000 * s }') MB"
mkdir big && awk -v s="$BENCH_SCALE" 'BEGIN { print int(1000 * s) }' >mb
(cd big && git init -q . && head -c "$(cat ../mb)000000" /dev/zero >in.bin &&
	printf 'STAGES := a\na_DEPS := in.bin\na_OUTS := o\na_CMD := wc -c <in.bin >o\ninclude %s\n' "$BENCH_ROOT/mk/cd4ml.mk" >Makefile &&
	make repro) >/dev/null 2>&1
BEFORE="touch big/in.bin"
ours "make repro after touch" "make -C big repro"
peer "md5sum of it" "md5sum big/in.bin"
[ -z "${PEER_DVC-}" ] || peer "dvc repro after touch" "cd big && '$PEER_DVC' repro -q"
# shellcheck disable=SC2034 # read by frame.sh
BEFORE=
ours "make repro, once more" "make -C big repro"
