load ../helper

# Parameters in TOML: the reader beside Python's, and dvc.lock beside DVC's.

@test "drawn and damaged documents are read, or refused, as Python's tomllib does" {
	peer json
	needs cc
	# shellcheck disable=SC2046 # words
	cc -std=c11 -D_XOPEN_SOURCE=700 -I"$ROOT/lib" -o toml-json "$ROOT/tests/interop/toml-json.c" "$BUILD/libcd4ml.a" \
		$(pkg-config --cflags --libs jansson yaml-0.1 zlib libcrypto) -lm -pthread
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/toml.py" ./toml-json "${TOML_DOCUMENTS:-20000}" 1
	echo "# $output" >&3
}

@test "keys of a TOML file: DVC and we write the same dvc.lock, and each finds the other's up to date" {
	peer_dvc
	export DVC_SITE_CACHE_DIR=$BATS_TEST_TMPDIR/site
	git init -q . && stage-run setup
	cat >p.toml <<-'EOF'
		title = "a: b # c" # comment
		int = 1_000
		real = 1.50
		small = 1e-5
		big = 1e17
		zero = -0.0
		yes = true
		list = [1, 2.5, "x",
		  [0xff], {k = 'v'}]
		"dotted.name" = 7

		[train.net]
		depth = 6
		layers = {first.width = 64, first.bias = false}

		[[fold]]
		n = 1
		[[fold]]
		n = 2
	EOF
	cat >dvc.yaml <<-'EOF'
		stages:
		  keys:
		    cmd: echo 1 >keys.txt
		    params:
		    - p.toml: [title, int, real, small, big, zero, "yes", list, train, train.net.depth, fold.1.n, fold]
		    outs: [keys.txt]
		  whole:
		    cmd: echo 1 >whole.txt
		    params:
		    - p.toml:
		    outs: [whole.txt]
	EOF
	stage-run run
	cp dvc.lock ours.lock
	run -0 dvc status
	same "$output" "Data and pipelines are up to date."
	rm -r dvc.lock .dvc/cache keys.txt whole.txt
	dvc repro -q
	diff -u dvc.lock ours.lock
	run -0 stage-run status
	same "$output" "all 2 stages are up to date"

	git add -A && git commit -qm one
	sed -i 's/depth = 6/depth = 8/; s/n = 2/n = 3/' p.toml
	run -1 stage-run status
	contains "$output" "changed parameter: p.toml: train.net.depth (6 -> 8)"
	run -0 stage-show params
	contains "$output" "p.toml  train.net.depth"
	run -0 dvc params diff
	contains "$(tr -s ' ' <<<"$output")" "p.toml train.net.depth 6 8"
}
