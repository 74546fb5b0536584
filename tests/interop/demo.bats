# The walk-through's project, left behind by the demo, in the hands of the real dvc.

load ../helper

@test "dvc finds the demo's project up to date, and pulls the same bytes into a fresh clone" {
	peer_dvc
	export TMPDIR=$PWD CD4ML_MK=$ROOT/mk/cd4ml.mk
	SCALE=0.01 KEEP=1 "$ROOT/examples/kkbox/demo.sh" >demo.log
	cd cd4ml-demo.*/project
	run -0 dvc status
	same "$output" "Data and pipelines are up to date."
	run -0 dvc status -c
	same "$output" "Cache and remote 'storage' are in sync."

	git clone -q ../origin.git ../clone2
	dvc --cd ../clone2 pull -q
	run -0 dvc --cd ../clone2 status
	same "$output" "Data and pipelines are up to date."
	for f in data/train.csv clean/train.csv models/model.ubj predictions/test.csv reports/evaluation.html; do
		cmp "$f" "../clone2/$f"
	done
	cd ../clone2
	run -0 make status
	[[ "$output" == *"up to date"* ]]
}
