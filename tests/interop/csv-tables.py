"""Random ugly tables through csv-join, csv-merge and csv-split, against Python's csv module and pandas.

csv-tables.py N SEED: N rounds in the current folder. What is random: names, quoting, newlines and quotes inside
fields, UTF-8, empty fields, CRLF, BOM, a missing final newline, keys of one or two columns, duplicate keys.
"""
import csv
import random
import subprocess
import sys

import pandas as pd

VALUES = ["", "a", "b", "007", "1.50", "x,y", 'say "hi"', "two\nlines", "grün", "日本", " b", "NA", "\r", "A"]


def field(rng, value):
    must = any(c in value for c in ',"\n\r')
    if must or rng.random() < 0.3:
        return '"' + value.replace('"', '""') + '"'
    return value


def write(rng, path, names, rows, plain=False):
    eol = "\n" if plain else rng.choice(["\n", "\r\n"])
    lines = [",".join(field(rng, v) for v in row) for row in [names] + rows]
    text = eol.join(lines)
    if len(names) > 1 and not plain and rng.random() < 0.3 and not text.endswith("\r"):
        pass
    else:
        text += eol
    bom = "\ufeff" if not plain and rng.random() < 0.2 else ""
    with open(path, "w", newline="", encoding="utf-8") as f:
        f.write(bom + text)


def read(text):
    return list(csv.reader(text.decode("utf-8-sig").splitlines(keepends=True)))


def read_file(path):
    with open(path, newline="", encoding="utf-8-sig") as f:
        return list(csv.reader(f))


def run(*args):
    p = subprocess.run([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode:
        sys.exit("%r: %s" % (args, p.stderr.decode()))
    return p.stdout


def table(rng, names, n_rows):
    few = VALUES[: rng.randint(2, len(VALUES))]
    return [[rng.choice(few) for _ in names] for _ in range(n_rows)]


def key_of(names, keys, row):
    key = tuple(row[names.index(k)] for k in keys)
    return None if "" in key or "NA" in key else key


def chosen(rows, names, keys, duplicates):
    """The rows of a key by --duplicates, and which rows are dropped."""
    found = {}
    for i, row in enumerate(rows):
        key = key_of(names, keys, row)
        if key is not None:
            found.setdefault(key, []).append(i)
    if duplicates == "first":
        kept = {k: v[:1] for k, v in found.items()}
    elif duplicates == "last":
        kept = {k: v[-1:] for k, v in found.items()}
    else:
        kept = found
    keep = {i for v in kept.values() for i in v}
    dropped = {i for v in found.values() for i in v} - keep
    return kept, dropped


def join(left, lnames, lkeys, right, rnames, rkeys, kind, duplicates):
    kept, dropped = chosen(right, rnames, rkeys, duplicates)
    cols = [i for i, n in enumerate(rnames) if n not in rkeys]
    out, used = [], set()
    for row in left:
        match = kept.get(key_of(lnames, lkeys, row), [])
        used.update(match)
        if kind == "semi" and match or kind == "anti" and not match:
            out.append(row)
        if kind in ("semi", "anti"):
            continue
        for i in match:
            out.append(row + [right[i][c] for c in cols])
        if not match and kind in ("left", "full"):
            out.append(row + [""] * len(cols))
    if kind in ("right", "full"):
        for i, r in enumerate(right):
            if i in used or i in dropped:
                continue
            row = [""] * len(lnames)
            for a, b in zip(lkeys, rkeys):
                row[lnames.index(a)] = r[rnames.index(b)]
            out.append(row + [r[c] for c in cols])
    names = lnames if kind in ("semi", "anti") else lnames + [rnames[c] for c in cols]
    return names, out


def check_join(rng):
    names, rows = ["k", "l", "v"], None
    rows = table(rng, names, rng.randint(0, 60))
    write(rng, "left.csv", names, rows)
    args = ["csv-join", "-q", "left.csv", "--na", "NA", "-j", rng.randint(1, 3)]
    for i in range(rng.randint(1, 3)):
        rkeys = rng.choice([["k"], ["k", "l"], ["key"], ["l", "kk"]])
        lkeys = {"k": "k", "l": "l", "key": "k", "kk": "k"}
        rnames = rkeys + ["w%d" % i, "x%d" % i]
        rng.shuffle(rnames)
        right = table(rng, rnames, rng.randint(0, 40))
        kind = rng.choice(["left", "inner", "right", "full", "semi", "anti"])
        duplicates = rng.choice(["first", "last", "all"])
        path = "right%d.csv" % i
        write(rng, path, rnames, right)
        key = ",".join(k if lkeys[k] == k else lkeys[k] + "=" + k for k in rkeys)
        args += ["--" + kind, key, path, "--duplicates", duplicates]
        left_keys = [lkeys[k] for k in rkeys]
        if kind in ("left", "inner") and duplicates == "all" and "key" not in rnames and "kk" not in rnames:
            check_pandas(names, rows, rnames, right, rkeys, kind,
                         *join(rows, names, left_keys, right, rnames, rkeys, kind, duplicates))
        names, rows = join(rows, names, left_keys, right, rnames, rkeys, kind, duplicates)
    got = read(run(*args))
    if got != [names] + rows:
        sys.exit("%r\n got: %r\nwant: %r" % (args, got, [names] + rows))


def check_pandas(lnames, left, rnames, right, keys, kind, names, rows):
    """Our model of a join is pandas', which lets missing keys match: those are taken out before."""
    a = pd.DataFrame(left, columns=lnames, dtype=object)
    b = pd.DataFrame(right, columns=rnames, dtype=object)
    b = b[~b[keys].isin(["", "NA"]).any(axis=1)]
    want = a.merge(b, how=kind, on=keys).fillna("")[names]
    if want.values.tolist() != rows:
        sys.exit("pandas %s: %r\nwe: %r" % (kind, want.values.tolist(), rows))


def check_split(rng):
    names = ["a", "b", "c"]
    write(rng, "t.csv", names, table(rng, names, rng.randint(0, 50)))
    cut = rng.choice([["--rows", rng.randint(1, 20)], ["--parts", rng.randint(1, 9)]])
    run("csv-split", "t.csv", *cut, "-o", "part-%03d.csv")
    run("sh", "-c", "csv-merge part-*.csv -o back.csv && rm part-*.csv")
    with open("t.csv", "rb") as a, open("back.csv", "rb") as b:
        if a.read() != b.read():
            sys.exit("csv-merge of parts %r is not the table" % cut)
    run("csv-split", "t.csv", "--shares", "3,1", "--stratify", "a", "--seed", rng.randint(0, 9), "-o", "s-%d.csv")
    both = read_file("s-1.csv")[1:] + read_file("s-2.csv")[1:]
    if sorted(both) != sorted(read_file("t.csv")[1:]):
        sys.exit("shares lose rows")


def check_merge(rng):
    all_rows, args, names = [], [], None
    for i in range(rng.randint(1, 4)):
        mine = rng.sample(["a", "b", "c", "d"], 4)
        names = names or mine
        rows = table(rng, mine, rng.randint(0, 30))
        write(rng, "m%d.csv" % i, mine, rows)
        args.append("m%d.csv" % i)
        all_rows += [[row[mine.index(n)] for n in names] for row in rows]
    got = read(run("csv-merge", *args, "-j", rng.randint(1, 3)))
    if got != [names] + all_rows:
        sys.exit("csv-merge %r: %r, not %r" % (args, got, all_rows))
    keys, duplicates = rng.choice([["a"], ["b", "d"]]), rng.choice(["first", "last"])
    _, dropped = chosen(all_rows, names, keys, duplicates)
    want = [row for i, row in enumerate(all_rows) if i not in dropped]
    got = read(run("csv-merge", *args, "--na", "NA", "--key", ",".join(keys), "--duplicates", duplicates))
    if got != [names] + want:
        sys.exit("csv-merge --key %r: %r, not %r" % (keys, got, want))

    def order(row):
        v = row[names.index("c")]
        try:
            return (0, 0, "") if v == "" else (1, float(v), "") if v.strip() == v else (2, 0, v.encode())
        except ValueError:
            return (2, 0, v.encode())

    got = read(run("csv-merge", *args, "--sort-by", "c"))
    if got[1:] != sorted(all_rows, key=order):
        sys.exit("csv-merge --sort-by: %r" % got)


def main():
    n, seed = int(sys.argv[1]), int(sys.argv[2])
    for i in range(n):
        rng = random.Random(seed * 1000003 + i)
        check_join(rng)
        check_split(rng)
        check_merge(rng)
    print("%d rounds agree" % n)


main()
