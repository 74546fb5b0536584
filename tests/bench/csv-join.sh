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
cat >duckdb.py <<'PY'
import duckdb
duckdb.sql("""copy (select * from read_csv('train.csv', all_varchar=true) t
    left join read_csv('songs.csv', all_varchar=true) s using (song_id)
    left join read_csv('members.csv', all_varchar=true) m using (msno)) to 'out-duckdb.csv'""")
PY
mv duckdb.py join-duckdb.py; mv pandas.py join-pandas.py; mv polars.py join-polars.py
ours csv-join "csv-join train.csv --left song_id songs.csv --left msno members.csv -o out.csv"
python_peer pandas pandas join-pandas.py
python_peer polars polars join-polars.py
python_peer duckdb duckdb join-duckdb.py
