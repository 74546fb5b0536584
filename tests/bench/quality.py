"""quality.py - held-out losses of gbt-train, XGBoost, LightGBM and scikit-learn at equal settings.

Run by gbt-quality.sh in a folder with kkbox.csv and, if they are there, flights-train.csv and flights-test.csv. Small tables
are cut into train and test several times, drawn ones drawn anew; losses and AUCs are means. A table is BAD where ours is
worse than the best peer's mean by more than 0.5 % of the loss, or by more than 0.001 AUC. Behind each difference stands
its noise: twice the standard error over the repeats, or over the rows of one test set (of a single AUC there is none).
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
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import roc_auc_score

TREES, LEAVES, RATE, ROWS, BINS = 100, 31, 0.1, 20, 255


def ours(train, test, y, task, seed):
    train.to_csv("q-train.csv", index=False)
    test.to_csv("q-test.csv", index=False)
    subprocess.run(["gbt-train", "-q", "--target", y, "--objective", task, "--trees", str(TREES), "--max-leaves",
                    str(LEAVES), "--learning-rate", str(RATE), "-j", "1", "--min-samples-leaf", str(ROWS), "--seed", str(seed),
                    "-o", "q.ubj", "q-train.csv"], check=True)
    subprocess.run(["model-eval", "predict", "-q", "q.ubj", "q-test.csv", "-o", "q-out.csv"], check=True)
    p = pd.read_csv("q-out.csv")
    cols = [c for c in p.columns if c.startswith("probability")]
    return p[cols].to_numpy() if len(cols) > 1 else p[cols[0] if cols else "prediction"].to_numpy()


def by_xgboost(train, test, y, task, seed):
    p = {"objective": {"binary": "binary:logistic", "multiclass": "multi:softprob", "regression": "reg:squarederror"}[task],
         "max_leaves": LEAVES, "grow_policy": "lossguide", "max_depth": 0, "eta": RATE, "max_bin": BINS + 1, "lambda": 1,
         "min_child_weight": 1e-3, "tree_method": "hist", "seed": seed, "verbosity": 0, "nthread": 1}
    if task == "multiclass":
        p["num_class"] = int(train[y].max()) + 1
    d = [xgb.DMatrix(t.drop(columns=y), t[y], enable_categorical=True) for t in (train, test)]
    return xgb.train(p, d[0], TREES).predict(d[1])


def by_lightgbm(train, test, y, task, seed):
    p = {"objective": task, "num_leaves": LEAVES, "learning_rate": RATE, "max_bin": BINS, "min_data_in_leaf": ROWS,
         "min_data_in_bin": 1, "lambda_l2": 1, "min_sum_hessian_in_leaf": 1e-3, "seed": seed, "verbosity": -1, "num_threads": 1}
    if task == "multiclass":
        p["num_class"] = int(train[y].max()) + 1
    return lgb.train(p, lgb.Dataset(train.drop(columns=y), train[y]), TREES).predict(test.drop(columns=y))


def by_sklearn(train, test, y, task, seed):
    kind = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    x, z = train.drop(columns=y), test.drop(columns=y)
    for c in x.columns:
        if isinstance(x[c].dtype, pd.CategoricalDtype) and len(x[c].cat.categories) > BINS:
            x[c], z[c] = x[c].cat.codes, z[c].cat.codes  # it takes no more
    m = kind(max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=RATE, max_bins=BINS, min_samples_leaf=ROWS,
             l2_regularization=1, early_stopping=False, categorical_features="from_dtype", random_state=seed)
    m.fit(x, train[y])
    if task == "regression":
        return m.predict(z)
    return m.predict_proba(z)[:, 1] if task == "binary" else m.predict_proba(z)


def losses(task, y, p):
    """Of each row."""
    if task == "regression":
        return (y - p) ** 2
    p = np.clip(np.asarray(p, float), 1e-15, 1 - 1e-15)
    return -np.log(p[np.arange(len(y)), y]) if task == "multiclass" else -np.where(y > 0, np.log(p), np.log(1 - p))


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
    ("breast cancer", "binary", lambda _: bundled(datasets.load_breast_cancer), 10),
    ("digits", "multiclass", lambda _: bundled(datasets.load_digits), 5),
    ("wine", "multiclass", lambda _: bundled(datasets.load_wine), 10),
    ("diabetes", "regression", lambda _: bundled(datasets.load_diabetes), 10),
    ("interactions", "binary", interactions, 6),
    ("values", "regression", values, 6),
    ("categories", "binary", categories, 6),
    ("imbalance", "binary", imbalance, 6),
    ("flights", "binary", flights, 1),
    ("kkbox", "binary", kkbox, 3),
]


def split(t, repeat):
    order = np.random.default_rng(100 + repeat).permutation(len(t))
    cut = len(t) * 3 // 4
    return t.iloc[order[:cut]], t.iloc[order[cut:]]


def over_repeats(apart):
    """Standard error of the mean."""
    return np.std(apart, ddof=1) / np.sqrt(len(apart))


def judge(name, task, load, repeats):
    t, tools = load(0), {"ours": ours, "xgboost": by_xgboost, "lightgbm": by_lightgbm, "sklearn": by_sklearn}
    loss, auc = {k: [] for k in tools}, {k: [] for k in tools}
    for r in range(repeats):
        train, test = split(load(r) if r else t, r)
        for k, tool in tools.items():
            p = tool(train.copy(), test.copy(), "y", task, r)
            loss[k].append(losses(task, test["y"].to_numpy(), p))
            if task == "binary":
                auc[k].append(roc_auc_score(test["y"], p))
    mean = {k: np.mean([v.mean() for v in loss[k]]) for k in tools}
    best = min((k for k in tools if k != "ours"), key=mean.get)
    apart = [a - b for a, b in zip(loss["ours"], loss[best])]
    error = over_repeats([a.mean() for a in apart]) if repeats > 1 else apart[0].std() / np.sqrt(len(apart[0]))
    worse = (mean["ours"] - mean[best]) / mean[best]
    bad, ranks = worse > 0.005, ""
    if task == "binary":
        area = {k: np.mean(auc[k]) for k in tools}
        first = max((k for k in tools if k != "ours"), key=area.get)
        behind = area[first] - area["ours"]
        bad = bad or behind > 0.001
        ranks = "AUC %s  %+.4f" % (" ".join("%.4f" % area[k] for k in tools), -behind)
        if repeats > 1:
            ranks += " (+- %.4f)" % (2 * over_repeats(np.subtract(auc["ours"], auc[first])))
    print("  %-14s %8d  %s  %+5.2f %% (+- %.2f)  %s %s" % (
        name, len(t), " ".join("%9.5f" % mean[k] for k in tools), 100 * worse, 200 * error / mean[best], ranks,
        "BAD" if bad else ""), flush=True)
    return not bad


print("  xgboost %s, lightgbm %s, scikit-learn %s; log loss or squared error, lower is better" % (
    xgb.__version__, lgb.__version__, sklearn.__version__))
print("  %-14s %8s  %9s %9s %9s %9s  ours to the best" % ("table", "rows", "ours", "xgboost", "lightgbm", "sklearn"))
fine = True
for entry in TABLES:
    if entry[0] == "flights" and not os.path.exists("flights-train.csv"):
        print("  flights        skipped: no data (CD4ML_FLIGHTS)")
        continue
    if len(sys.argv) < 2 or entry[0] in sys.argv[1:]:
        fine &= judge(*entry)
sys.exit(not fine)
