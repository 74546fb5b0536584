load helper
load stage

good() {
	pipeline 'n: 1'
	stage-run run -q
	git add -A && git commit -qm one
	stage-release make -q
	good_args=(make)
	good_missing=none
	good_stream=none
	good_commands=(make rollback verify)
}

@test "stage-release keeps the promises of every tool" {
	contract stage-release
}

@test "release commits what describes the model, tags it, and only once" {
	pipeline 'n: 1'
	stage-run run
	git add -A && git commit -qm one
	printf 'x\ny\nz\n' >in.txt
	echo staged >other && git add other
	run -2 stage-release make
	contains "$output" "stage 'a' is not up to date"
	stage-run run
	echo 0.5 >baseline.txt
	run -0 stage-release make --with baseline.txt
	contains "$output" "tagged model-1"
	same "$(git show --name-only --format=%s HEAD | sort)" "$(printf '%s\n' '' 'Release model-1' baseline.txt dvc.lock m.json | sort)"
	same "$(git diff --cached --name-only)" other
	run -0 stage-release make --with baseline.txt
	same "$output" "nothing changed since model-1"
	printf 'q\n' >in.txt
	stage-run run
	run -0 stage-release make --with baseline.txt
	contains "$output" "tagged model-2"
}

@test "release asks whether the gate passed this model on this test set" {
	pipeline 'n: 1'
	stage-run run -q
	git add -A && git commit -qm one
	ask=(--gate base.json --model b.txt --metrics e.json)
	echo '{"test_hash": "T1"}' >e.json
	run -2 stage-release make "${ask[@]}"
	contains "$output" "the gate has not passed any model yet; make gate judges this one"
	echo '{"model_hash": "0123", "test_hash": "T1"}' >base.json
	run -2 stage-release make "${ask[@]}"
	contains "$output" "the gate passed another model than this one"
	echo '{"model_hash": "'"$(md5sum <b.txt | cut -c1-32)"'", "test_hash": "T0"}' >base.json
	run -2 stage-release make "${ask[@]}"
	contains "$output" "on another test set than this one"
	sed -i s/T0/T1/ base.json
	rm b.txt # recorded is enough
	run -0 stage-release make "${ask[@]}"
	contains "$output" "tagged model-1"
}

# Three releases, of in.txt as 1, 2, 3.
releases() {
	pipeline 'n: 1'
	for i in 1 2 3; do
		echo "$i" >in.txt
		cas-hash add -q in.txt
		stage-run run -q
		echo "0.$i" >baseline.txt
		git add -A && git commit -qm "data $i"
		stage-release make -q --with baseline.txt
	done
}

@test "rollback goes to the release before the one that is here, and on from there" {
	needs cas-hash
	releases
	run -0 stage-release rollback --with baseline.txt
	contains "$output" "as in model-2 again:"
	contains "$output" "git commit -m 'Roll back to model-2' makes it so"
	same "$(cat baseline.txt)" 0.2
	cas-hash checkout -q
	same "$(cat in.txt b.txt)" $'2\n2'
	stage-run status
	git commit -qm back
	stage-release rollback -q --with baseline.txt
	cas-hash checkout -q
	same "$(cat in.txt)" 1
	git commit -qm back
	run -2 stage-release rollback --with baseline.txt
	contains "$output" "there is no release before the one that is here"
	stage-release rollback -q --with baseline.txt model-3
	same "$(cat baseline.txt)" 0.3
}

@test "rollback from what was never released goes to the last release; other files are left, and named" {
	needs cas-hash
	releases
	echo 4 >in.txt && cas-hash add -q in.txt && stage-run run -q
	echo code >script && git add -A && git commit -qm 4
	run -0 stage-release rollback --with baseline.txt
	contains "$output" "as in model-3 again:"
	contains "$output" "left as it is, but other than then: script"
	[ -e script ]
}

@test "rollback refuses to lose changes, unless forced, and unknown releases" {
	needs cas-hash
	releases
	echo 'n: 7' >params.yaml
	run -2 stage-release rollback
	contains "$output" "'params.yaml' has changes that are not committed; commit or undo them, or --force"
	run -2 stage-release rollback model-9
	contains "$output" "git knows no revision 'model-9'"
	stage-release rollback -q --force
	same "$(cat params.yaml)" "n: 1"
}

@test "verify makes a release again and compares the bytes" {
	needs cas-hash
	releases
	run -0 stage-release verify --command 'stage-run run --force --no-run-cache'
	contains "$output" "running: sort in.txt"
	contains "$output" "same   b: m.json"
	contains "$output" "model-3: all 3 outputs are the same bytes again"
	run -0 stage-release verify --command 'stage-run run --force --no-run-cache' model-1
	contains "$output" "model-1: all 3 outputs"
	same "$(git worktree list | wc -l)" 1
	only .dvc .dvcignore .git .gitignore a.txt b.txt baseline.txt dvc.lock dvc.yaml in.txt in.txt.dvc m.json params.yaml
	git status --porcelain | { ! grep .; }
}

@test "verify tells what came out otherwise, with status 1, and a failure, with its log" {
	needs cas-hash
	pipeline 'n: 1'
	sed -i 's/head -n 1 a.txt/date +%s%N/' dvc.yaml
	cas-hash add -q in.txt && stage-run run -q
	git add -A && git commit -qm one && stage-release make -q
	run -1 stage-release verify --command 'stage-run run --force --no-run-cache'
	contains "$output" "same   a: a.txt"
	contains "$output" "other  b: b.txt ("
	contains "$output" "model-1: 1 of 3 outputs came out otherwise"
	run -2 stage-release verify --command 'echo oh >&2; exit 7'
	contains "$output" "ended with status 7; what it printed is in "
	same "$(cat .dvc/tmp/log/verify.log)" oh
	same "$(git worktree list | wc -l)" 1
	# a release is made from what it names: a stage that needs what only this folder has fails
	sed -i 's/sort in.txt/cat secret in.txt/' dvc.yaml
	echo x >secret && stage-run run -q && git add dvc.yaml dvc.lock && git commit -qm two && stage-release make -q
	run -2 stage-release verify --command 'stage-run run --force --no-run-cache'
	contains "$output" "secret: No such file"
}
