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
    numbers = [i for i, h in enumerate(header) if h.startswith("probability")] or [0]
    return np.array([[float(r[i]) for i in numbers] for r in rows])


def theirs_predicts(model, rows):
    booster = xgb.Booster()
    booster.load_model(model)
    learner = model_json(booster)
    names, types = learner["feature_names"], learner["feature_types"] or None
    d = xgb.DMatrix(matrix(learner, rows, names), feature_names=names, feature_types=types, enable_categorical=True)
    p = booster.predict(d)
    booster.get_score(importance_type="total_gain")
    contributions = booster.predict(xgb.DMatrix(matrix(learner, rows[:50], names), feature_names=names,
                                                feature_types=types, enable_categorical=True),
                                    pred_contribs=True) if "c" not in (types or []) else None
    assert contributions is None or np.isfinite(contributions).all()
    return p.reshape(len(rows), -1)


def compare(name, a, b):
    distance = np.abs(a - b).max() / max(1, np.abs(b).max())
    print("%-28s rows %d outputs %d distance %.2g" % (name, len(a), a.shape[1], distance))
    return distance <= 1e-6


def ours():
    targets, good, n = ["binary", "kind", "value"], True, 0
    for learner in "gbt", "rf":
        for t in targets:
            for text in True, False:
                for ext in "json", "ubj":
                    drop = [c for c in targets if c != t] + ([] if text else ["col our", "city"])
                    name = "%s-%s-%s.%s" % (learner, t, "text" if text else "numbers", ext)
                    subprocess.run([learner + "-train", "--target", t, "--drop", ",".join(drop), "--trees", "20",
                                    "-o", name, "train.csv"], check=True)
                    good &= compare(name, ours_predicts(name, "test.csv"), theirs_predicts(name, TEST))
                    n += 1
    return good, n


def theirs():
    x = matrix({"gradient_booster": {"model": {}}}, TRAIN, COLS[:3])
    good, n = True, 0
    y = {"binary:logistic": 5, "reg:squarederror": 7, "multi:softprob": 6, "count:poisson": 5, "reg:absoluteerror": 7}
    for objective, col in y.items():
        for booster in "gbtree", "dart":
            label = [["low", "mid", "high"].index(r[6]) if col == 6 else float(r[col]) for r in TRAIN]
            p = {"objective": objective, "booster": booster, "max_depth": 5, "rate_drop": 0.2, "seed": 1, "verbosity": 0}
            if col == 6:
                p["num_class"] = 3
            b = xgb.train(p, xgb.DMatrix(x, label, feature_names=COLS[:3]), 12)
            for ext in "json", "ubj":
                name = "%s-%s.%s" % (booster, objective.replace(":", "-"), ext)
                b.save_model(name)
                good &= compare(name, ours_predicts(name, "test.csv"), theirs_predicts(name, TEST))
                n += 1
    return good, n


TRAIN, TEST = table(4000, 1, False), table(10000, 2, True)
write("train.csv", TRAIN, COLS + ["binary", "kind", "value"])
write("test.csv", TEST, COLS + ["binary", "kind", "value"])
fine, count = {"ours": ours, "theirs": theirs}[sys.argv[1]]()
print("%d models %s (xgboost %s)" % (count, "agree" if fine else "DISAGREE", xgb.__version__))
sys.exit(not fine)
