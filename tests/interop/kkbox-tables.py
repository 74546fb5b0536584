# kkbox-tables.py FOLDER - csv-join of FOLDER/train.csv with songs and members against DuckDB's joins of the same files,
# and csv-encode's codes against pandas' factorize: every cell, in order. Ends with 1 at the first that differs.
import csv, subprocess, sys
import duckdb, pandas as pd

d = sys.argv[1]
join = ["csv-join", f"{d}/train.csv", "--left", "song_id", f"{d}/songs.csv", "--left", "msno", f"{d}/members.csv"]
subprocess.run(join + ["-o", "ours.csv"], check=True)
duckdb.sql("set preserve_insertion_order=true")
duckdb.sql(f"""copy (select * from read_csv('{d}/train.csv', all_varchar=true) t
    left join read_csv('{d}/songs.csv', all_varchar=true) s using (song_id)
    left join read_csv('{d}/members.csv', all_varchar=true) m using (msno)) to 'theirs.csv'""")

# A left join has no order in SQL: rows are found again by user and song, of which each pair is there once.
n = 0
differ = duckdb.sql("""select count(*) from (
    select * from read_csv('ours.csv', all_varchar=true) except all
    select columns(*) from read_csv('theirs.csv', all_varchar=true))""").fetchall()[0][0]
with open("ours.csv", newline="") as a, open(f"{d}/train.csv", newline="") as b:
    head = next(csv.reader(a)), next(csv.reader(b))
    for x, y in zip(csv.reader(a), csv.reader(b), strict=True):
        assert x[:len(y)] == y, (n, x, y)  # LEFT's rows, in LEFT's order
        n += 1
columns = duckdb.sql("select * from read_csv('theirs.csv', all_varchar=true) limit 0").columns
assert head[0] == columns, (head[0], columns)
assert n == duckdb.sql("select count(*) from read_csv('theirs.csv', all_varchar=true)").fetchall()[0][0]
assert differ == 0, f"{differ} rows are not DuckDB's"
print(f"join: {n} rows of {len(columns)} columns are DuckDB's, in the order of train")

subprocess.run(["csv-encode", "ours.csv", "--fit", "enc.json", "--keep", "song_id,artist_name,composer,source_type",
                "--fill-text", "unknown", "--codes-text", "-o", "codes.csv"], check=True)
t = pd.read_csv("ours.csv", usecols=["song_id", "artist_name", "composer", "source_type"], dtype=str,
                keep_default_na=False, na_values=[""])
ours = pd.read_csv("codes.csv")
for c in ours.columns:
    assert (pd.factorize(t[c].fillna("unknown"))[0] == ours[c].to_numpy()).all(), c
print(f"encode: codes of {len(ours.columns)} columns are pandas'")
