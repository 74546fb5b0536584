# gbt-train.sh - gradient boosting on the joined, encoded table: 100 trees of 255 leaves, the same settings for all.
# shellcheck shell=sh
# Trained on four rows of five; the fifth ones give the AUC, by the same few lines for each.

title "gbt-train: 100 trees, 255 leaves, from a CSV of numbers (scale $BENCH_SCALE)"
handicap "for all: rate 0.1, lambda 1, least hessian 0.001, 255 bins, leaves of 20 rows at least but for XGBoost, which has no such limit"
handicap "the peers read the CSV with pandas' C parser, which is in their time as it is in ours"
kkbox || return 1
csv-join train.csv --left song_id songs.csv --left msno members.csv |
	csv-encode --date registration_init_time,expiration_date --drop lyricist --codes-text --plain target \
		--fill-text unknown --fill-number 0 --fit enc.json - -o - |
	awk 'NR == 1 { print >"clean.csv"; print >"held.csv"; next } { print >(NR % 5 ? "clean.csv" : "held.csv") }' || return 1
cat >train-lightgbm.py <<'PY'
import sys, lightgbm as lgb, pandas as pd
d = pd.read_csv("clean.csv"); y = d.pop("target")
lgb.train({"objective": "binary", "num_leaves": 255, "learning_rate": 0.1, "max_bin": 255, "min_data_in_leaf": 20,
           "lambda_l2": 1, "min_sum_hessian_in_leaf": 1e-3, "num_threads": 2, "verbosity": -1}, lgb.Dataset(d, y), int(sys.argv[1])).save_model("lgb.txt")
PY
sed 's/"verbosity"/"use_quantized_grad": True, "verbosity"/; s/lgb.txt/lgb-quantized.txt/' train-lightgbm.py >train-quantized.py
cat >train-xgboost.py <<'PY'
import sys, xgboost as xgb, pandas as pd
d = pd.read_csv("clean.csv"); y = d.pop("target")
xgb.train({"objective": "binary:logistic", "max_leaves": 255, "grow_policy": "lossguide", "max_depth": 0,
           "eta": 0.1, "lambda": 1, "min_child_weight": 1e-3, "max_bin": 256, "tree_method": "hist",
           "nthread": 2}, xgb.DMatrix(d, y), int(sys.argv[1])).save_model("xgb.json")
PY
cat >score.py <<'PY'
import os, numpy as np, pandas as pd
d = pd.read_csv("held.csv"); y = d.pop("target").to_numpy()
def auc(p):
    rank = pd.Series(p).rank().to_numpy(); n = int(y.sum())
    return (rank[y == 1].sum() - n * (n + 1) / 2) / n / (len(y) - n)
print("  AUC of the held-out rows: ours %.5f" % auc(pd.read_csv("ours.csv")["probability"].to_numpy()), end="")
for f in ("lgb.txt", "lgb-quantized.txt"):
    if os.path.exists(f):
        import lightgbm as lgb
        print(", %s %.5f" % (f, auc(lgb.Booster(model_file=f).predict(d))), end="")
if os.path.exists("xgb.json"):
    import xgboost as xgb
    print(", xgb.json %.5f" % auc(xgb.Booster(model_file="xgb.json").predict(xgb.DMatrix(d))), end="")
print()
PY
# one tree first: reading and binning is nearly all of that
for n in 1 100; do
	ours "gbt-train, $n tree(s)" "gbt-train --target target --trees $n --max-leaves 255 --learning-rate 0.1 --lambda 1 --min-child-weight 0.001 --min-samples-leaf 20 -j 2 -o model.json clean.csv"
	python_peer "lightgbm, $n tree(s)" lightgbm "train-lightgbm.py $n"
	python_peer "lightgbm, quantized, $n" lightgbm "train-quantized.py $n"
	python_peer "xgboost, $n tree(s)" xgboost "train-xgboost.py $n"
done
model-eval predict model.json held.csv -o ours.csv || return 1
[ -z "${PEER_PYTHON-}" ] || "$PEER_PYTHON" score.py || return 1
