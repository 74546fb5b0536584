#!/bin/sh
# daily.sh [DAY] - brings the plays of a day into the project: fetched, checked, merged, pushed, committed. The
# push starts the pipeline. One script for cron (crontab), systemd (kkbox-daily.timer), AWS Lambda (bootstrap) and
# a scheduled GitLab pipeline (script: sh daily/daily.sh).
#
#	DAY                like 2017-03-01; default: yesterday (UTC)
#	DAILY_SOURCE       folder or s3://bucket/prefix where the provider puts DAY.csv
#	DAILY_REPO         git URL of the project; default: in GitLab CI this project
#	DAILY_BRANCH       branch to commit to (main)
#	DAILY_WORK         folder for a clone of its own, kept for the next day (~/.cache/kkbox-daily)
#	CD4ML_PUSH_TOKEN   project access token with write_repository, where the URL is https
#	DAILY_TRIGGER_TOKEN   pipeline trigger token, for where the push starts no pipeline: GitLab's jobs push with
#	                   a token of their own that starts none
#
# A day is a file of its own in data/days, and merged into data/train.csv. It must be as schema/day.json says:
# schema/plays.json, but for the number of rows. Exit status: 0 done, or it was there
# already; 1 the day failed its check: nothing is committed; 2 wrong use, or no such day yet; 3 the network, git or
# the disk failed: try again later.
#
# May be run as often as one likes, by two at once and on two machines, and may die at any time: it starts from
# what git's remote has, git decides who was first, and the one that came second starts again.
set -eu

say() { printf 'daily.sh: %s\n' "$*" >&2; }
die() {
	status=$1
	shift
	say "$*"
	exit "$status"
}

day=${1:-$(date -u -d yesterday +%F)}
case $day in
[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]) ;;
*) die 2 "'$day' is no day like 2017-03-01" ;;
esac
[ -n "${DAILY_SOURCE:-}" ] || die 2 'DAILY_SOURCE is not set: where does the provider put its files?'
branch=${DAILY_BRANCH:-${CI_DEFAULT_BRANCH:-main}}
work=${DAILY_WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/kkbox-daily}
repo=${DAILY_REPO:-${CI_PROJECT_URL:+$CI_PROJECT_URL.git}}
[ -n "$repo" ] || die 2 'DAILY_REPO is not set: which project?'

# The token is told by a helper: it is in no URL, no configuration and no list of processes.
# shellcheck disable=SC2016 # git's shell is to expand it
token='!f() { echo username=oauth2; echo "password=$CD4ML_PUSH_TOKEN"; }; f'
repo_git() {
	if [ -n "${CD4ML_PUSH_TOKEN:-}" ]; then
		git -c credential.helper= -c credential.helper="$token" "$@"
	else
		git "$@"
	fi
}

# A push with the token of a job starts no pipeline (GitLab 18.3): then it is asked for by the trigger API.
start_pipeline() {
	[ -z "${CD4ML_PUSH_TOKEN:-}" ] && [ -n "${CI_JOB_TOKEN:-}" ] || return 0
	if [ -z "${DAILY_TRIGGER_TOKEN:-}" ]; then
		say 'a push with the token of a job starts no pipeline: set CD4ML_PUSH_TOKEN, or DAILY_TRIGGER_TOKEN'
		return 0
	fi
	# the token by standard input: not in the list of processes
	printf 'form = "token=%s"\n' "$DAILY_TRIGGER_TOKEN" | curl -sSf --retry 3 -o /dev/null -K - \
		--form-string "ref=$branch" "$CI_API_V4_URL/projects/$CI_PROJECT_ID/trigger/pipeline" ||
		die 3 "the data is in, but no pipeline could be started; start one for $branch"
	say "a pipeline for $branch is started"
}

# One at a time on this machine.
mkdir -p "$work"
exec 9>"$work/lock"
flock 9

# What the provider delivered, outside of the clone.
new=$work/new
rm -rf "$new"
mkdir "$new"
s3-sync --exclude '*' --include "$day.csv" "$DAILY_SOURCE" "$new" >/dev/null || die 3 "$DAILY_SOURCE cannot be read"
[ -f "$new/$day.csv" ] || die 2 "$DAILY_SOURCE has no $day.csv yet"

[ -d "$work/clone/.git" ] || {
	rm -rf "$work/clone"
	repo_git clone -q "$repo" "$work/clone" || die 3 "$repo cannot be cloned"
}
cd "$work/clone"

# once - 0 done or nothing to do, 1 the check failed, 4 another was first
once() {
	repo_git fetch -q origin "$branch" || die 3 "$repo cannot be reached"
	git checkout -qfB "$branch" FETCH_HEAD
	git clean -qfd

	if [ -e data/days.dvc ]; then
		s3-sync pull -q --force data/days.dvc || die 3 'the earlier days cannot be pulled'
	fi
	if [ -e "data/days/$day.csv" ]; then
		cmp -s "data/days/$day.csv" "$new/$day.csv" && { say "$day is there already"; return 0; }
		say "$day was there with other content: it is merged again, the last one counts"
	fi

	data-check validate --schema schema/day.json --environment training "$new/$day.csv" >&2 || {
		case $? in
		1) say "$day failed its check: nothing is committed"; return 1 ;;
		*) die 3 "$day cannot be checked" ;;
		esac
	}

	s3-sync pull -q --force data/train.csv.dvc || die 3 'data/train.csv cannot be pulled'
	mkdir -p data/days
	cp "$new/$day.csv" "data/days/.$day.csv" && mv "data/days/.$day.csv" "data/days/$day.csv"
	csv-merge -q data/train.csv "$new/$day.csv" --key msno,song_id --duplicates last -o data/train.csv
	cas-hash add -q data/days data/train.csv
	s3-sync push -q data/days.dvc data/train.csv.dvc || die 3 'the data cannot be pushed'

	git add data/days.dvc data/train.csv.dvc data/.gitignore
	git diff --cached --quiet && { say "$day changes nothing"; return 0; }
	git -c user.name="${GIT_AUTHOR_NAME:-Daily job}" -c user.email="${GIT_AUTHOR_EMAIL:-daily@localhost}" \
		commit -qm "data: plays of $day"
	repo_git push -q origin "HEAD:$branch" || return 4
	say "$day is in"
	start_pipeline
}

tries=0
while :; do
	status=0
	once || status=$?
	[ $status -eq 4 ] || exit $status
	tries=$((tries + 1))
	[ $tries -lt 5 ] || die 3 'the commit could not be pushed'
	say 'somebody else pushed first: again from there'
done
