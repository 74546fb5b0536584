# csv-encode.sh - the walk-through's preprocessing: train joined with songs and members, filled, dates
# taken apart, texts to codes, to a CSV file.
# shellcheck shell=sh

title "csv-join | csv-encode: train to a table of numbers (scale $BENCH_SCALE)"
handicap "duckdb and polars number the categories by order, not by appearance; only ours keeps the codes for other data"
kkbox || return 1
cat >encode-pandas.py <<'PY'
import warnings
import pandas as pd
warnings.simplefilter("ignore")
t = pd.read_csv("train.csv")
s = pd.read_csv("songs.csv")
m = pd.read_csv("members.csv")
d = t.merge(s, on="song_id", how="left").merge(m, on="msno", how="left").drop(columns="lyricist")
for col in ("registration_init_time", "expiration_date"):
    date = pd.to_datetime(d.pop(col), format="%Y%m%d")
    d[col + "_year"], d[col + "_month"], d[col + "_day"] = date.dt.year, date.dt.month, date.dt.day
for col in d.select_dtypes(["object", "string"]).columns:
    d[col] = d[col].fillna("unknown").astype("category").cat.codes
d.fillna(0).to_csv("out-pandas.csv", index=False)
PY
cat >encode-polars.py <<'PY'
import polars as pl
import polars.selectors as cs
t = pl.scan_csv("train.csv", infer_schema_length=None)
s = pl.scan_csv("songs.csv", infer_schema_length=None)
m = pl.scan_csv("members.csv", infer_schema_length=None)
d = t.join(s, on="song_id", how="left", maintain_order="left").join(
    m, on="msno", how="left", maintain_order="left").drop("lyricist")
parts = []
for col in ("registration_init_time", "expiration_date"):
    date = pl.col(col).cast(pl.String).str.to_date("%Y%m%d")
    parts += [date.dt.year().alias(col + "_year"), date.dt.month().alias(col + "_month"), date.dt.day().alias(col + "_day")]
d = d.with_columns(parts).drop("registration_init_time", "expiration_date")
d = d.with_columns((cs.string().fill_null("unknown").rank("dense") - 1).cast(pl.UInt32), cs.numeric().fill_null(0))
d.collect().write_csv("out-polars.csv")
PY
cat >encode-duckdb.py <<'PY'
import duckdb
duckdb.sql("""create temp table d as select * exclude (lyricist) from read_csv('train.csv') t
    left join read_csv('songs.csv') s using (song_id) left join read_csv('members.csv') m using (msno)""")
out = []
for name, kind, *_ in duckdb.sql("describe d").fetchall():
    if name in ("registration_init_time", "expiration_date"):
        for part in ("year", "month", "day"):
            out.append(f"coalesce({part}(strptime({name}::varchar, '%Y%m%d')), 0) as {name}_{part}")
    elif kind == "VARCHAR":
        duckdb.sql(f"""create temp table c_{name} as select v, row_number() over (order by v) - 1 as code
            from (select distinct coalesce({name}, 'unknown') as v from d)""")
        out.append(f"c_{name}.code as {name}")
    else:
        out.append(f"coalesce({name}, 0) as {name}")
joins = " ".join(f"join c_{n} on c_{n}.v = coalesce(d.{n}, 'unknown')"
                 for n, kind, *_ in duckdb.sql("describe d").fetchall() if kind == "VARCHAR")
duckdb.sql(f"copy (select {', '.join(out)} from d {joins}) to 'out-duckdb.csv'")
PY
join="csv-join train.csv --left song_id songs.csv --left msno members.csv"
encode="csv-encode - --plain target --drop lyricist --fill-text unknown --fill-number 0 \
	--date registration_init_time,expiration_date --codes-text"
ours "join, encode --fit" "$join | $encode --fit enc.json -o out.csv"
ours "join, encode --fit, nothing written" "$join | $encode --fit enc.json -o /dev/null"
ours "join, encode --fit, -j 1 each" "$join -j 1 | $encode -j 1 --fit enc.json -o out.csv"
ours "join, encode --apply" "$join | csv-encode - --apply enc.json -o out.csv"
ours "counts and target means too" "$join | $encode --count song_id,artist_name --target-mean song_id,artist_name \
	--by target --fit enc2.json -o out.csv"
rm -f out.csv
python_peer "pandas, as the walk-through" pandas encode-pandas.py
python_peer polars polars encode-polars.py
python_peer "duckdb, unordered" duckdb encode-duckdb.py
rm -f out-*.csv
