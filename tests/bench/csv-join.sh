# csv-join.sh - the walk-through's join: train with songs and members, to a CSV file.
# shellcheck shell=sh

title "csv-join: train with songs and members, CSV to CSV (scale $BENCH_SCALE)"
handicap "pandas and duckdb parse to types and print them again; ours passes bytes through"
kkbox || return 1
cat >pandas.py <<'PY'
import pandas as pd
t = pd.read_csv("train.csv")
s = pd.read_csv("songs.csv")
m = pd.read_csv("members.csv")
t.merge(s, on="song_id", how="left").merge(m, on="msno", how="left").to_csv("out-pandas.csv", index=False)
PY
cat >polars.py <<'PY'
import polars as pl
t = pl.scan_csv("train.csv", infer_schema=False)
s = pl.scan_csv("songs.csv", infer_schema=False)
m = pl.scan_csv("members.csv", infer_schema=False)
t.join(s, on="song_id", how="left", maintain_order="left").join(
    m, on="msno", how="left", maintain_order="left").sink_csv("out-polars.csv")
PY
for order in true false; do
	cat >join-duckdb-$order.py <<PY
import duckdb
duckdb.sql("set preserve_insertion_order=$order")
duckdb.sql("""copy (select * from read_csv('train.csv', all_varchar=true) t
    left join read_csv('songs.csv', all_varchar=true) s using (song_id)
    left join read_csv('members.csv', all_varchar=true) m using (msno)) to 'out-duckdb.csv'""")
PY
done
mv pandas.py join-pandas.py; mv polars.py join-polars.py
join="--left song_id songs.csv --left msno members.csv"
# a fifth of what the tables take
memory=$(awk -v s="$BENCH_SCALE" 'BEGIN { printf "%d", s * 80e6 }')
ours csv-join "csv-join train.csv $join -o out.csv"
ours "csv-join, nothing written" "csv-join train.csv $join -o /dev/null"
ours "csv-join -j 1, nothing written" "csv-join -j 1 train.csv $join -o /dev/null"
ours "csv-join, little memory" "csv-join train.csv $join --memory $memory -o out.csv"
rm -f out.csv
python_peer pandas pandas join-pandas.py
python_peer "polars (streaming)" polars join-polars.py
python_peer "duckdb, ordered" duckdb join-duckdb-true.py
python_peer "duckdb, unordered" duckdb join-duckdb-false.py
rm -f out-*.csv

# Others join two tables only: one after the other, through a pipe. Miller keeps LEFT's order with -u.
two='join --ul -u -j'
if command -v mlr >/dev/null; then
	handicap "Miller, xan, qsv: two joins in a pipe"
	peer "$(mlr --version)" "mlr --csv $two song_id -f songs.csv then unsparsify train.csv |
		mlr --csv $two msno -f members.csv then unsparsify >out-mlr.csv"
else
	skip Miller "not installed"
fi
for other in qsv xan; do
	if command -v $other >/dev/null; then
		peer "$other" "$other join --left song_id train.csv song_id songs.csv |
			$other join --left msno - msno members.csv >out-$other.csv"
	else
		skip $other "not installed"
	fi
done
rm -f out-*.csv
report

title "scanning: rows of train counted, nothing written (scale $BENCH_SCALE)"
handicap "wc knows no quotes"
ours "csv-merge to nothing" "csv-merge train.csv -o /dev/null"
peer "wc -l" "wc -l train.csv"
report

title "gzip: LEFT compressed (scale $BENCH_SCALE)"
gzip -1 -c train.csv >train.csv.gz
ours "csv-join of gzip" "csv-join train.csv.gz $join -o /dev/null"
peer "gzip -dc, nothing else" "gzip -dc train.csv.gz"
rm -f train.csv.gz
report

title "growth: as is, twice, four times the rows (linear: 1, 2, 4)"
ours "1 x" "csv-join train.csv $join -o /dev/null"
for n in 2 4; do
	# shellcheck disable=SC2046 # one word for each copy
	csv-merge $(yes train.csv | head -n $n) -o train-$n.csv
	ours "$n x" "csv-join train-$n.csv $join -o /dev/null"
	rm -f train-$n.csv
done
