"""Makes predictions of several kinds (make FILE KIND), or compares metrics.json with scikit-learn's numbers (check FILE JSON
KIND WEIGHTED), those of groups with xgboost's and lightgbm's too (order FILE JSON K)."""
import csv
import json
import math
import random
import sys

import numpy as np
from sklearn import metrics as m


def make(path, kind):
    random.seed(kind)
    with open(path, "w", newline="") as f:
        w = csv.writer(f)
        if kind == "order":
            w.writerow(["q", "prediction", "y"])
            for i in random.sample(range(6000), 6000):
                relevance = max(0, int(random.gauss(0.5 if i % 300 > 9 else -9, 1.5)))
                w.writerow([i % 300, relevance + random.gauss(0, 2), relevance])
        elif kind == "numbers":
            w.writerow(["y", "prediction", "w"])
            for _ in range(5000):
                y = random.gauss(3, 2)
                w.writerow([y, y + random.gauss(0, 1), random.randint(0, 4)])
        elif kind == "classes":
            names = ["b", "a", "ü,", "d"]
            w.writerow(["y", "prediction"] + ["probability_" + n for n in names] + ["w"])
            for _ in range(5000):
                p = [random.random() ** 2 for _ in names]
                p = [x / sum(p) for x in p]
                y = random.choices(names, [x**0.7 for x in p])[0]
                w.writerow([y, names[p.index(max(p))]] + p + [random.randint(0, 4)])
        else:
            w.writerow(["y", "prediction", "probability", "w"])
            for _ in range(20000):
                p = random.random()
                y = int(random.random() < p * 0.8 + 0.1)
                p = round(p, 2) if kind == "ties" else p
                w.writerow([y, int(p > 0.5), p, random.randint(0, 4)])


def expected(path, kind, weighted):
    with open(path, newline="") as f:
        rows = list(csv.DictReader(f))
    w = np.array([float(r["w"]) for r in rows]) if weighted else None
    if kind == "numbers":
        y = [float(r["y"]) for r in rows]
        p = [float(r["prediction"]) for r in rows]
        return {
            "rmse": m.root_mean_squared_error(y, p, sample_weight=w),
            "mae": m.mean_absolute_error(y, p, sample_weight=w),
            "mape": m.mean_absolute_percentage_error(y, p, sample_weight=w),
            "r2": m.r2_score(y, p, sample_weight=w),
            "max_error": m.max_error(y, p),
        }
    y = [r["y"] for r in rows]
    g = [r["prediction"] for r in rows]
    want = {
        "accuracy": m.accuracy_score(y, g, sample_weight=w),
        "balanced_accuracy": m.balanced_accuracy_score(y, g, sample_weight=w),
        "mcc": m.matthews_corrcoef(y, g, sample_weight=w),
        "kappa": m.cohen_kappa_score(y, g, sample_weight=w),
    }
    for a in "macro", "weighted":
        p, r, f1, _ = m.precision_recall_fscore_support(y, g, average=a, sample_weight=w)
        want.update({"precision_" + a: p, "recall_" + a: r, "f1_" + a: f1})
    if kind == "classes":
        names = sorted(set(y), key=lambda s: s.encode())
        p = np.array([[float(r["probability_" + n]) for n in names] for r in rows])
        want["logloss"] = m.log_loss(y, p, labels=names, sample_weight=w)
        want["auc"] = m.roc_auc_score(y, p, labels=names, multi_class="ovr", sample_weight=w)
        return want
    y = np.array([int(v) for v in y])
    p = np.array([float(r["probability"]) for r in rows])
    want["auc"] = m.roc_auc_score(y, p, sample_weight=w)
    want["average_precision"] = m.average_precision_score(y, p, sample_weight=w)
    want["logloss"] = m.log_loss(y, p, sample_weight=w)
    want["brier"] = m.brier_score_loss(y, p, sample_weight=w)
    fpr, tpr, _ = m.roc_curve(y, p, sample_weight=w)
    want["ks"] = max(tpr - fpr)
    return want


def order(path, metrics, k):
    """NDCG and MAP as xgboost and lightgbm measure them, NDCG, average precision and reciprocal rank as scikit-learn."""
    import lightgbm as lgb
    import xgboost as xgb

    with open(path, newline="") as f:
        rows = sorted(csv.DictReader(f), key=lambda r: int(r["q"]))
    q, p, y = (np.array([float(r[c]) for r in rows]) for c in ("q", "prediction", "y"))
    sizes = np.unique(q, return_counts=True)[1]
    got, want = json.load(open(metrics)), []
    for label, name in (y, "ndcg"), (y > 0, "map"):
        d = xgb.DMatrix(np.zeros((len(p), 1)), label.astype(float), group=sizes, base_margin=p)
        b = xgb.train({"objective": "rank:pairwise", "eval_metric": "%s@%d" % (name, k)}, d, 0)
        want.append((name, "xgboost", float(b.eval_set([(d, "d")]).rsplit(":", 1)[1]), 2e-6))
        d = lgb.Dataset(np.random.rand(len(p), 1), label.astype(int), group=sizes, init_score=p)
        found = {}
        lgb.train({"objective": "lambdarank", "metric": name, "eval_at": [k], "learning_rate": 1e-30, "verbosity": -1}, d, 1,
                  valid_sets=[d], valid_names=["d"], callbacks=[lgb.record_evaluation(found)])
        want.append((name, "lightgbm", found["d"]["%s@%d" % (name, k)][0], 1e-9))
    groups = [(p[q == g][None], y[q == g][None]) for g in np.unique(q)]
    mean = lambda f: np.mean([f(s, t) if t.any() else 1 for s, t in groups])
    want.append(("ndcg", "scikit-learn", mean(lambda s, t: m.ndcg_score(2**t - 1, s, k=k, ignore_ties=True)), 1e-11))
    if k >= max(sizes):
        want.append(("map", "scikit-learn", mean(lambda s, t: m.average_precision_score(t[0] > 0, s[0])), 1e-11))
        # of the first relevant row alone: that is the reciprocal rank
        first = lambda s, t: (s == s[t > 0].max()).astype(int)
        want.append(("mrr", "scikit-learn", mean(lambda s, t: m.label_ranking_average_precision_score(first(s, t), s)), 1e-11))
    bad = 0
    for name, who, value, room in want:
        if abs(got[name] - value) > room:
            print(f"{name}@{k} is {got[name]!r}, {who} says {float(value)!r}")
            bad = 1
    return bad


def check(path, metrics, kind, weighted):
    got = json.load(open(metrics))
    bad = 0
    for name, want in expected(path, kind, weighted == "weighted").items():
        if not math.isclose(got[name], want, rel_tol=1e-11):
            print(f"{kind} {weighted}: {name} is {got[name]!r}, scikit-learn says {float(want)!r}")
            bad = 1
    return bad


if sys.argv[1] == "make":
    make(sys.argv[2], sys.argv[3])
elif sys.argv[1] == "order":
    sys.exit(order(sys.argv[2], sys.argv[3], int(sys.argv[4])))
else:
    sys.exit(check(*sys.argv[2:6]))
