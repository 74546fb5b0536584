# rf-train.sh - a random forest on the joined, encoded table: 20 trees of depth 25, the same settings for all, and how
# good each is on rows that were held out.
# shellcheck shell=sh

title "rf-train: 20 trees of depth 25, leaves of 20 rows, from a CSV of numbers (scale $BENCH_SCALE)"
handicap "the peers read the CSV with pandas' C parser, which is in their time as it is in ours"
handicap "LightGBM grows at most 32768 leaves a tree; scikit-learn grows 2 trees, a tenth, each on a core"
handicap "LightGBM and XGBoost draw 63.2 % of the rows without replacement, which is what a bootstrap leaves of them"
kkbox || return 1
csv-join train.csv --left song_id songs.csv --left msno members.csv |
	csv-encode --date registration_init_time,expiration_date --drop lyricist --codes-text --plain target \
		--fill-text unknown --fill-number 0 --fit enc.json - -o all.csv || return 1
csv-split --shares 9,1 all.csv -o 'part-%d.csv' || return 1
mv part-1.csv clean.csv && mv part-2.csv held.csv && rm all.csv || return 1
cat >train-lightgbm.py <<'PY'
import lightgbm as lgb, pandas as pd
d = pd.read_csv("clean.csv"); y = d.pop("target")
lgb.train({"objective": "binary", "boosting": "rf", "num_leaves": 32768, "max_depth": 25, "max_bin": 255,
           "bagging_freq": 1, "bagging_fraction": 0.632, "feature_fraction_bynode": 0.2, "min_data_in_leaf": 20,
           "num_threads": 2, "verbosity": -1}, lgb.Dataset(d, y), 20).save_model("lgb.txt")
PY
cat >train-xgboost.py <<'PY'
import xgboost as xgb, pandas as pd
d = pd.read_csv("clean.csv"); y = d.pop("target")
xgb.train({"objective": "binary:logistic", "num_parallel_tree": 20, "max_depth": 25, "max_bin": 255, "subsample": 0.632,
           "colsample_bynode": 0.2, "min_child_weight": 5, "eta": 1, "lambda": 0, "tree_method": "hist", "nthread": 2},
          xgb.DMatrix(d, y), 1).save_model("xgb.ubj")
PY
cat >train-sklearn.py <<'PY'
import pickle, pandas as pd
from sklearn.ensemble import RandomForestClassifier
d = pd.read_csv("clean.csv"); y = d.pop("target")
f = RandomForestClassifier(2, max_depth=25, min_samples_leaf=20, n_jobs=2).fit(d, y)
pickle.dump(f, open("sk.pkl", "wb"))
PY
cat >auc.py <<'PY'
import os, pickle, pandas as pd
from sklearn.metrics import roc_auc_score
d = pd.read_csv("held.csv"); y = d.pop("target")
def show(name, p): print("  AUC of %d rows held out, %-22s %.5f" % (len(y), name, roc_auc_score(y, p)))
show("ours", pd.read_csv("p.csv")["probability"])
if os.path.exists("lgb.txt"):
    import lightgbm; show("lightgbm", lightgbm.Booster(model_file="lgb.txt").predict(d))
if os.path.exists("xgb.ubj"):
    import xgboost; show("xgboost", xgboost.Booster(model_file="xgb.ubj").inplace_predict(d))
if os.path.exists("sk.pkl"):
    show("scikit-learn (2 trees)", pickle.load(open("sk.pkl", "rb")).predict_proba(d)[:, 1])
PY
ours rf-train "rf-train --target target --trees 20 --max-depth 25 --min-samples-leaf 20 -j 2 -o model.ubj clean.csv"
python_peer lightgbm lightgbm train-lightgbm.py
python_peer xgboost xgboost train-xgboost.py
python_peer "scikit-learn (2 trees)" sklearn train-sklearn.py
model-eval predict model.ubj held.csv -o p.csv || return 1
[ -z "${PEER_PYTHON-}" ] || "$PEER_PYTHON" auc.py 2>/dev/null || echo "  AUC: no scikit-learn"
