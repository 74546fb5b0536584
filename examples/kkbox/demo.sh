#!/bin/sh
# demo.sh - the whole walk-through in a fresh temporary folder: data, pipeline, gate, another model, more
# data, a colleague's clone. Run it by `make demo` in cd4ml's tree, or with the tools on PATH:
#
#	SCALE=0.01    share of the real data (1: 7.4 million plays, 1.5 GB; needs 15 GB of disk)
#	KEEP=1        keep the folder, and say where it is
#	CD4ML_MK=...  the fragment, where it is not installed
#
# Touches nothing outside of the temporary folder (TMPDIR).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
SCALE=${SCALE:-0.01} KEEP=${KEEP:-}
for tool in stage-run cas-hash s3-sync csv-merge model-eval baseline-gate git make; do
	command -v "$tool" >/dev/null || { echo "demo.sh: $tool is not on PATH; run it by \`make demo\`" >&2; exit 2; }
done
[ -n "${CD4ML_MK:-}" ] || [ ! -e "$here/../../mk/cd4ml.mk" ] || CD4ML_MK=$(cd "$here/../../mk" && pwd)/cd4ml.mk
[ -z "${CD4ML_MK:-}" ] || export CD4ML_MK

# Nothing of the user's git, make or project settings gets in, or is changed.
for v in $(env | awk -F= '/^(GIT_|DVC_|AWS_|MAKE|MFLAGS|MODEL=|CD4ML_(REMOTE|PREFIX|WITHOUT))/ { print $1 }'); do
	unset "$v"
done
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 LC_ALL=C
export GIT_AUTHOR_NAME=Demo GIT_AUTHOR_EMAIL=demo@example.com
export GIT_COMMITTER_NAME=Demo GIT_COMMITTER_EMAIL=demo@example.com

top=$(mktemp -d "${TMPDIR:-/tmp}/cd4ml-demo.XXXXXX")
export HOME="$top/home" TMPDIR="$top/tmp"
mkdir "$HOME" "$TMPDIR"
trap 'leave' EXIT
trap 'exit 130' INT TERM HUP

leave() {
	if [ -n "$KEEP" ]; then
		printf '\nAll of it is in %s\n' "$top"
	else
		chmod -R u+w "$top" 2>/dev/null || :
		rm -rf "$top"
	fi
}

# ---- how it speaks -------------------------------------------------------------------------------

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else
	bold='' dim='' plain=''
fi
chapter=0
log=$top/log

# title TEXT
title() {
	chapter=$((chapter + 1))
	printf '\n%s%d. %s%s\n' "$bold" "$chapter" "$1" "$plain"
}

# say TEXT - a paragraph
say() {
	printf '%s\n' "$*" | fold -s -w 88 | sed 's/^/   /; s/ *$//'
}

# shown COMMAND... - how a command looks that is run
shown() {
	printf '   %s$ %s%s\n' "$dim" "$*" "$plain"
}

# do_it COMMAND... - shows the command, runs it, keeps what it says in the log
do_it() {
	shown "$@"
	"$@" </dev/null >"$log" 2>&1 || fail "$*" $?
}

# refuses COMMAND... - the same for one that must end with 1
refuses() {
	status=0
	shown "$@"
	"$@" </dev/null >"$log" 2>&1 || status=$?
	case $1,$status in
	make,2 | [!m]*,1) ;; # make says 2 whatever the tool said
	*) fail "$*, which should have been refused," "$status" ;;
	esac
}

# show [PATTERN] - what the last command said, or the lines of it with the pattern
show() {
	grep -v '^make' "$log" | grep -E "${1:-.}" | sed 's/^/     /' || :
}

fail() {
	printf '\n%s ended with %s:\n' "$1" "$2"
	tail -n 30 "$log"
	exit 1
}

# number FILE KEY - a number at the top of a JSON file
number() {
	sed -n "s/^ *\"$2\": *\([-0-9.e]*\),\{0,1\}$/\1/p" "$1" | head -n 1
}

# rows - a table of the stages, from what `make repro` says while it runs
rows() {
	n=0
	while IFS= read -r line; do
		seconds='-' memory=restored
		case $line in
		*': done in '*' of memory'*)
			seconds=${line#*: done in } memory=${line#*at most }
			seconds=${seconds%% s,*} memory=${memory%% of memory*}
			;;
		*': restored from '*) ;;
		*) continue ;;
		esac
		n=$((n + 1))
		[ "$n" -gt 1 ] || printf '     %-20s %10s %14s\n' stage seconds 'peak memory'
		printf '     %-20s %10s %14s\n' "${line%%:*}" "$seconds" "$memory"
	done
}

# repro [MODEL=...] - brings the project up to date, and says what ran and how good it is now
repro() {
	shown make repro "$@"
	{ make repro "$@" </dev/null 2>&1 && echo "made it"; } | tee "$log" | rows
	grep -q '^made it$' "$log" || fail "make repro $*" "an error"
	sed -n 's/.*: done in \([0-9.]*\) s, .*/\1/p' "$log" | awk '
		{ total += $1 }
		END { if (NR) printf "     %-20s %10.1f\n", "", total }'
	grep -Eq ': (done in|restored from) ' "$log" || echo '     nothing was to do'
	printf '     on test: AUC %.4f, accuracy %.4f; the baseline is %.4f\n' \
		"$(number metrics/metrics.json auc)" "$(number metrics/metrics.json accuracy)" "$(cat baseline.txt)"
}

# keep MESSAGE... - commits what is in the working tree
keep() {
	git add -A
	git commit -qm "$*"
	shown git commit -am "'$*'"
}

started=$(date +%s)

# ---- the story -----------------------------------------------------------------------------------

title "A project, and data that is versioned next to its code"
say "A fresh git repository with the example in it, and a folder as remote storage."
mkdir "$top/project" "$top/storage"
git init -q --bare -b main "$top/origin.git"
for f in Makefile README.md .gitignore .gitlab-ci.yml params.yaml rules.yaml schema daily generate demo.sh; do
	cp -R "$here/$f" "$top/project/"
done
cp "$(dirname "$CD4ML_MK")/gitlab/cd4ml.gitlab-ci.yml" "$top/project/"
cd "$top/project"
echo 0.5 >baseline.txt
git init -q -b main
git remote add origin "$top/origin.git"
do_it cas-hash init
do_it cas-hash remote add -d storage ../storage
do_it make raw SCALE="$SCALE"
sed -n 's/^\([a-z_]*\.csv\) *\([0-9]*\) rows *\([0-9.]* MB\)/\1 \2 \3/p' "$log" |
	awk '{ printf "     %-20s %10d rows %10.1f MB\n", $1, $2, $3 }'
best=$(sed -n 's/^test *Bayes AUC \([0-9.]*\).*/\1/p' "$log")
say "The target is drawn with a known probability: no model can have a test AUC above $best."

do_it csv-split --parts 2 raw/train.csv -o 'raw/part-%03d.csv'
say "The plays come in parts. We begin with the first one."
mkdir -p data
mv raw/test.csv raw/test_truth.csv raw/songs.csv raw/members.csv data/
mv raw/part-001.csv data/train.csv
rm raw/train.csv
for f in train test test_truth songs members; do
	do_it make add FILE="data/$f.csv"
done
keep "Add the first part of the plays"
git push -q origin main 2>"$log" || fail "git push" $?

title "Everything, with a random forest"
repro
say "The gate compares with baseline.txt, which reads 0.5: a coin."
do_it make gate
show
do_it make release
show
do_it make push
do_it git push -q origin main --tags

title "The same model again is not better"
refuses make gate
show

title "Another model: gradient boosting, nothing else changed"
say "Only what depends on the model runs. Tables, encoder and checks stay as they are."
repro MODEL=gbt
do_it make gate MODEL=gbt
show
sed 's/^model: rf /model: gbt/' params.yaml >params.new && mv params.new params.yaml
say "It is better, so it becomes the project's model: in params.yaml, model: gbt."
do_it make release
show
do_it make push

title "More data: the second part has come"
say "Before it is taken in, a look at a delivery with a mistake: somebody coded the label as 0 and 2."
head -n 1001 raw/part-002.csv | sed 's/,1$/,2/' >raw/mistake.csv
refuses data-check validate --schema schema/plays.json --environment training raw/mistake.csv
show
say "The real one is in order. Both parts are put together; a play that comes twice would be dropped."
do_it csv-merge data/train.csv raw/part-002.csv --key msno,song_id -o data/train.csv
do_it make add FILE=data/train.csv
do_it make push
keep "Add the second part of the plays"
do_it make status
show
repro
do_it make metrics
show '^file|\.json  (mean\.)?(auc|accuracy|logloss|f1) '
do_it make gate
show
do_it make release
show

title "Would the forest have made more of the new data?"
repro MODEL=rf
refuses make gate MODEL=rf
show
say "No: the gate holds. Back to the released model: nothing is computed, it comes from the cache."
repro

title "A colleague's clone"
do_it make push
do_it git push -q origin main --tags
do_it git clone -q "$top/origin.git" "$top/clone"
cd "$top/clone"
do_it make pull
repro
same=yes
for f in data/train.csv clean/train.csv models/model.ubj predictions/test.csv metrics/metrics.json; do
	cmp -s "$f" "$top/project/$f" || same="no: $f differs"
done
say "Same bytes of data, model and predictions as in the first folder: $same."
[ "$same" = yes ] || exit 1

title "What git has of it"
printf '     %-10s %-6s %8s   %s\n' version model AUC data
git tag --sort=creatordate -l | while read -r tag; do
	printf '     %-10s %-6s %8.4f   %s MB of plays\n' "$tag" "$(git show "$tag:params.yaml" | sed -n 's/^model: *\([a-z]*\).*/\1/p')" \
		"$(git show "$tag:baseline.txt")" "$(git show "$tag:data/train.csv.dvc" | awk '/size:/ { printf "%.1f", $NF / 1e6 }')"
done
say "$(git -C "$top/project" ls-files | wc -l | tr -d ' ') small files are in git; data and models are in the storage, where" \
	"$(find "$top/storage" -type f | wc -l | tr -d ' ') objects of $(du -sk "$top/storage" | awk '{ printf "%.0f", $1 / 1024 }') MB lie."
printf '\n   %d seconds in all.\n' $(($(date +%s) - started))
