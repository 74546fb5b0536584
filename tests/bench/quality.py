"""quality.py [TABLE]... - held-out losses of gbt-train and rf-train beside XGBoost, LightGBM and scikit-learn.

Run by gbt-quality.sh in a folder with kkbox.csv and, if they are there, flights-train.csv and flights-test.csv. Tables
are cut into train and test several times, drawn ones drawn anew; losses and AUCs are means. Two settings of boosting:
leaves of 20 rows at least, which XGBoost cannot be told and is not in; leaves of any size, limited by their hessian
alone, which all can. Forests are compared with scikit-learn's. A table is BAD where ours is worse than the best peer's
mean by more than 0.5 % of the loss, or by more than 0.001 AUC, "bad?" if that is within the noise: twice the standard
error of the paired difference over the repeats, or over the rows of one test set (of a single AUC there is none).
All run on one thread: OpenMP's waiting threads make scikit-learn many times slower on tables of a few hundred rows."""
import os
os.environ["OMP_NUM_THREADS"] = "1"  # before the peers are loaded
import subprocess
import sys

import lightgbm as lgb
import numpy as np
import pandas as pd
import sklearn
import xgboost as xgb
from sklearn import datasets
from sklearn.ensemble import (HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier,
                              RandomForestRegressor)
from sklearn.metrics import roc_auc_score

TREES, LEAVES, RATE, BINS, LAMBDA, HESSIAN = 100, 31, 0.1, 255, 1, 1e-3
DEPTH, FOREST_ROWS = 25, 5
OBJECTIVES = {"binary": "binary:logistic", "multiclass": "multi:softprob", "regression": "reg:squarederror"}


def run(command, options, train, test, y, task, seed):
    train.to_csv("q-train.csv", index=False)
    test.to_csv("q-test.csv", index=False)
    subprocess.run([command, "-q", "--target", y, "--objective", task, "--trees", str(TREES), "-j", "1", "--max-bin",
                    str(BINS), "--seed", str(seed), *options, "-o", "q.ubj", "q-train.csv"], check=True)
    subprocess.run(["model-eval", "predict", "-q", "q.ubj", "q-test.csv", "-o", "q-out.csv"], check=True)
    p = pd.read_csv("q-out.csv")
    cols = [c for c in p.columns if c.startswith("probability")]
    return p[cols].to_numpy() if len(cols) > 1 else p[cols[0] if cols else "prediction"].to_numpy()


def ours(train, test, y, task, seed, rows):
    return run("gbt-train", ["--max-leaves", str(LEAVES), "--learning-rate", str(RATE), "--lambda", str(LAMBDA),
                             "--min-child-weight", str(HESSIAN), "--min-samples-leaf", str(rows)], train, test, y, task, seed)


def larger(task, train, y, factor):
    """How much larger a hessian is than ours, which has the factor K / (K - 1) of LightGBM for each of K classes. Lambda
    and the least hessian by as much, and the rate too, make the same leaves."""
    k = train[y].max() + 1
    return factor * (k - 1) / k if task == "multiclass" else 1


def by_xgboost(train, test, y, task, seed, rows):
    more = larger(task, train, y, 2)
    p = {"objective": OBJECTIVES[task], "max_leaves": LEAVES, "grow_policy": "lossguide", "max_depth": 0, "eta": RATE * more,
         "max_bin": BINS + 1, "lambda": LAMBDA * more, "min_child_weight": HESSIAN * more, "tree_method": "hist",
         "seed": seed, "verbosity": 0, "nthread": 1}
    if task == "multiclass":
        p["num_class"] = int(train[y].max()) + 1
    d = [xgb.DMatrix(t.drop(columns=y), t[y], enable_categorical=True) for t in (train, test)]
    return xgb.train(p, d[0], TREES).predict(d[1])


def by_lightgbm(train, test, y, task, seed, rows):
    p = {"objective": task, "num_leaves": LEAVES, "learning_rate": RATE, "max_bin": BINS, "min_data_in_leaf": rows,
         "min_data_in_bin": 1, "lambda_l2": LAMBDA, "min_sum_hessian_in_leaf": HESSIAN, "seed": seed, "verbosity": -1,
         "num_threads": 1}
    if task == "multiclass":
        p["num_class"] = int(train[y].max()) + 1
    return lgb.train(p, lgb.Dataset(train.drop(columns=y), train[y]), TREES).predict(test.drop(columns=y))


def coded(train, test, y, most=-1):
    """Without the target; texts of more values than `most` as their numbers."""
    x, z = train.drop(columns=y), test.drop(columns=y)
    for c in x.columns:
        if isinstance(x[c].dtype, pd.CategoricalDtype) and len(x[c].cat.categories) > most:
            x[c], z[c] = x[c].cat.codes, z[c].cat.codes
    return x, z


def predicted(m, task, z):
    if task == "regression":
        return m.predict(z)
    return m.predict_proba(z)[:, 1] if task == "binary" else m.predict_proba(z)


def by_sklearn(train, test, y, task, seed, rows):
    kind = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    x, z = coded(train, test, y, BINS)  # it takes no more
    more = larger(task, train, y, 1)
    m = kind(max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=RATE * more, max_bins=BINS, min_samples_leaf=rows,
             l2_regularization=LAMBDA * more, early_stopping=False, categorical_features="from_dtype", random_state=seed)
    return predicted(m.fit(x, train[y]), task, z)


def our_forest(train, test, y, task, seed, rows):
    x, z = coded(train, test, y)
    return run("rf-train", ["--max-depth", str(DEPTH), "--min-samples-leaf", str(rows), "--mtry", "sqrt"],
               x.assign(**{y: train[y]}), z.assign(**{y: test[y]}), y, task, seed)


def sklearn_forest(train, test, y, task, seed, rows):
    kind = RandomForestRegressor if task == "regression" else RandomForestClassifier
    x, z = (t.to_numpy(float, copy=True) for t in coded(train, test, y))  # it wants to write into floats
    m = kind(TREES, max_depth=DEPTH, min_samples_leaf=rows, max_features="sqrt", random_state=seed)
    return predicted(m.fit(x, train[y]), task, z)


def log_loss(task, y, p):
    """Of each row; squared error of numbers."""
    if task == "regression":
        return (y - p) ** 2
    p = np.clip(np.asarray(p, float), 1e-15, 1 - 1e-15)
    return -np.log(p[np.arange(len(y)), y]) if task == "multiclass" else -np.where(y > 0, np.log(p), np.log(1 - p))


def squares(task, y, p):
    """Of each row; Brier's score of classes: a forest's shares may be 0."""
    return ((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1) if task == "multiclass" else (y - p) ** 2


def texts(t):
    for c in t.columns:
        if not pd.api.types.is_numeric_dtype(t[c]):
            t[c] = t[c].astype(pd.CategoricalDtype(sorted(t[c].dropna().unique())))
    return t


def bundled(load, target="y"):
    d = load()
    return pd.DataFrame(d.data, columns=["c%d" % i for i in range(d.data.shape[1])]).assign(**{target: d.target})


def planted(n, seed):
    """Products and thresholds of pairs and triples of twelve columns, and noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 12))
    s = x[:, 0] * x[:, 1] + 2 * ((x[:, 2] > 0) & (x[:, 3] > 0.5)) - x[:, 4] * (x[:, 5] > 0) * (x[:, 6] < 1) + np.sin(2 * x[:, 7])
    t = pd.DataFrame(x.astype(np.float32), columns=["c%d" % i for i in range(12)])
    return t.mask(rng.random(t.shape) < 0.03), s, rng


def interactions(repeat):
    t, s, rng = planted(24000, 10 + repeat)
    return t.assign(y=(s + rng.logistic(size=len(s)) > 0.5).astype(int))


def values(repeat):
    t, s, rng = planted(24000, 20 + repeat)
    return t.assign(y=s * 3 + rng.normal(size=len(s)))


def imbalance(repeat):
    t, s, rng = planted(60000, 30 + repeat)
    return t.assign(y=(2 * s + rng.logistic(size=len(s)) > 12).astype(int))


def classes(repeat):
    t, s, rng = planted(24000, 50 + repeat)
    return t.assign(y=np.digitize(s + rng.normal(size=len(s)), [-1, 0, 1.5]))


def categories(repeat):
    """Three columns of texts, of 2000, 300 and 12 values by Zipf's law, each value with an effect of its own."""
    rng = np.random.default_rng(40 + repeat)
    n, s, cols = 40000, 0, {}
    for name, k in ("user", 2000), ("item", 300), ("kind", 12):
        code = np.minimum(rng.zipf(1.3, n) - 1, 10 ** 6) % k
        s = s + rng.normal(size=k)[code]
        cols[name] = np.array(["%s%d" % (name, i) for i in range(k)])[code]
    x = rng.normal(size=(n, 3))
    s = s + x[:, 0] * x[:, 1]
    t = pd.DataFrame(cols).assign(a=x[:, 0], b=x[:, 1], c=x[:, 2], y=(s + rng.logistic(size=n) > 0).astype(int))
    return texts(t)


def kkbox(_):
    return pd.read_csv("kkbox.csv").rename(columns={"target": "y"})


def flights(_):
    """Without the plane's number, one of 3,000: scikit-learn takes no more than 255 texts."""
    t = pd.concat([pd.read_csv("flights-%s.csv" % p, na_values=["NA"]) for p in ("train", "test")], ignore_index=True)
    return texts(t.drop(columns=["time_hour", "weather_time_hour", "tailnum"]).rename(columns={"late": "y"}))


TABLES = [  # name, task, table, repeats
    ("breast cancer", "binary", lambda _: bundled(datasets.load_breast_cancer), 40),
    ("digits", "multiclass", lambda _: bundled(datasets.load_digits), 10),
    ("wine", "multiclass", lambda _: bundled(datasets.load_wine), 40),
    ("diabetes", "regression", lambda _: bundled(datasets.load_diabetes), 60),
    ("interactions", "binary", interactions, 6),
    ("values", "regression", values, 14),
    ("classes", "multiclass", classes, 4),
    ("categories", "binary", categories, 6),
    ("imbalance", "binary", imbalance, 6),
    ("flights", "binary", flights, 1),
    ("kkbox", "binary", kkbox, 3),
]
FEW = 50000  # rows for a forest: scikit-learn's takes minutes for more


def split(t, repeat):
    order = np.random.default_rng(100 + repeat).permutation(len(t))
    cut = len(t) * 3 // 4
    return t.iloc[order[:cut]], t.iloc[order[cut:]]


def over_repeats(apart):
    """Standard error of the mean."""
    return np.std(apart, ddof=1) / np.sqrt(len(apart))


def compare_auc(auc, names):
    """How far ours is behind the best, its noise, and both as text."""
    area = {k: np.mean(auc[k]) for k in names}
    first = max(names[1:], key=area.get)
    behind = area[first] - area[names[0]]
    noise = 2 * over_repeats(np.subtract(auc[names[0]], auc[first])) if len(auc[first]) > 1 else np.inf
    return behind, noise, "AUC %s  %+.4f%s" % (
        " ".join("%.4f" % area[k] for k in names), -behind, " (+- %.4f)" % noise if np.isfinite(noise) else "")


def judge(name, task, load, repeats, tools, rows, loss_of, most):
    t, names = load(0), list(tools)
    loss, auc = {k: [] for k in names}, {k: [] for k in names}
    for r in range(repeats):
        d = load(r) if r else t
        train, test = split(d.sample(most, random_state=r) if len(d) > most else d, r)
        for k, tool in tools.items():
            p = tool(train.copy(), test.copy(), "y", task, r, rows)
            loss[k].append(loss_of(task, test["y"].to_numpy(), p))
            if task == "binary":
                auc[k].append(roc_auc_score(test["y"], p))
    mean = {k: np.mean([v.mean() for v in loss[k]]) for k in names}
    best = min(names[1:], key=mean.get)
    apart = [a - b for a, b in zip(loss[names[0]], loss[best])]
    error = over_repeats([a.mean() for a in apart]) if repeats > 1 else apart[0].std() / np.sqrt(len(apart[0]))
    worse = (mean[names[0]] - mean[best]) / mean[best]
    verdicts, ranks = [(worse > 0.005, worse > 2 * error / mean[best])], ""
    if task == "binary":
        behind, noise, ranks = compare_auc(auc, names)
        verdicts.append((behind > 0.001, behind > noise))
    word = "BAD" if (True, True) in verdicts else "bad?" if any(v[0] for v in verdicts) else ""
    print("  %-14s %8d  %s  %+6.2f %% (+- %.2f) %-8s  %s %s" % (
        name, len(t), " ".join("%9.5f" % mean[k] for k in names), 100 * worse, 200 * error / mean[best], best, ranks, word),
        flush=True)
    return word != "BAD"


def compare(title, tools, rows, loss_of, most, wanted):
    print("  " + title)
    print("  %-14s %8s  %s  ours to the best" % ("", "rows", " ".join("%9s" % k for k in tools)))
    fine = True
    for name, task, load, repeats in TABLES:
        if name == "flights" and not os.path.exists("flights-train.csv"):
            print("  flights        skipped: no data (CD4ML_FLIGHTS)")
        elif not wanted or name in wanted:
            fine &= judge(name, task, load, repeats, tools, rows, loss_of, most)
    return fine


def main(wanted):
    xgboost, lightgbm, scikit = {"xgboost": by_xgboost}, {"lightgbm": by_lightgbm}, {"sklearn": by_sklearn}
    mine = {"ours": ours}
    print("  xgboost %s, lightgbm %s, scikit-learn %s; log loss (of forests Brier's score) or squared error: lower is "
          "better" % (xgb.__version__, lgb.__version__, sklearn.__version__))
    print("  boosting: %d trees, %d leaves, rate %g, lambda %g, %d bins, least hessian %g for all; of K classes the hessian "
          "is p (1 - p) times K / (K - 1) here\n  and in LightGBM, 2 in XGBoost, 1 in scikit-learn: their rate, lambda and least "
          "hessian (fixed in scikit-learn) are set to\n  make the same leaves; LightGBM counts a leaf's rows by their hessians" % (
              TREES, LEAVES, RATE, LAMBDA, BINS, HESSIAN))
    fine = compare("boosting, leaves of 20 rows at least", mine | lightgbm | scikit, 20, log_loss, 10 ** 9, wanted)
    fine &= compare("boosting, leaves of any size", mine | xgboost | lightgbm | scikit, 1, log_loss, 10 ** 9, wanted)
    fine &= compare("forests: %d trees, depth %d, leaves of %d rows, bootstrap, sqrt of the columns for a split; scikit-"
                    "learn's splits are exact, ours of %d bins" % (TREES, DEPTH, FOREST_ROWS, BINS),
                    {"ours": our_forest, "sklearn": sklearn_forest}, FOREST_ROWS, squares, FEW, wanted)
    return fine


sys.exit(not main(sys.argv[1:]))
