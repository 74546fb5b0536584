load ../helper

# The GitLab template, run by gitlab-ci-local (npm, 4.61.0): job by job, each in a clean clone with nothing from the
# jobs before but their artifacts, and the remote. GITLAB_CI_LOCAL names the program, if it is not on PATH.
setup() {
	scratch
	gcl=${GITLAB_CI_LOCAL:-$(command -v gitlab-ci-local || true)}
	[ -n "$gcl" ] || skip "no gitlab-ci-local (npm install gitlab-ci-local@4.61.0)"
	needs rsync
	export CI=true
	git init -q --bare ../origin.git
	git init -q . && git remote add origin "$BATS_TEST_TMPDIR/origin.git"
	project
	git add -A && git commit -qm "a project" && git push -q origin HEAD:main
}

# `accuracy` is the share of a in the data: a model of one number.
project() {
	cp "$ROOT/mk/gitlab/cd4ml.gitlab-ci.yml" .
	cat >.gitlab-ci.yml <<-'EOF2'
		include: [{local: cd4ml.gitlab-ci.yml}]
		check_data: {extends: .cd4ml:check_data}
		train: {extends: .cd4ml:train}
		check_predictions: {extends: .cd4ml:check_predictions}
		evaluate: {extends: .cd4ml:evaluate}
		release: {extends: .cd4ml:release}
	EOF2
	cat >Makefile <<-EOF2
		STAGES := check train predict evaluate
		check_DEPS := data.txt
		check_OUTS := reports/check.xml
		check_CMD  := echo '<testsuites><testsuite name="data"><testcase classname="data" name="is there"/></testsuite></testsuites>' >reports/check.xml
		check_CI   := check_data
		train_DEPS := data.txt reports/check.xml
		train_OUTS := models/model.txt
		train_CMD  := grep -c a data.txt >models/model.txt
		train_CI   := train
		predict_DEPS := models/model.txt
		predict_OUTS := predictions.txt
		predict_CMD  := cat models/model.txt >predictions.txt
		predict_CI   := check_predictions
		evaluate_DEPS := predictions.txt
		evaluate_OUTS := reports/page.html
		evaluate_METRICS := metrics/metrics.json
		evaluate_CMD  := n=\$\$(cat predictions.txt); printf '{"accuracy": 0.%d, "test_hash": "t"}\\n' "\$\$n" >metrics/metrics.json; \
			echo "<p>\$\$n" >reports/page.html
		evaluate_CI   := evaluate
		include $ROOT/mk/cd4ml.mk
	EOF2
	echo 0.1 >baseline.txt
	printf '/models/\n/reports/\n/predictions.txt\n.gitlab-ci-local\n' >.gitignore
	printf 'a\na\na\nb\n' >data.txt
	stage-run setup --remote "$BATS_TEST_TMPDIR/store"
	cas-hash add data.txt
	s3-sync push -q
}

# job NAME PREVIOUS - runs one job in a clean clone ../NAME.N, with the artifacts of the clone PREVIOUS
job() {
	local clone=$BATS_TEST_TMPDIR/clone.$1 f

	rm -rf "$clone"
	git clone -q "$BATS_TEST_TMPDIR/origin.git" "$clone"
	if [ -n "${2-}" ]; then
		for f in dvc.lock metrics reports baseline.txt baseline.json sum.json; do
			[ ! -e "$BATS_TEST_TMPDIR/clone.$2/$f" ] || cp -R "$BATS_TEST_TMPDIR/clone.$2/$f" "$clone/"
		done
	fi
	cd "$clone" || return
	# a name that GitLab's variables can be made of; pushes go where they belong
	git remote set-url origin git@gitlab.example.com:group/project.git
	git remote set-url --push origin "$BATS_TEST_TMPDIR/origin.git"
	"$gcl" --force-shell-executor --no-color --variable CD4ML_IMAGE=none "$1" 2>&1
}

# pipeline - all five; stops at the first that fails, which `failed` then names
pipeline() {
	local previous='' name

	failed=''
	for name in check_data train check_predictions evaluate release; do
		job $name $previous >"$BATS_TEST_TMPDIR/$name.log" || {
			failed=$name
			return 0
		}
		previous=$name
	done
}

@test "the first pipeline releases, the same model fails at evaluate, new data passes" {
	pipeline
	same "$failed" "" || { cat "$BATS_TEST_TMPDIR/$failed.log"; false; }
	grep -q "train: running" "$BATS_TEST_TMPDIR/train.log"
	same "$(git -C ../origin.git tag)" model-1
	same "$(git -C ../origin.git log -1 --format=%s main)" "Release model-1"
	same "$(git -C ../origin.git show main:baseline.txt)" 0.3
	same "$(cat ../clone.release/cd4ml.env)" CD4ML_VERSION=model-1
	[ ! -e ../clone.train/predictions.txt ] && [ ! -e ../clone.release/data.txt ]

	pipeline
	same "$failed" evaluate
	for name in check_data train check_predictions evaluate; do
		run -1 grep -q ": running" "$BATS_TEST_TMPDIR/$name.log"
	done
	[ -e ../clone.evaluate/reports/page.html ] # the report is there to be looked at all the same

	cd ../work || return
	git pull -q origin main
	echo a >>data.txt
	cas-hash add data.txt && s3-sync push -q
	git commit -qam "a new day" && git push -q origin HEAD:main
	pipeline
	same "$failed" "" || { cat "$BATS_TEST_TMPDIR/$failed.log"; false; }
	same "$(git -C ../origin.git tag)" $'model-1\nmodel-2'
}

@test "GitLab's schema takes each of the template's additions" {
	cat >>.gitlab-ci.yml <<-'EOF2'
		shards: {extends: [.cd4ml:shards, .cd4ml:gpu, .cd4ml:aws], parallel: 3}
		careful: {extends: [.cd4ml:train, .cd4ml:on_change]}
	EOF2
	git remote set-url origin git@gitlab.example.com:group/project.git
	run -0 "$gcl" --list-json
	contains "$output" '"name": "shards'
	run -0 "$gcl" --preview
	contains "$output" "resource_group: cd4ml-release"
	contains "$output" "saas-linux-medium-amd64-gpu-standard"
}

@test "the child pipeline that make gitlab-ci.yml writes: shards side by side, then what needs them" {
	cat >Makefile <<-EOF2
		STAGES := split join
		define count
		STAGES += count\$(1)
		count\$(1)_DEPS := part.txt
		count\$(1)_OUTS := count\$(1).txt
		count\$(1)_CMD := grep -c \$(1) part.txt >count\$(1).txt
		count\$(1)_CI := count-\$(1)
		endef
		\$(foreach s,a b,\$(eval \$(call count,\$(s))))
		split_DEPS := data.txt
		split_OUTS := part.txt
		split_CMD := head -n 3 data.txt >part.txt
		split_CI := split
		join_DEPS := counta.txt countb.txt
		join_OUTS := models/model.txt
		join_METRICS := sum.json
		join_CMD := cat counta.txt countb.txt >models/model.txt; echo '{"accuracy": 0.5, "test_hash": "t"}' >sum.json
		join_CI := train
		CD4ML_GATE_METRICS := sum.json
		CD4ML_MODEL := models/model.txt
		include $ROOT/mk/cd4ml.mk
	EOF2
	printf '/models/\n/*.txt\n!baseline.txt\n.gitlab-ci-local\n' >.gitignore
	sed -i 's/a$/ab/' data.txt && cas-hash add -q data.txt && s3-sync push -q
	run -0 make gitlab-ci.yml
	mv gitlab-ci.yml .gitlab-ci.yml
	git add -A && git commit -qm shards && git push -q origin HEAD:main

	git remote set-url origin git@gitlab.example.com:group/project.git
	run -0 "$gcl" --list-csv
	same "$(sed -n 's/^\([a-z-]*\);.*;\(\[.*\]\)$/\1 \2/p' <<<"$output" | sort)" "$(printf '%s\n' 'count-a [split]' \
		'count-b [split]' 'evaluate []' 'release []' 'split []' 'train [count-a,count-b]')" || { echo "$output"; false; }
	log=$BATS_TEST_TMPDIR/log
	job split >"$log"
	job count-a split >>"$log"
	job count-b split >>"$log"
	job train count-b >>"$log" || { cat "$log"; false; } # as if the artifacts of count-b had come last
	grep -q "counta: recorded from the remote's run cache" "$log"
	job evaluate train >>"$log" || { cat "$log"; false; }
	same "$(cat ../clone.evaluate/baseline.txt)" 0.5
	job release evaluate >>"$log" || { cat "$log"; false; }
	same "$(git -C ../origin.git tag)" model-1
}

@test "the example's jobs: released, refused while the model is the same, released with new data" {
	rm -rf ../work/* ../work/.dvc ../work/.g* ../origin.git && git init -q --bare ../origin.git
	git init -q . && git remote add origin "$BATS_TEST_TMPDIR/origin.git"
	cp -R "$ROOT/examples/kkbox/." . && cp "$ROOT/mk/gitlab/cd4ml.gitlab-ci.yml" .
	export CD4ML_MK=$ROOT/mk/cd4ml.mk
	echo 0.5 >baseline.txt && rm -f baseline.json
	sed -i 's/^model: rf /model: gbt/' params.yaml
	kkbox-data --scale 0.001 ../raw
	mkdir data && cp ../raw/{test,test_truth,songs,members}.csv data/
	csv-split -q --parts 2 ../raw/train.csv -o '../raw/part-%03d.csv'
	cp ../raw/part-001.csv data/train.csv
	stage-run setup --remote "$BATS_TEST_TMPDIR/store"
	cas-hash add -q data/*.csv && s3-sync push -q
	echo .gitlab-ci-local >>.gitignore
	git add -A && git commit -qm "half of the plays" && git push -q origin HEAD:main

	pipeline
	same "$failed" "" || { cat "$BATS_TEST_TMPDIR/$failed.log"; false; }
	same "$(git -C ../origin.git tag)" model-1
	[ ! -e ../clone.release/models/model.ubj.tmp ] && [ ! -e ../clone.evaluate/clean/train.csv ]
	grep -q '^[a-z_]*auc' ../clone.evaluate/reports/metrics.txt

	pipeline
	same "$failed" evaluate
	grep -q "is the same value as the baseline" "$BATS_TEST_TMPDIR/evaluate.log"

	cd ../work || return
	git pull -q origin main
	csv-merge -q data/train.csv ../raw/part-002.csv --key msno,song_id -o data/train.csv
	cas-hash add -q data/train.csv && s3-sync push -q
	git commit -qam "all of the plays" && git push -q origin HEAD:main
	pipeline
	same "$failed" "" || { cat "$BATS_TEST_TMPDIR/$failed.log"; false; }
	same "$(git -C ../origin.git tag)" $'model-1\nmodel-2'

	# a schedule has the daily job alone
	git remote set-url origin git@gitlab.example.com:group/project.git
	run -0 "$gcl" --list-csv --variable CD4ML_JOB=daily
	same "$(sed -n 's/^\([a-z_]*\);.*on_success.*/\1/p' <<<"$output" | grep -v '^name$')" daily
	run -0 "$gcl" --list-csv
	run -1 grep '^daily' <<<"$output"
}
