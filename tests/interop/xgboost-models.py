#!/usr/bin/env python3
"""xgboost-models.py ours|theirs - models of gbt-train and rf-train in the real xgboost, and the other way round.

Both sides predict 10,000 random rows with missing values, unseen categories and values outside of the training data; the
largest difference must not be above 1e-6. Run in an empty folder, with the tools on PATH."""
import csv
import json
import subprocess
import sys

import numpy as np
import xgboost as xgb

COLS = ["a", "b", "whole", "col our", "city"]
CITIES = ["Paris", "Zürich", "New York, NY", 'say "x"', "日本", "Oslo"] + ["c%d" % i for i in range(300)]


def table(n, seed, extra):
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        a, b = rng.normal(), rng.exponential() * 100
        whole, k = int(rng.integers(-3, 60)), int(min(rng.zipf(1.4), len(CITIES)) - 1)
        colour = str(rng.choice(["red", "green", "blue"]))
        city = CITIES[k]
        y = a * (1 if colour == "red" else -1) + np.log1p(b) / 3 + (whole % 7) / 7 + k % 3 + rng.normal() / 2 - 2
        if extra and rng.random() < 0.1:
            city = "unseen %d" % rng.integers(5)
        if extra and rng.random() < 0.05:
            colour, a, b = "ultraviolet", a * 100, -b
        row = [repr(np.float32(a).item()), "%.3f" % b, str(whole), colour, city]
        row = ["" if rng.random() < 0.08 else v for v in row]
        rows.append(row + [str(int(y > 0)), ["low", "mid", "high"][int(np.digitize(y, [-0.5, 1]))], "%.5f" % y])
    return rows


def write(path, rows, header):
    with open(path, "w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows([header] + rows)


def model_json(booster):
    return json.loads(bytes(booster.save_raw("json")))["learner"]


def matrix(learner, rows, names):
    """Raw texts to the codes of the model's own `cats`."""
    enc = learner["gradient_booster"].get("model", {}).get("cats", {}).get("enc") or [{}] * len(names)
    x = np.full((len(rows), len(names)), np.nan, np.float32)
    for j, name in enumerate(names):
        i = COLS.index(name)
        code = None
        if enc[j].get("offsets"):
            data = bytes(v & 255 for v in enc[j]["values"])
            off = enc[j]["offsets"]
            code = {data[p:q].decode(): k for k, (p, q) in enumerate(zip(off, off[1:]))}
        for r, row in enumerate(rows):
            if row[i] != "":
                x[r, j] = code.get(row[i], len(code)) if code else np.float32(float(row[i]))
    return x


def ours_predicts(model, data):
    subprocess.run(["model-eval", "predict", model, data, "-o", "p.csv"], check=True)
    with open("p.csv", encoding="utf-8") as f:
        header, *rows = list(csv.reader(f))
    numbers = [i for i, h in enumerate(header) if h.startswith("probability")] or range(len(header))
    return np.array([[float(r[i]) for i in numbers] for r in rows])


def contributions_agree(model, booster, d):
    """Shapley values of 50 rows, and the bias."""
    p = subprocess.run(["model-eval", "predict", model, "few.csv", "--contrib"], check=True, capture_output=True)
    header, *rows = list(csv.reader(p.stdout.decode().splitlines()))
    first = [h.startswith("contrib_") for h in header].index(True)
    want = booster.predict(d, pred_contribs=True).reshape(len(rows), -1)
    distance = np.abs(np.array([[float(v) for v in r[first:]] for r in rows]) - want).max()
    print("%-28s contributions distance %.2g" % (model, distance))
    return distance <= 1e-5


def theirs_predicts(model, rows):
    booster = xgb.Booster()
    booster.load_model(model)
    # a release before 3.1 forgets the categories: they are taken from our file
    with open(model.replace(".ubj", ".json"), encoding="utf-8") as f:
        learner = json.load(f)["learner"]
    names, types = learner["feature_names"], learner["feature_types"] or None
    d = xgb.DMatrix(matrix(learner, rows, names), feature_names=names, feature_types=types, enable_categorical=True)
    p = booster.predict(d)
    booster.get_score(importance_type="total_gain")
    few = xgb.DMatrix(matrix(learner, rows[:50], names), feature_names=names, feature_types=types, enable_categorical=True)
    if "c" not in types:  # xgboost refuses them with categories
        assert contributions_agree(model, booster, few)
    return p.reshape(len(rows), -1)


def compare(name, a, b):
    distance = np.abs(a - b).max() / max(1, np.abs(b).max())
    print("%-28s rows %d outputs %d distance %.2g" % (name, len(a), a.shape[1], distance))
    return distance <= 1e-6


def ours():
    targets, good, n = ["binary", "kind", "value"], True, 0
    kinds = [(learner, t, []) for learner in ("gbt", "rf") for t in targets]
    kinds += [("gbt", "value", ["--objective", o]) for o in ("l1", "huber", "quantile")]
    kinds += [("gbt", "binary", ["--objective", "poisson"]), ("rf", "binary", ["--max-depth", "0", "--trees", "5"]),
              ("rf", "kind", ["--no-bootstrap", "--subsample", "0.5", "--class-weight", "balanced"])]
    for learner, t, more in kinds:
        for text in True, False:
            for ext in "json", "ubj":
                drop = [c for c in targets if c != t] + ([] if text else ["col our", "city"])
                name = "%s-%s%s-%s.%s" % (learner, t, "".join(more), "text" if text else "numbers", ext)
                subprocess.run([learner + "-train", "--target", t, "--drop", ",".join(drop), "--trees", "20",
                                "-o", name, "train.csv"] + more, check=True)
                good &= compare(name, ours_predicts(name, "test.csv"), theirs_predicts(name, TEST))
                n += 1
    return good, n


def codes(rows):
    """Numbers, and the two columns of text as codes of their own; an unseen text is a code that was not seen."""
    x = np.full((len(rows), len(COLS)), np.nan, np.float32)
    x[:, :3] = matrix({"gradient_booster": {"model": {}}}, rows, COLS[:3])
    for i, known in (3, ["red", "green", "blue"]), (4, CITIES):
        code = {c: k for k, c in enumerate(known)}
        for r, row in enumerate(rows):
            if row[i] != "":
                x[r, i] = code.get(row[i], len(code))
    return x


def write_codes(path, x):
    write(path, [["" if np.isnan(v) else repr(float(v)) for v in row] for row in x], COLS)


def labels(col):
    return np.array([["low", "mid", "high"].index(r[6]) if col == 6 else float(r[col]) for r in TRAIN])


def their_kinds():
    """Name, parameters, labels, types of the columns (None: the three numbers), rounds."""
    plain = {"max_depth": 5, "seed": 1, "verbosity": 0, "nthread": 2}
    y = {"binary:logistic": 5, "reg:squarederror": 7, "multi:softprob": 6, "count:poisson": 5, "reg:absoluteerror": 7,
         "reg:pseudohubererror": 7, "binary:logitraw": 5, "reg:logistic": 5}
    for objective, col in y.items():
        more = {"num_class": 3} if col == 6 else {}
        for booster in "gbtree", "dart":
            yield booster + "-" + objective, dict(plain, objective=objective, booster=booster, rate_drop=0.2, **more), \
                labels(col), None, 12
        for kind, onehot in ("onehot", 1000), ("partition", 1):
            yield kind + "-" + objective, dict(plain, objective=objective, tree_method="hist", max_cat_to_onehot=onehot,
                                               **more), labels(col), ["q", "q", "int", "c", "c"], 8
        if objective in ("reg:absoluteerror", "reg:pseudohubererror", "binary:logitraw", "reg:logistic"):
            continue
        yield "parallel-" + objective, dict(plain, objective=objective, num_parallel_tree=4, subsample=0.5,
                                            colsample_bynode=0.6, **more), labels(col), None, 3
        yield "pruned-" + objective, dict(plain, objective=objective, tree_method="exact", gamma=3, **more), \
            labels(col), None, 8
    yield "quantiles", dict(plain, objective="reg:quantileerror", quantile_alpha=[0.1, 0.5, 0.9]), labels(7), None, 6
    yield "targets", dict(plain, objective="reg:squarederror"), np.stack([labels(7), labels(5)], 1), None, 6
    yield "base-score", dict(plain, objective="binary:logistic", base_score=0.3), labels(5), None, 6
    yield "deep", dict(plain, objective="binary:logistic", max_depth=0, max_leaves=2000, grow_policy="lossguide",
                       tree_method="hist", min_child_weight=0), labels(5), None, 3


def refused(name, message):
    said = subprocess.run(["model-eval", "predict", name, "codes.csv"], capture_output=True, text=True)
    good = said.returncode == 2 and message in said.stderr
    if not good:
        print(name, said.returncode, said.stderr)
    return good


def theirs_refused():
    x, good = codes(TRAIN)[:, :3], True
    b = xgb.train({"booster": "gblinear", "verbosity": 0}, xgb.DMatrix(x, labels(7)), 2)
    b.save_model("linear.json")
    good &= refused("linear.json", "a linear model (gblinear) is not supported")
    b = xgb.train({"multi_strategy": "multi_output_tree", "tree_method": "hist", "verbosity": 0},
                  xgb.DMatrix(x, np.stack([labels(7), labels(5)], 1)), 2)
    b.save_model("vector.ubj")
    return good & refused("vector.ubj", "vector leaves (multi_output_tree) are not supported")


def theirs_from_texts():
    """From 3.1 on a model of pandas' categories knows their names: the raw table is all that is needed. Names in ASCII:
    3.1 and 3.2 cut others at the wrong bytes."""
    import pandas as pd
    good, n = True, 0
    write("ascii.csv", [[v.encode("ascii", "replace").decode() for v in row[:5]] for row in TRAIN], COLS)
    for order in "sorted", "as they come":
        d = pd.read_csv("ascii.csv", usecols=COLS, keep_default_na=False, na_values=[""])
        known = {c: sorted(d[c].dropna().unique()) if order == "sorted" else list(d[c].dropna().unique())
                 for c in ("col our", "city")}
        for c, names in known.items():
            d[c] = pd.Categorical(d[c], categories=names)
        b = xgb.train({"objective": "binary:logistic", "max_depth": 6, "verbosity": 0}, xgb.DMatrix(
            d[COLS], labels(5), enable_categorical=True), 12)
        t = pd.read_csv("ascii.csv", usecols=COLS, keep_default_na=False, na_values=[""])
        for c, names in known.items():
            t[c] = pd.Categorical(t[c], categories=names)
        for ext in "json", "ubj":
            name = "pandas-%s.%s" % (order.replace(" ", "-"), ext)
            b.save_model(name)
            good &= compare(name, ours_predicts(name, "ascii.csv"),
                            b.predict(xgb.DMatrix(t[COLS], enable_categorical=True)).reshape(-1, 1))
            n += 1
    return good, n


def theirs():
    good, n = theirs_refused(), 2
    train, test = codes(TRAIN), codes(TEST)
    for kind, p, y, types, rounds in their_kinds():
        cols = 3 if types is None else 5
        d = xgb.DMatrix(train[:, :cols], y, feature_names=COLS[:cols], feature_types=types, enable_categorical=True)
        b = xgb.train(p, d, rounds)
        t = xgb.DMatrix(test[:, :cols], feature_names=COLS[:cols], feature_types=types, enable_categorical=True)
        for ext in "json", "ubj":
            name = "%s.%s" % (kind.replace(":", "-"), ext)
            b.save_model(name)
            want = b.predict(t).reshape(len(TEST), -1)
            good &= compare(name, ours_predicts(name, "codes.csv"), want)
            n += 1
    if tuple(map(int, xgb.__version__.split(".")[:2])) >= (3, 1):
        fine, more = theirs_from_texts()
        good, n = good & fine, n + more
    return good, n


TRAIN, TEST = table(4000, 1, False), table(10000, 2, True)
write("train.csv", TRAIN, COLS + ["binary", "kind", "value"])
write("few.csv", TEST[:50], COLS + ["binary", "kind", "value"])
write("test.csv", TEST, COLS + ["binary", "kind", "value"])
write_codes("codes.csv", codes(TEST))
fine, count = {"ours": ours, "theirs": theirs}[sys.argv[1]]()
print("%d models %s (xgboost %s)" % (count, "agree" if fine else "DISAGREE", xgb.__version__))
sys.exit(not fine)
