"""encode-features.py N SEED - csv-encode and csv-split on random ugly tables, beside scikit-learn and pandas."""

import csv
import os
import random
import subprocess
import sys

import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

VALUES = ["", "a", "b", "007", "1.50", "x,y", 'say "hi"', "two\nlines", "grün", "日本", " b", "A", '"', ",", "\r\n"]
PARTS = ["rock", "pop", "jazz", "hip hop", "é", 'x"y', "a,b", ""]
DATES = ["", "19691231", "1970-01-01", "2000/02/29", "20111231", "2024-03-01T10:00:00", "1900-02-28"]
NAMES = ["k", "g", "d", "c", "y"]
MASK = (1 << 64) - 1


def field(rng, value):
    if any(c in value for c in ',"\n\r') or rng.random() < 0.2:
        return '"' + value.replace('"', '""') + '"'
    return value


def write(rng, path, rows):
    with open(path, "w", newline="", encoding="utf-8") as f:
        for row in [NAMES] + rows:
            f.write(",".join(field(rng, v) for v in row) + rng.choice(["\n", "\r\n"]))


def read(path):
    with open(path, newline="", encoding="utf-8") as f:
        rows = list(csv.reader(f))
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


def table(rng, n, values, kind):
    target = (lambda: str(rng.randint(0, 1))) if kind == "class" else (lambda: repr(round(rng.gauss(10, 3), 3)))
    return [[rng.choice(values), "|".join(rng.choice(PARTS) for _ in range(rng.randint(0, 4))), rng.choice(DATES),
             rng.choice(values), target()] for _ in range(n)]


def mix(z):
    z = ((z ^ (z >> 30)) * 0xbf58476d1ce4e5b9) & MASK
    z = ((z ^ (z >> 27)) * 0x94d049bb133111eb) & MASK
    return z ^ (z >> 31)


def fold(seed, row, n):
    """lib/base/rng.h: rng_below(seed, 0, row, n)."""
    key = mix((seed + 0x9e3779b97f4a7c15) & MASK)
    return (mix(mix((key + row * 0x9e3779b97f4a7c15) & MASK)) * n) >> 64


def check(what, got, want):
    if list(got) != list(want):
        sys.exit("%s: %r, not %r" % (what, list(got), list(want)))


def check_near(what, got, want):
    for g, w in zip(got, want, strict=True):
        if (g == "") != (w is None) or (w is not None and abs(float(g) - w) > 1e-6 * max(1, abs(w))):
            sys.exit("%s: %r, not %r" % (what, got, want))


def column(rows, name):
    return [row[NAMES.index(name)] for row in rows]


def frame(values):
    return pd.DataFrame({"v": pd.Series(values, dtype=object)})


def target_encoder(values, targets, smooth):
    there = [i for i, v in enumerate(values) if v]
    mean = float(np.mean([float(t) for t in targets]))
    known = {}
    # Rows without a value count in the mean of all, which scikit-learn has no way to say: by hand, then.
    by_hand = {v: (sum(float(targets[i]) for i in there if values[i] == v) + smooth * mean) /
               (sum(values[i] == v for i in there) + smooth) for v in set(values) if v}
    if len(there) == len(values) and len(set(values)) > 1:
        encoder = TargetEncoder(smooth=smooth, target_type="continuous")
        encoder.fit(frame(values), np.array([float(t) for t in targets]))
        known = dict(zip(encoder.categories_[0], encoder.encodings_[0]))
        assert set(known) == set(by_hand)
        for v in known:
            assert abs(known[v] - by_hand[v]) < 1e-9
    return lambda v: None if not v else by_hand.get(v, mean)


def check_means(train, test, fit, apply, smooth, folds, seed):
    values, targets = column(train, "k"), column(train, "y")
    encode = target_encoder(values, targets, smooth)
    check_near("means of all", apply["k_target_mean"], [encode(v) for v in column(test, "k")])
    mine = [fold(seed, i, folds) for i in range(len(train))]
    want = [None] * len(train)
    for k in set(mine):
        others = [i for i in range(len(train)) if mine[i] != k]
        if others:
            encode = target_encoder([values[i] for i in others], [targets[i] for i in others], smooth)
            for i in range(len(train)):
                if mine[i] == k:
                    want[i] = encode(values[i])
    check_near("means of other folds", fit["k_target_mean"], want)


def check_onehot(train, test, fit, apply):
    known = [v for v in dict.fromkeys(column(train, "c")) if v]
    encoder = OneHotEncoder(categories=[known], handle_unknown="ignore", sparse_output=False, dtype=int)
    encoder.fit(frame(known))
    for rows, got in [(train, fit), (test, apply)]:
        want = encoder.transform(frame(column(rows, "c")))
        names = ["c" + n[1:] for n in encoder.get_feature_names_out()]
        check("onehot names", [n for n in got if n.startswith("c_")], names)
        for i, name in enumerate(names):
            check(name, got[name], [str(x) for x in want[:, i]])
    dummies = pd.get_dummies(frame(column(train, "c")).replace("", None), prefix="c", dtype=int)
    for name in dummies:
        check(name, fit[name], [str(x) for x in dummies[name]])


def check_split(train, test, fit, apply):
    columns = list(pd.Series(column(train, "g"), dtype=object).str.get_dummies("|"))
    for rows, got in [(train, fit), (test, apply)]:
        lists = column(rows, "g")
        want = pd.Series(lists, dtype=object).str.get_dummies("|").reindex(columns=columns, fill_value=0)
        check("split names", sorted(n for n in got if n.startswith("g_") and n != "g_parts"),
              sorted("g_" + c for c in columns))
        for name in columns:
            check("g_" + name, got["g_" + name], [str(x) for x in want[name]])
        check("g_parts", got["g_parts"], [str(sum(1 for p in v.split("|") if p)) for v in lists])


def check_codes(train, test, fit, apply):
    """By order of the bytes, as OrdinalEncoder's by code points; and how often."""
    values = column(train, "k")
    known = sorted({v for v in values if v})
    encoder = OrdinalEncoder(categories=[known], handle_unknown="use_encoded_value", unknown_value=len(known))
    encoder.fit(frame(known))
    counts = pd.Series(values, dtype=object).value_counts()
    for rows, got in [(train, fit), (test, apply)]:
        mine = column(rows, "k")
        codes = encoder.transform(frame(mine))[:, 0]
        check("codes", got["k"], ["" if not v else str(int(c)) for v, c in zip(mine, codes)])
        check("counts", got["k_count"], ["" if not v else str(counts.get(v, 0)) for v in mine])


def check_dates(rows, got):
    for i, v in enumerate(column(rows, "d")):
        want = ["", "", "", "", ""]
        if v:
            t = pd.Timestamp(v.replace("/", "-")[:10])
            want = [t.year, t.month, t.day, t.weekday(), (t.normalize() - pd.Timestamp("1970-01-01")).days]
        check("date", [got["d_" + p][i] for p in ("year", "month", "day", "weekday", "epoch_days")], map(str, want))


def run(args, **more):
    return subprocess.run(args, check=True, **more)


def check_encode(rng):
    values = rng.sample(VALUES, rng.randint(3, len(VALUES)))
    if rng.random() < 0.4:
        values = [v for v in values if v]
    kind = rng.choice(["class", "number"])
    train, test = table(rng, rng.randint(3, 60), values, kind), table(rng, rng.randint(1, 30), VALUES, kind)
    if not any(column(train, "c")):
        train[0][3] = "a"
    write(rng, "train.csv", train)
    write(rng, "test.csv", test)
    smooth, folds, seed = rng.choice([0.5, 1, 10, 33.3]), rng.randint(2, 7), rng.randint(0, 99)
    run(["csv-encode", "-q", "--fit", "e.json", "--codes", "k", "--count", "k", "--target-mean", "k", "--by", "y",
         "--smooth", str(smooth), "--folds", str(folds), "--seed", str(seed), "--split", "g:|", "--onehot", "c",
         "--date", "d", "--date-parts", "year,month,day,weekday,epoch_days", "-j", str(rng.randint(1, 3)),
         "train.csv", "-o", "fit.csv"])
    run(["csv-encode", "-q", "--apply", "e.json", "test.csv", "-o", "apply.csv"])
    fit, apply = read("fit.csv"), read("apply.csv")
    check_means(train, test, fit, apply, smooth, folds, seed)
    check_onehot(train, test, fit, apply)
    check_split(train, test, fit, apply)
    check_dates(train, fit)
    check_dates(test, apply)
    run(["csv-encode", "-q", "--fit", "e.json", "--codes", "k", "--count", "k", "--codes-order", "sorted", "--keep", "k",
         "train.csv", "-o", "fit.csv"])
    run(["csv-encode", "-q", "--apply", "e.json", "test.csv", "-o", "apply.csv"])
    check_codes(train, test, read("fit.csv"), read("apply.csv"))


def bytes_of(path):
    with open(path, "rb") as f:
        return f.read()


def parts():
    return sorted(n for n in os.listdir(".") if n.startswith("part-"))


def check_cuts(rng):
    write(rng, "t.csv", table(rng, rng.randint(0, 60), VALUES, "class"))
    whole = bytes_of("t.csv")
    if rng.random() < 0.3 and whole.count(b"\n") > 1:
        whole = whole.rstrip(b"\r\n")
        with open("t.csv", "wb") as f:
            f.write(whole)
    threads = ["-j", str(rng.randint(1, 3))]
    for how in [["--rows", str(rng.randint(1, 20))], ["--parts", str(rng.randint(1, 9))]]:
        run(["csv-split", "t.csv", *how, *threads, "-o", "part-%03d.csv"])
        run(["csv-merge", *parts(), "-o", "back.csv"])
        if bytes_of("back.csv") != whole:
            sys.exit("%r: the parts do not give the table again" % how)
        for name in parts():
            os.remove(name)
    with open("t.csv", newline="", encoding="utf-8") as f:
        rows = list(csv.reader(f))[1:]
    for how in [["--by", "k"], ["--shares", "3,1,1", "--seed", str(rng.randint(0, 9)), "--stratify", "c"]]:
        run(["csv-split", "t.csv", *how, *threads, "-o", "part-%s" if how[0] == "--by" else "part-%d"])
        found = []
        for name in parts():
            with open(name, newline="", encoding="utf-8") as f:
                part = list(csv.reader(f))[1:]
            order = iter(rows)
            if not all(row in order for row in part) or (how[0] == "--by" and len({row[0] for row in part}) > 1):
                sys.exit("%r: %s has not the rows of one value in their order" % (how, name))
            found += part
            os.remove(name)
        check("rows of all parts", sorted(found), sorted(rows))


for i in range(int(sys.argv[1])):
    seeded = random.Random(int(sys.argv[2]) * 1000003 + i)
    check_encode(seeded)
    check_cuts(seeded)
print("%s rounds agree" % sys.argv[1])
