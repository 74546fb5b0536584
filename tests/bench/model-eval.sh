# model-eval.sh - prediction from CSV to CSV: a small boosted model, and a forest of deep trees.
# shellcheck shell=sh

title "model-eval predict: CSV to CSV, 100 boosted trees of 255 leaves, and 50 forest trees of depth 25 (scale $BENCH_SCALE)"
handicap "the peers read the CSV with pandas' C parser and write it with pandas, which is in their time as it is in ours"
handicap "XGBoost predicts with our own model files, the same trees; LightGBM and scikit-learn with models of like settings,"
handicap "LightGBM's forest of 32768 leaves a tree at most, scikit-learn's of 10 trees, a fifth"
kkbox || return 1
csv-join train.csv --left song_id songs.csv --left msno members.csv |
	csv-encode --date registration_init_time,expiration_date --drop lyricist --codes-text --plain target \
		--fill-text unknown --fill-number 0 --fit enc.json - -o clean.csv || return 1
gbt-train --target target --trees 100 --max-leaves 255 -j 2 -o gbt.ubj clean.csv || return 1
rf-train --target target --trees 50 --max-depth 25 --min-samples-leaf 20 -j 2 -o rf.ubj clean.csv || return 1
head -n 2 clean.csv >one.csv

cat >lgb-train.py <<'PY'
import lightgbm as lgb, pandas as pd
d = pd.read_csv("clean.csv"); y = d.pop("target")
common = {"objective": "binary", "max_bin": 255, "min_data_in_leaf": 20, "num_threads": 2, "verbosity": -1}
lgb.train({**common, "num_leaves": 255}, lgb.Dataset(d, y), 100).save_model("gbt.txt")
lgb.train({**common, "boosting": "rf", "num_leaves": 32768, "max_depth": 25, "bagging_freq": 1, "bagging_fraction": 0.632,
           "feature_fraction_bynode": 0.2}, lgb.Dataset(d, y), 50).save_model("rf.txt")
PY
cat >sk-train.py <<'PY'
import pickle, pandas as pd
from sklearn.ensemble import RandomForestClassifier
d = pd.read_csv("clean.csv"); y = d.pop("target")
pickle.dump(RandomForestClassifier(10, max_depth=25, min_samples_leaf=20, n_jobs=2).fit(d, y), open("rf.pkl", "wb"))
PY
cat >lgb-predict.py <<'PY'
import sys, lightgbm as lgb, pandas as pd
d = pd.read_csv(sys.argv[2]); d.pop("target")
p = lgb.Booster(model_file=sys.argv[1]).predict(d, num_threads=2)
pd.DataFrame({"prediction": (p > 0.5).astype(int), "probability": p}).to_csv("p.csv", index=False)
PY
cat >xgb-predict.py <<'PY'
import sys, xgboost as xgb, pandas as pd
d = pd.read_csv(sys.argv[2]); d.pop("target")
b = xgb.Booster(model_file=sys.argv[1]); b.set_param({"nthread": 2})
p = b.inplace_predict(d)
pd.DataFrame({"prediction": (p > 0.5).astype(int), "probability": p}).to_csv("p.csv", index=False)
PY
cat >sk-predict.py <<'PY'
import pickle, sys, pandas as pd
d = pd.read_csv(sys.argv[2]); d.pop("target")
p = pickle.load(open(sys.argv[1], "rb")).predict_proba(d)[:, 1]
pd.DataFrame({"prediction": (p > 0.5).astype(int), "probability": p}).to_csv("p.csv", index=False)
PY
# made once, untimed, where the peer is there
for _make in lgb-train.py sk-train.py; do
	[ -z "${PEER_PYTHON-}" ] || "$PEER_PYTHON" "$_make" 2>/dev/null || echo "  $_make failed"
done

ours "boosted" "model-eval predict gbt.ubj clean.csv -j 2 -o p.csv"
python_peer "  lightgbm" lightgbm "lgb-predict.py gbt.txt clean.csv"
python_peer "  xgboost" xgboost "xgb-predict.py gbt.ubj clean.csv"
report
title "the forest, all rows"
ours "forest" "model-eval predict rf.ubj clean.csv -j 2 -o p.csv"
python_peer "  lightgbm" lightgbm "lgb-predict.py rf.txt clean.csv"
python_peer "  xgboost" xgboost "xgb-predict.py rf.ubj clean.csv"
python_peer "  scikit-learn, 10 trees" sklearn "sk-predict.py rf.pkl clean.csv"
report
title "the forest, one row: what loading costs"
ours "forest" "model-eval predict rf.ubj one.csv -j 2 -o p.csv"
python_peer "  lightgbm" lightgbm "lgb-predict.py rf.txt one.csv"
python_peer "  xgboost" xgboost "xgb-predict.py rf.ubj one.csv"
python_peer "  scikit-learn, 10 trees" sklearn "sk-predict.py rf.pkl one.csv"
