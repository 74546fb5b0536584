# gbt-train.sh - gradient boosting on the joined, encoded table: 100 trees of 255 leaves, the same settings for all.
# shellcheck shell=sh

title "gbt-train: 100 trees, 255 leaves, from a CSV of numbers (scale $BENCH_SCALE)"
handicap "the peers read the CSV with pandas' C parser, which is in their time as it is in ours"
kkbox || return 1
csv-join train.csv --left song_id songs.csv --left msno members.csv |
	csv-encode --date registration_init_time,expiration_date --drop lyricist --codes-text --plain target \
		--fill-text unknown --fill-number 0 --fit enc.json - -o clean.csv || return 1
cat >train-lightgbm.py <<'PY'
import lightgbm as lgb, pandas as pd
d = pd.read_csv("clean.csv"); y = d.pop("target")
lgb.train({"objective": "binary", "num_leaves": 255, "learning_rate": 0.1, "max_bin": 255, "min_data_in_leaf": 20,
           "num_threads": 2, "verbosity": -1}, lgb.Dataset(d, y), 100).save_model("lgb.txt")
PY
sed 's/"verbosity"/"use_quantized_grad": True, "verbosity"/' train-lightgbm.py >train-quantized.py
cat >train-xgboost.py <<'PY'
import xgboost as xgb, pandas as pd
d = pd.read_csv("clean.csv"); y = d.pop("target")
xgb.train({"objective": "binary:logistic", "max_leaves": 255, "grow_policy": "lossguide", "max_depth": 0,
           "eta": 0.1, "max_bin": 255, "tree_method": "hist",
           "nthread": 2}, xgb.DMatrix(d, y), 100).save_model("xgb.json")
PY
ours gbt-train "gbt-train --target target --trees 100 --max-leaves 255 --max-depth 0 --learning-rate 0.1 -j 2 -o model.json clean.csv"
python_peer lightgbm lightgbm train-lightgbm.py
python_peer "lightgbm, quantized" lightgbm train-quantized.py
python_peer xgboost xgboost train-xgboost.py
