# csv-merge.sh - the daily job: a day's rows behind those of the days before, at the second day and at the last of a year.
# shellcheck shell=sh

title "csv-merge: 1/365 of train appended by key (scale $BENCH_SCALE)"
handicap "pandas and the whole merge read and write the old rows; that is the point"
kkbox || return 1
rows=$(($(wc -l <train.csv) - 1))
day=$((rows / 365))
head -n $((1 + day)) train.csv >old-2.csv
head -n $((1 + 364 * day)) train.csv >old-365.csv
{ head -n 1 train.csv; tail -n "$day" train.csv; } >today.csv
head -n 1 train.csv >none.csv
cat >merge-pandas.py <<'PY'
import pandas as pd
old = pd.read_csv("old-365.csv")
pd.concat([old, pd.read_csv("today.csv")]).drop_duplicates(["msno", "song_id"]).to_csv("out.csv", index=False)
PY
for d in 2 365; do
	csv-merge none.csv --into old-$d.csv --key msno,song_id --index keys-$d || return 1
	# shellcheck disable=SC2034 # read by ours
	BEFORE="cp -p old-$d.csv t.csv; cp keys-$d t.keys; sync t.csv t.keys"
	ours "--into at day $d" "csv-merge today.csv --into t.csv --key msno,song_id --index t.keys"
	# shellcheck disable=SC2034 # for frame.sh
	BEFORE=
	ours "once more, nothing new" "csv-merge today.csv --into t.csv --key msno,song_id --index t.keys"
done
ours "-o, all rows at day 365" "csv-merge old-365.csv today.csv --key msno,song_id -o out.csv"
python_peer pandas pandas merge-pandas.py
rm -f out.csv t.csv
