load ../helper

# Real DVC and the fragment on one project: each must find nothing to do after the other.
setup() {
	scratch
	dvc=${PEER_DVC:-$(command -v dvc || true)}
	[ -n "$dvc" ] || skip "no DVC (see make interop)"
	export DVC_NO_ANALYTICS=1 DVC_SITE_CACHE_DIR=$BATS_TEST_TMPDIR/site
	git init -q .
	mkdir src
	printf 'tr a-z A-Z <in.txt >dir/up.txt; cp in.txt dir/ü.txt\n' >src/prep.sh
	chmod +x src/prep.sh
	printf 'b\na\n' >in.txt
	printf 'lr: 1e-5\nbig: 1e17\nname: "yes"\ntrain: {depth: 6, list: [1, 2.50]}\n' >params.yaml
	printf '{"b": 1, "a": {"x": 0.10}}' >p.json
	cat >Makefile <<-'EOF'
		STAGES += prep
		prep_DEPS := src/prep.sh in.txt
		prep_OUTS := dir
		prep_CMD  := mkdir -p dir && sh src/prep.sh

		STAGES += train
		train_DEPS    := dir/up.txt
		train_PARAMS  := lr name train p.json:a.x
		train_OUTS    := model.bin
		train_METRICS := m.json
		train_PLOTS   := plot.csv
		train_CMD     := cp dir/up.txt model.bin; printf '{"acc": 0.%d}\n' "$$(wc -l <dir/up.txt)" >m.json; \
			printf 'x,y\n1,2\n' >plot.csv; echo "$${HOME:+home is set: yes} it's" >/dev/null

		STAGES += whole
		whole_PARAMS := params.yaml:
		whole_OUTS   := whole.txt
		whole_CMD    := echo done >whole.txt
		whole_DESC   := takes all: of it
	EOF
	echo "include $ROOT/mk/cd4ml.mk" >>Makefile
}

@test "after make repro, DVC finds all up to date" {
	make repro
	run -0 "$dvc" status
	contains "$output" "Data and pipelines are up to date."
	run -0 "$dvc" repro --dry
	contains "$output" "Stage 'train' didn't change, skipping"
	case $output in *Running*) false ;; esac
	run -0 "$dvc" repro
	contains "$output" "Data and pipelines are up to date."
	same "$(git status --porcelain dvc.lock dvc.yaml)" $'?? dvc.lock\n?? dvc.yaml'
}

@test "after dvc repro, make finds nothing to do" {
	make -n repro
	make repro
	printf 'c\nb\na\n' >in.txt
	echo 'lr: 0.5' >params.yaml
	printf 'lr: 0.5\nname: x\ntrain: {depth: 7}\n' >params.yaml
	run -0 "$dvc" repro
	contains "$output" "Running stage 'prep'"
	contains "$output" "Running stage 'train'"
	run -0 make status
	same "$output" "all 3 stages are up to date"
	run -0 make repro
	contains "$output" "Nothing to be done"
}

@test "each restores from the run cache what the other ran" {
	make repro
	cp in.txt first
	printf 'z\n' >in.txt
	"$dvc" repro
	cp first in.txt
	run -0 "$dvc" repro
	contains "$output" "Stage 'train' is cached - skipping run, checking out outputs"
	printf 'z\n' >in.txt
	run -0 make repro
	contains "$output" "train: restored from the run cache"
	case $output in *running*) false ;; esac
	run -0 "$dvc" status
	contains "$output" "up to date"
}

@test "dvc dag, stage list, metrics diff and params diff work on our files" {
	make repro
	git add -A && git commit -qm one
	printf 'c\nb\na\n' >in.txt
	sed -i 's/depth: 6/depth: 8/' params.yaml
	make repro
	run -0 "$dvc" dag
	contains "$output" "train"
	run -0 "$dvc" stage list
	contains "$output" "takes all: of it"
	run -0 "$dvc" metrics diff
	contains "$output" "0.3"
	run -0 "$dvc" params diff
	contains "$output" "train.depth"
	run -0 make params
	contains "$output" "train"
}

@test "our push is what dvc pull wants, and the other way round" {
	needs s3-sync
	needs cas-hash
	sed -i "1i CD4ML_REMOTE := $PWD/../store" Makefile
	make add FILE=in.txt
	make repro push
	git add -A && git commit -qm one
	git clone -q . ../two
	cd ../two || return
	run -0 "$dvc" pull
	cmp model.bin ../work/model.bin
	cmp "dir/ü.txt" "../work/dir/ü.txt"
	run -0 make status
	contains "$output" "all 3 stages are up to date"
}

@test "a project of DVC's with foreach is taken over: what DVC ran is restored, and DVC agrees" {
	mkdir ../theirs && cd ../theirs || return
	git init -q . && "$dvc" init -q
	echo x >raw.txt && "$dvc" add -q raw.txt
	printf 'models: [rf, gbt]\nprep: {seed: 3}\n' >params.yaml
	cat >dvc.yaml <<-'EOF'
		stages:
		  prep:
		    cmd: cp raw.txt clean.txt
		    deps: [raw.txt]
		    params: [prep.seed]
		    outs: [clean.txt]
		  train:
		    foreach: ${models}
		    do:
		      cmd: cat clean.txt >"${item}.txt" && echo '{"acc":1}' >${item}.json
		      deps: [clean.txt]
		      outs: ["${item}.txt"]
		      metrics:
		      - ${item}.json: {cache: false}
		  report:
		    cmd: >-
		      cat rf.json gbt.json
		      > report.txt
		    deps: [rf.json, gbt.json]
		    outs: [report.txt]
	EOF
	"$dvc" repro -q
	git add -A && git commit -qm one
	make -f "$ROOT/mk/cd4ml.mk" from-dvc
	run -0 make -j4 repro
	same "$(sort <<<"$output")" $'train-gbt: restored from the run cache\ntrain-rf: restored from the run cache'
	run -0 make repro
	contains "$output" "Nothing to be done"
	run -0 "$dvc" status
	contains "$output" "up to date"
	run -0 "$dvc" repro
	case $output in *Running*) false ;; esac
}
