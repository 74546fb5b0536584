# s3-sync.sh - one large file and many small ones, up and down, on the same server (versitygw) in one run.
# shellcheck shell=sh

server=${CD4ML_S3_SERVER:-$(command -v versitygw || true)}
if [ -z "$server" ]; then
	echo "skipped: no S3 server (CD4ML_S3_SERVER)"
	return 0
fi
n=$(awk -v s="$BENCH_SCALE" 'BEGIN { n = int(20000 * s); print n < 100 ? 100 : n }')
mb=$(awk -v s="$BENCH_SCALE" 'BEGIN { n = int(1500 * s); print n < 20 ? 20 : n }')
rclone=${CD4ML_RCLONE:-$(command -v rclone || true)}
aws=${CD4ML_AWS:-$(command -v aws || true)}

# The server, until this bench ends (it is sourced in a shell of its own).
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=testtest AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export DVC_NO_ANALYTICS=1 DVC_SITE_CACHE_DIR="$PWD/site"
mkdir -p gw/bucket
port=$(awk 'BEGIN { srand(); print 20000 + int(rand() * 30000) }')
ROOT_ACCESS_KEY=test ROOT_SECRET_KEY=testtest "$server" --port "127.0.0.1:$port" --keep-alive --quiet posix "$PWD/gw" >gw.log 2>&1 &
gw_pid=$!
trap 'kill $gw_pid' EXIT
export AWS_ENDPOINT_URL="http://127.0.0.1:$port"
for _ in 1 2 3 4 5 6 7 8 9 10; do
	# Ends with 2 as soon as it answers: nothing lies there.
	s3-sync ls s3://bucket/none >/dev/null 2>&1
	[ $? -ne 2 ] || break
	sleep 0.2
done
export RCLONE_CONFIG_S_TYPE=s3 RCLONE_CONFIG_S_PROVIDER=Other RCLONE_CONFIG_S_ENV_AUTH=true RCLONE_CONFIG=/dev/null
export RCLONE_CONFIG_S_ENDPOINT="$AWS_ENDPOINT_URL" RCLONE_CONFIG_S_NO_CHECK_BUCKET=true RCLONE_CONFIG_S_FORCE_PATH_STYLE=true

mkdir -p proto/many proto/large
awk -v n="$n" 'BEGIN { for (i = 0; i < n; i++) { f = sprintf("proto/many/%06d.txt", i); print i, i * i > f; close(f) } }'
head -c "${mb}000000" /dev/urandom >proto/large/f

# up NAME COMMAND WHO, down NAME COMMAND WHO CLEAN COMMAND - WHO (ours, peer) times the first, or the second after it.
# Small objects are put there once, by the first: whose they are makes no difference. A large one each puts itself, since
# what it adds (parts, a hash of its own) decides how it is fetched and verified.
empty_bucket='rm -rf gw/bucket; mkdir gw/bucket'
up() {
	BEFORE=$empty_bucket
	$3 "$1" "$2"
}
down() {
	BEFORE="rm -rf got; $4"
	if [ "$kind" = large ] || [ -z "$filled" ]; then
		(eval "$empty_bucket; $2") >/dev/null 2>&1
		filled=1
	fi
	$3 "$1" "$5"
}

trees() {
	title "$1"
	handicap "the server shares the processors, and works more than its clients"
	$2 "s3-sync" "s3-sync -q proto/$3 s3://bucket/t" ours - "s3-sync -q s3://bucket/t got"
	if [ -n "$rclone" ]; then
		_v="$("$rclone" version | sed -n 's/^rclone //p')"
		$2 "rclone $_v" "$rclone copy proto/$3 s:bucket/t" peer : "$rclone copy s:bucket/t got"
		$2 "rclone, 32 at a time" "$rclone copy --transfers 32 --checkers 32 proto/$3 s:bucket/t" peer : \
			"$rclone copy --transfers 32 --checkers 32 s:bucket/t got"
	else
		skip rclone "not there (make bench-peers)"
	fi
	if [ -n "$aws" ]; then
		_v=$("$aws" --version 2>/dev/null | sed 's,aws-cli/\([^ ]*\).*,\1,')
		$2 "aws $_v s3 sync" "$aws s3 sync --only-show-errors proto/$3 s3://bucket/t" peer : \
			"$aws s3 sync --only-show-errors s3://bucket/t got"
	else
		skip aws "not there (make bench-peers)"
	fi
}

# The same repository for both: s3-sync and dvc write the same remote.
repo() {
	mkdir "repo-$1" && cp -r "proto/$1" "repo-$1/data" && (
		cd "repo-$1" && git init -q && cas-hash init && cas-hash add data &&
			cas-hash remote add -d s s3://bucket/p && cas-hash remote modify s endpointurl "$AWS_ENDPOINT_URL"
	) >/dev/null
}

objects() {
	title "objects of a repository, $1"
	handicap "dvc starts a Python interpreter each time, about half a second"
	$2 "s3-sync" "cd repo-$3 && s3-sync push -q" ours - "cd repo-$3 && s3-sync pull -q"
	if [ -n "${PEER_DVC-}" ]; then
		$2 "dvc $("$PEER_DVC" --version)" "cd repo-$3 && '$PEER_DVC' push -q" peer - "cd repo-$3 && '$PEER_DVC' pull -q"
	else
		skip dvc "no CD4ML_INTEROP_VENV with dvc"
	fi
}

only_up() { up "$1" "$2" "$3"; }
only_down() { down "$1" "$2" "$3" "${4#-}" "$5"; }
pull_down() { down "$1" "$2" "$3" "chmod -R u+w $_repo; rm -rf $_repo/.dvc/cache $_repo/data" "$5"; }

for kind in many large; do
	what=$([ $kind = many ] && echo "$n files of a line" || echo "one file of $mb MB")
	trees "a tree into the bucket: $what" only_up $kind
	report
	filled=
	trees "the tree out of the bucket: $what" only_down $kind
	report
	repo $kind || return 1
	_repo=repo-$kind
	objects "pushed: $what" only_up $kind
	report
	filled=
	objects "pulled: $what" pull_down $kind
	report
done

# shellcheck disable=SC2034 # read by frame.sh
BEFORE=
title "starting up: 20 listings of nothing"
ours "s3-sync ls" "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do s3-sync ls s3://bucket/none 2>/dev/null; done; true"
[ -z "$rclone" ] || peer "rclone lsf" "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do '$rclone' lsf s:bucket/none 2>/dev/null; done; true"
ours "s3-sync --version" "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do s3-sync --version; done"
