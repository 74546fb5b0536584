#!/bin/sh
# peers.sh FOLDER [bench] - finds or makes the Python peers; prints the shell assignments PEER_PYTHON=..., PEER_XGBOOST2=...,
# PEER_DVC=... and so on.
#
# CD4ML_INTEROP_VENV, virtual environments separated by ':', is taken as it is; a peer that none of them has is left
# empty, and its tests are skipped. Without it environments are made in FOLDER, once: ml, xgboost2 and dvc, which do not
# agree on their dependencies. With CD4ML_INTEROP_VENV=none nothing is made.
#
# rclone and aws are only measured against: what CD4ML_RCLONE and CD4ML_AWS name, else the pinned ones, which are made in FOLDER
# when `bench` asks for them, else what is on PATH.
set -u

mkdir -p "$1" || exit 3
folder=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
python='' xgboost2='' dvc=''

make_venv() {
	venv=$folder/$1 list=$here/$2
	if [ -e "$venv/complete" ] && cmp -s "$venv/complete" "$list"; then
		return 0
	fi
	echo "making $venv" >&2
	rm -rf "$venv"
	"${PYTHON:-python3}" -m venv "$venv" >&2 &&
		"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$list" >&2 &&
		cp "$list" "$venv/complete"
}

case ${CD4ML_INTEROP_VENV-} in
none) ;;
'')
	if make_venv ml requirements.txt; then python=$folder/ml/bin/python; fi
	if make_venv xgboost2 requirements-xgboost2.txt; then xgboost2=$folder/xgboost2/bin/python; fi
	if make_venv dvc requirements-dvc.txt; then dvc=$folder/dvc/bin/dvc; fi
	;;
*)
	IFS=:
	for venv in $CD4ML_INTEROP_VENV; do
		case $("$venv/bin/python" -c 'import xgboost; print(xgboost.__version__)' 2>/dev/null) in
		2.*) xgboost2=$venv/bin/python ;;
		?*) [ -n "$python" ] || python=$venv/bin/python ;;
		esac
		[ -n "$dvc" ] || [ ! -x "$venv/bin/dvc" ] || dvc=$venv/bin/dvc
	done
	;;
esac
# An S3 server: CD4ML_S3_SERVER, or on PATH, or built once where Go is installed.
s3=${CD4ML_S3_SERVER:-$(command -v versitygw || true)}
if [ -z "$s3" ] && [ "${CD4ML_INTEROP_VENV-}" != none ] && command -v go >/dev/null; then
	s3=$folder/bin/versitygw
	[ -x "$s3" ] || GOBIN=${s3%/*} go install github.com/versity/versitygw/cmd/versitygw@v1.8.0 >&2 || s3=''
fi
# GitLab's jobs on this machine: GITLAB_CI_LOCAL, or on PATH, or installed once where npm is.
gitlab=${GITLAB_CI_LOCAL:-$(command -v gitlab-ci-local || true)}
if [ -z "$gitlab" ] && [ "${CD4ML_INTEROP_VENV-}" != none ] && command -v npm >/dev/null; then
	gitlab=$folder/npm/node_modules/.bin/gitlab-ci-local
	[ -x "$gitlab" ] || npm install --silent --prefix "$folder/npm" gitlab-ci-local@4.61.0 >&2 || gitlab=''
fi
rclone=${CD4ML_RCLONE-} aws=${CD4ML_AWS-}
if [ "${2-}" = bench ]; then
	if [ -z "$rclone" ] && [ ! -x "$folder/bin/rclone" ]; then
		GOBIN=$folder/bin go install github.com/rclone/rclone@v1.76.0 >&2
	fi
	[ -n "$aws" ] || make_venv aws requirements-aws.txt
fi
if [ -z "$rclone" ] && [ -x "$folder/bin/rclone" ]; then rclone=$folder/bin/rclone; fi
if [ -z "$aws" ] && [ -e "$folder/aws/complete" ]; then aws=$folder/aws/bin/aws; fi
rclone=${rclone:-$(command -v rclone || true)} aws=${aws:-$(command -v aws || true)}
echo "CD4ML_RCLONE='$rclone'"
echo "CD4ML_AWS='$aws'"
echo "CD4ML_S3_SERVER='$s3'"
echo "GITLAB_CI_LOCAL='$gitlab'"
echo "PEER_PYTHON='$python'"
echo "PEER_XGBOOST2='$xgboost2'"
echo "PEER_DVC='$dvc'"
