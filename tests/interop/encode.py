"""encode.py pandas N SEED | frictionless TABLE SCHEMA | golden TABLE SCHEMA - peers of csv-encode and data-check."""

import csv
import json
import random
import subprocess
import sys

VALUES = ["", "a", "b", "007", "1.50", "x,y", 'say "hi"', "two\nlines", "grün", "日本", " b", "NA", "A"]
NUMBERS = ["", "1", "2", "2.50", "-3e2", "nan", "NA", "007"]


def field(rng, value):
    if any(c in value for c in ',"\n\r') or rng.random() < 0.2:
        return '"' + value.replace('"', '""') + '"'
    return value


def write(rng, path, names, rows):
    with open(path, "w", newline="", encoding="utf-8") as f:
        for row in [names] + rows:
            f.write(",".join(field(rng, v) for v in row) + rng.choice(["\n", "\r\n"]))


def read(text):
    return list(csv.reader(text.decode("utf-8").splitlines(keepends=True)))


def table(rng, names, n):
    kinds = {c: VALUES if c.startswith("t") else NUMBERS for c in names}
    rows = [[rng.choice(kinds[c]) for c in names] for _ in range(n)]
    # A text among many numbers, late.
    if rows and rng.random() < 0.3:
        rows[-1][names.index("n2")] = "late"
    return rows


def is_number(v):
    try:
        float(v)
        return v.strip() == v and "_" not in v
    except ValueError:
        return False


class Encoder:
    """What csv-encode promises, by pandas."""

    def __init__(self, frame):
        import pandas as pd

        self.pd = pd
        self.text, self.codes = {}, {}
        for name in frame:
            there = frame[name].dropna()
            self.text[name] = not there.map(is_number).all()
            if self.text[name] and name != "n1":
                values = frame[name].fillna("?")
                self.codes[name] = list(pd.unique(values))

    def apply(self, frame):
        out = frame.copy()
        for name in frame:
            if name == "n1":
                out[name] = frame[name].fillna("")
            elif name in self.codes:
                known = self.pd.Index(self.codes[name]).get_indexer(frame[name].fillna("?"))
                out[name] = [str(c) if c >= 0 else str(len(self.codes[name])) for c in known]
            else:
                out[name] = frame[name].fillna("0")
        return [list(frame.columns)] + out.values.tolist()


def check_round(rng):
    import pandas as pd

    names = ["t1", "n1", "t2", "n2", "n3"]
    train, test = table(rng, names, rng.randint(1, 40)), table(rng, names, rng.randint(1, 40))
    write(rng, "train.csv", names, train)
    write(rng, "test.csv", names, test)
    args = ["--fill-text", "?", "--fill-number", "0", "--codes-text", "--plain", "n1", "--na", "NA"]
    threads = ["-j", str(rng.randint(1, 3))]
    fit = subprocess.run(["csv-encode", "-q", "--fit", "e.json", *args, *threads, "-"], stdin=open("train.csv"),
                         capture_output=True, check=True).stdout
    apply = subprocess.run(["csv-encode", "-q", "--apply", "e.json", *threads, "test.csv"],
                           capture_output=True, check=True).stdout

    def frame(rows):
        return pd.DataFrame(rows, columns=names, dtype=object).replace(["", "NA"], None)

    def plain(rows, want):
        """A column that passes keeps its missing values as they were."""
        for have, row in zip(want[1:], rows):
            have[1] = row[1]
        return want

    encoder = Encoder(frame(train))
    for got, rows in [(fit, train), (apply, test)]:
        want = plain(rows, encoder.apply(frame(rows)))
        if read(got) != want:
            sys.exit("%r: %r, not %r" % (rows, read(got), want))


def errors(path, schema):
    from frictionless import Resource, Schema

    report = Resource(path, schema=Schema.from_descriptor(schema)).validate()
    return [(e.row_number if hasattr(e, "row_number") else None, getattr(e, "field_name", None), e.type)
            for task in report.tasks for e in task.errors]


def golden(path, schema):
    """First row of each column's constraint errors; Frictionless takes INF and NaN as numbers, we do not."""
    theirs = {}
    for row, name, kind in errors(path, schema):
        if name and kind in ("constraint-error", "type-error", "unique-error"):
            theirs.setdefault(name, set()).add(row)
    ours = {}
    done = subprocess.run(["data-check", "validate", "--json", "--schema", schema, path], capture_output=True)
    for a in json.loads(done.stdout)["files"][0]["anomalies"]:
        if not a["anomaly"].startswith(("FEATURE_TYPE_LOW_FRACTION", "FLOAT_TYPE_HAS")) or a["column"] == "age":
            ours.setdefault(a["column"], set()).add(a["row"])
    if not theirs:
        sys.exit("Frictionless finds nothing: %r" % errors(path, schema))
    for name in theirs:
        if not ours.get(name, set()) <= theirs[name] or min(ours[name]) != min(theirs[name]):
            sys.exit("%s: rows %r, Frictionless %r" % (name, ours.get(name), theirs[name]))
    print("agree on", sorted(theirs))


if sys.argv[1] == "pandas":
    for i in range(int(sys.argv[2])):
        check_round(random.Random(int(sys.argv[3]) * 1000003 + i))
    print("%s rounds agree" % sys.argv[2])
elif sys.argv[1] == "golden":
    golden(sys.argv[2], sys.argv[3])
else:
    print(errors(sys.argv[2], sys.argv[3]))
