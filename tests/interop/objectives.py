#!/usr/bin/env python3
"""objectives.py losses|constraints - what gbt-train learns, beside the real xgboost and lightgbm at equal settings.

losses: each objective on drawn rows; the loss on other rows must not be worse than the best peer's by more than 0.5 %
(NDCG: the noise, two standard errors of the difference over the groups), and the real xgboost must load the model, know its objective and predict the same to 1e-6.
constraints: the same with monotone columns, whose predictions (the real xgboost's of our model) are looked at along
grids, and with sets of columns that may meet, looked for in the trees as xgboost reads them.
Run in an empty folder, with the tools on PATH."""
import json
import subprocess
import sys

import lightgbm as lgb
import numpy as np
import xgboost as xgb

NAMES = ["a", "b", "c", "d", "e", "f"]
ROUNDS = 60


def table(n, seed):
    """Six columns and their signal; some cells are missing."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6)).astype(np.float32)
    x[:, 2] = rng.integers(0, 12, n)
    s = x[:, 0] + np.abs(x[:, 1]) * (x[:, 2] % 3 == 1) - 0.5 * np.sin(3 * x[:, 3]) + 0.3 * x[:, 0] * x[:, 4]
    x[rng.random(x.shape) < 0.05] = np.nan
    return x, s, rng


def truth(kind, s, rng):
    if kind == "binary":
        return (s + rng.logistic(size=len(s)) > 1).astype(float)
    if kind == "multiclass":
        return np.digitize(s + rng.normal(size=len(s)), [-0.5, 1]).astype(float)
    if kind == "poisson":
        return rng.poisson(np.exp(s / 2)).astype(float)
    if kind == "ranking":
        return np.clip(np.round(s + rng.normal(size=len(s)) / 2 + 1), 0, 4)
    return s * 2 + rng.standard_t(2.5, size=len(s))


def group_ndcgs(y, p, groups, k=10):
    total = []
    for g in range(0, len(y), groups):
        yy, pp = y[g:g + groups], p[g:g + groups]
        d = 1 / np.log2(np.arange(2, k + 2))
        ideal = ((2 ** np.sort(yy)[::-1][:k] - 1) * d).sum()
        total.append(((2 ** yy[np.argsort(-pp, kind="stable")][:k] - 1) * d).sum() / ideal if ideal > 0 else 1)
    return np.array(total)


def ndcg(y, p, groups):
    return -np.mean(group_ndcgs(y, p, groups))


def noise(y, p, q, groups):
    """Two standard errors of the difference of two orders."""
    return 2 * np.std(group_ndcgs(y, p, groups) - group_ndcgs(y, q, groups)) / np.sqrt(len(y) / groups)


def logloss(y, p):
    p = np.clip(p, 1e-15, 1 - 1e-15)
    return -np.mean(np.log(p[np.arange(len(y)), y.astype(int)])) if p.ndim > 1 else -np.mean(
        np.where(y > 0, np.log(p), np.log(1 - p)))


GROUP = 20
CASES = {  # kind: objective of ours, of xgboost, of lightgbm, loss
    "binary": ([], {"objective": "binary:logistic"}, {"objective": "binary"}, logloss),
    "multiclass": ([], {"objective": "multi:softprob", "num_class": 3}, {"objective": "multiclass", "num_class": 3},
                   logloss),
    "regression": ([], {"objective": "reg:squarederror"}, {"objective": "l2"}, lambda y, p: np.mean((y - p) ** 2)),
    "l1": ([], {"objective": "reg:absoluteerror"}, {"objective": "l1"}, lambda y, p: np.abs(y - p).mean()),
    "huber": (["--huber-slope", "2"], {"objective": "reg:pseudohubererror", "huber_slope": 2}, None,
              lambda y, p: np.mean(np.sqrt(1 + ((y - p) / 2) ** 2))),
    "quantile": (["--quantile-alpha", "0.8"], {"objective": "reg:quantileerror", "quantile_alpha": 0.8},
                 {"objective": "quantile", "alpha": 0.8}, lambda y, p: np.mean(np.maximum(0.8 * (y - p), 0.2 * (p - y)))),
    "poisson": ([], {"objective": "count:poisson"}, {"objective": "poisson"},
                lambda y, p: np.mean(p - y * np.log(p))),
    "ranking": (["--group", "q"], {"objective": "rank:ndcg"}, {"objective": "lambdarank"},
                lambda y, p: ndcg(y, p, GROUP)),
}


def write(path, x, y, groups):
    with open(path, "w", encoding="ascii") as f:
        f.write(",".join(NAMES + (["q"] if groups else []) + ["y"]) + "\n")
        for i, row in enumerate(x):
            cells = ["" if np.isnan(v) else repr(v.item()) for v in row]
            f.write(",".join(cells + (["%d" % (i // GROUP)] if groups else []) + ["%.9g" % y[i]]) + "\n")


def ours(kind, options, extra=()):
    subprocess.run(["gbt-train", "--target", "y", "--objective", kind, "--trees", str(ROUNDS), "-o", kind + ".json",
                    *options, *extra, "train.csv"], check=True)
    subprocess.run(["model-eval", "predict", kind + ".json", "test.csv", "-o", "p.csv"], check=True)
    with open("p.csv", encoding="ascii") as f:
        header, *rows = [line.rstrip("\n").split(",") for line in f]
    at = [i for i, h in enumerate(header) if h.startswith("probability")] or [0]
    p = np.array([[float(r[i]) for i in at] for r in rows])
    return p[:, 0] if p.shape[1] == 1 else p


def xgboost_params(p):
    return {"grow_policy": "lossguide", "max_leaves": 31, "max_depth": 0, "eta": 0.1, "lambda": 1, "tree_method": "hist",
            "min_child_weight": 1e-3, "verbosity": 0, "max_bin": 256, "nthread": 1, **p}


def lightgbm_params(p):
    return {"num_leaves": 31, "learning_rate": 0.1, "lambda_l2": 1, "min_data_in_leaf": 20, "min_sum_hessian_in_leaf": 1e-3,
            "verbosity": -1, "max_bin": 255, "num_threads": 1, **p}


def losses():
    good = True
    for kind, (options, xp, lp, loss) in CASES.items():
        x, s, rng = table(12000, 1)
        y = truth(kind, s, rng)
        xt, s, rng = table(12000, 2)
        yt = truth(kind, s, rng)
        groups = [GROUP] * (len(y) // GROUP) if kind == "ranking" else None
        write("train.csv", x, y, groups)
        write("test.csv", xt, yt, groups)
        p = ours(kind, options)
        d = xgb.DMatrix(x, y)
        if groups:
            d.set_group(groups)
        theirs = {"xgboost": xgb.train(xgboost_params(xp), d, ROUNDS).predict(xgb.DMatrix(xt))}
        if lp:
            theirs["lightgbm"] = lgb.train(lightgbm_params(lp), lgb.Dataset(x, y, group=groups), ROUNDS).predict(xt)
        found = {k: loss(yt, q) for k, q in theirs.items()}
        mine, first = loss(yt, p), min(found, key=found.get)
        best = found[first]
        room = noise(yt, p, theirs[first], GROUP) if groups else 0.005 * abs(best)
        b = xgb.Booster(model_file=kind + ".json")
        q = b.predict(xgb.DMatrix(xt, feature_names=NAMES, feature_types=b.feature_types))
        away = np.abs(p - q).max() / max(1, np.abs(q).max())
        name = json.loads(b.save_config())["learner"]["objective"]["name"]
        fine = mine <= best + room and away <= 1e-6 and name == xp["objective"]
        good &= fine
        print("%-10s ours %.5f %s distance %.1g %s %s" % (
            kind, mine, " ".join("%s %.5f" % i for i in found.items()), away, name, "" if fine else "BAD"))
    print("no loss is worse" if good else "a loss is WORSE", "(xgboost %s, lightgbm %s)" % (xgb.__version__, lgb.__version__))
    return good


def moves_one_way(booster, x, col, way):
    """Along 50 values of the column, with all else as in 200 rows."""
    for row in x[:200]:
        grid = np.repeat(row[None], 50, axis=0)
        grid[:, col] = np.linspace(-3, 3, 50)
        steps = np.diff(booster.predict(xgb.DMatrix(grid, feature_names=NAMES, feature_types=booster.feature_types)))
        if (steps * way < 0).any():
            return False
    return True


def ways(booster):
    """The sets of columns from the roots to the leaves."""
    found = set()
    for _, t in booster.trees_to_dataframe().groupby("Tree"):
        rows = t.set_index("ID")
        todo = [(t["ID"].iloc[0], frozenset())]
        while todo:
            i, path = todo.pop()
            if rows.at[i, "Feature"] == "Leaf":
                found.add(path)
                continue
            path |= {rows.at[i, "Feature"]}
            todo += [(rows.at[i, "Yes"], path), (rows.at[i, "No"], path)]
    return found


def constraints():
    x, s, rng = table(12000, 1)
    y = truth("regression", s, rng)
    xt, s, rng = table(12000, 2)
    yt = truth("regression", s, rng)
    write("train.csv", x, y, None)
    write("test.csv", xt, yt, None)
    d, good = xgb.DMatrix(x, y), True
    cases = {
        "monotone": (["--monotone", "a:1,d:-1"], {"monotone_constraints": "(1,0,0,-1,0,0)"},
                     {"monotone_constraints": [1, 0, 0, -1, 0, 0]}),
        "interaction": (["--interaction", "a,e", "--interaction", "b,c", "--interaction", "d,f"],
                        {"interaction_constraints": "[[0,4],[1,2],[3,5]]"},
                        {"interaction_constraints": [[0, 4], [1, 2], [3, 5]]}),
    }
    for name, (options, xp, lp) in cases.items():
        mine = np.mean((yt - ours("regression", options)) ** 2)
        found = [np.mean((yt - xgb.train(xgboost_params({"objective": "reg:squarederror", **xp}), d, ROUNDS).predict(
            xgb.DMatrix(xt))) ** 2),
                 np.mean((yt - lgb.train(lightgbm_params({"objective": "l2", **lp}), lgb.Dataset(x, y), ROUNDS).predict(xt)) ** 2)]
        b = xgb.Booster(model_file="regression.json")
        if name == "monotone":
            kept = moves_one_way(b, xt, 0, 1) and moves_one_way(b, xt, 3, -1)
        else:
            kept = all(w <= {"a", "e"} or w <= {"b", "c"} or w <= {"d", "f"} for w in ways(b))
        fine = kept and mine <= min(found) * 1.005
        good &= fine
        print("%-12s ours %.5f xgboost %.5f lightgbm %.5f %s %s" % (
            name, mine, *found, "kept" if kept else "BROKEN", "" if fine else "BAD"))
    print("constraints are kept" if good else "constraints FAIL")
    return good


sys.exit(not {"losses": losses, "constraints": constraints}[sys.argv[1]]())
