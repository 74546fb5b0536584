load helper

MK=$ROOT/mk/cd4ml.mk

dvc_yaml() {
	cat >dvc.yaml <<-'EOF'
		vars:
		- files.yaml:paths
		- limit: 3
		stages:
		  prep:
		    desc: takes the first
		    cmd: 'head -n ${limit} ${paths.in} >out/prep.txt; echo \${HOME:-no} $PWD # why'
		    deps: ["${paths.in}"]
		    outs:
		    - out/prep.txt
		    - kept.txt: {persist: true}
		    - plain.txt: {cache: false}
		  each:
		    foreach: [us, uk]
		    do:
		      cmd: sort out/prep.txt >${item}.txt
		      deps: [out/prep.txt]
		      outs: ["${item}.txt"]
		  named:
		    foreach:
		      a: {n: 1}
		      b: {n: 2}
		    do:
		      cmd: echo ${key} ${item.n} >n-${key}.txt
		      outs: ["n-${key}.txt"]
		  grid:
		    matrix:
		      model: [rf, gbt]
		      rate: [0.1, 1]
		    cmd: echo ${item.model} ${item.rate} >g-${item.model}-${item.rate}.json
		    params:
		    - depth
		    - other.json: [a.b]
		    - whole.yaml:
		    metrics:
		    - g-${item.model}-${item.rate}.json: {cache: false}
	EOF
	echo 'depth: 6' >params.yaml
	echo 'paths: {in: in.txt}' >files.yaml
	echo '{"a": {"b": 1}}' >other.json
	echo 'x: 1' >whole.yaml
	printf '1\n2\n3\n4\n' >in.txt
}

good() {
	echo 'stages: {a: {cmd: sort in >out, deps: [in], outs: [out]}}' >dvc.yaml
	good_args=(from-dvc dvc.yaml)
	good_stream=none
	good_commands=(project from-dvc)
}

@test "stage-new keeps the promises of every tool" {
	contract stage-new
}

@test "a dvc.yaml with vars, foreach and matrix becomes variables" {
	dvc_yaml
	run -0 --separate-stderr stage-new from-dvc --include x.mk
	contains "$stderr" "values of \${...} stand in place of it: they no longer follow their files"
	contains "$stderr" "stage 'each-us': was 'each@us'"
	same "$(echo "$output" | grep -v '^#' | sed '/^$/d')" "$(cat <<-'EOF'
		STAGES += prep
		prep_DESC := takes the first
		prep_DEPS := in.txt
		prep_OUTS := out/prep.txt
		prep_OUTS_NO_CACHE := plain.txt
		prep_OUTS_PERSIST := kept.txt
		define prep_CMD
		head -n 3 in.txt >out/prep.txt; echo $${HOME:-no} $$PWD # why
		endef
		STAGES += each-us
		each-us_DEPS := out/prep.txt
		each-us_OUTS := us.txt
		each-us_CMD := sort out/prep.txt >us.txt
		STAGES += each-uk
		each-uk_DEPS := out/prep.txt
		each-uk_OUTS := uk.txt
		each-uk_CMD := sort out/prep.txt >uk.txt
		STAGES += named-a
		named-a_OUTS := n-a.txt
		named-a_CMD := echo a 1 >n-a.txt
		STAGES += named-b
		named-b_OUTS := n-b.txt
		named-b_CMD := echo b 2 >n-b.txt
		STAGES += grid-rf-0-1
		grid-rf-0-1_PARAMS := depth other.json:a.b whole.yaml:
		grid-rf-0-1_METRICS := g-rf-0.1.json
		grid-rf-0-1_CMD := echo rf 0.1 >g-rf-0.1.json
		STAGES += grid-rf-1
		grid-rf-1_PARAMS := depth other.json:a.b whole.yaml:
		grid-rf-1_METRICS := g-rf-1.json
		grid-rf-1_CMD := echo rf 1 >g-rf-1.json
		STAGES += grid-gbt-0-1
		grid-gbt-0-1_PARAMS := depth other.json:a.b whole.yaml:
		grid-gbt-0-1_METRICS := g-gbt-0.1.json
		grid-gbt-0-1_CMD := echo gbt 0.1 >g-gbt-0.1.json
		STAGES += grid-gbt-1
		grid-gbt-1_PARAMS := depth other.json:a.b whole.yaml:
		grid-gbt-1_METRICS := g-gbt-1.json
		grid-gbt-1_CMD := echo gbt 1 >g-gbt-1.json
		include x.mk
	EOF
	)"
}

@test "what cannot be carried over is named, in the Makefile too" {
	cat >dvc.yaml <<-'EOF'
		plots: [{x.csv: {x: a}}]
		stages:
		  blanks: {cmd: x, outs: ["a b"]}
		  list: {cmd: [echo a, echo b]}
		  unknown: {cmd: "echo ${nosuch}"}
		  several: {cmd: "echo ${d} x"}
		  nothing: {outs: [o]}
		  more: {cmd: x, outs: [o: {push: false, remote: r}], metrics: [m.json], meta: {owner: me}}
	EOF
	echo 'd: {a: 1}' >params.yaml
	run -0 --separate-stderr stage-new from-dvc -o Makefile
	for word in "'plots' of dvc.yaml is not carried over" \
		"stage 'blanks': 'a b' cannot stand in a list of make: the stage is left out" \
		"stage 'list': its list of commands is one of several lines now" \
		"stage 'unknown': nothing is called 'nosuch' in '\${nosuch}'; it is left out" \
		"stage 'several': '\${d}' stands for several values, not for one value; it is left out" \
		"stage 'nothing': it has no command, and is left out" \
		"stage 'more': 'push' of 'o' is not carried over" \
		"stage 'more': 'm.json' is kept in git from now on, not in the cache" \
		"stage 'more': 'meta' is not carried over"; do
		contains "$stderr" "$word"
		contains "$(cat Makefile)" "# $word"
	done
	echo 'stages: 3' >dvc.yaml
	run -2 stage-new from-dvc
	contains "$output" "this is not a dvc.yaml"
	printf 'vars: [nosuch.yaml]\nstages: {}' >dvc.yaml
	run -2 stage-new from-dvc
	contains "$output" "nosuch.yaml"
}

@test "make from-dvc takes a project over: nothing is to be done afterwards" {
	git init -q .
	printf 'b\na\n' >in.txt
	cat >dvc.yaml <<-'EOF'
		stages:
		  a:
		    cmd: 'sort in.txt >a.txt # $5'
		    deps: [in.txt]
		    outs: [a.txt]
		  b:
		    cmd: |-
		      head -n 1 a.txt >sub/b.txt
		      echo "{\"n\": $(wc -l <in.txt)}" >sub/m.json
		    wdir: .
		    deps: [a.txt]
		    outs: [sub/b.txt]
		    metrics: [sub/m.json: {cache: false}]
	EOF
	stage-run setup && stage-run run -q
	git add -A && git commit -qm dvc
	run -0 make -f "$MK" from-dvc
	same "$output" ""
	run -0 make status
	same "$output" "all 2 stages are up to date"
	run -0 make repro
	contains "$output" "Nothing to be done"
	run -2 make from-dvc
	contains "$output" "Makefile is there already: say FILE=pipeline.mk"
	rm dvc.yaml && run -0 make status
	same "$output" "all 2 stages are up to date"
}

@test "make from-dvc takes over foreach too: the Makefile's stages stand in its place" {
	git init -q . && stage-run setup
	echo x >in.txt
	printf 'names: [one, two]\n' >params.yaml
	cat >dvc.yaml <<-'EOF'
		vars: [params.yaml]
		stages:
		  t:
		    foreach: ${names}
		    do:
		      cmd: cp in.txt ${item}.txt
		      deps: [in.txt]
		      outs: ["${item}.txt"]
	EOF
	run -2 stage-run run
	contains "$output" "stage 't': foreach or matrix is not read here; make from-dvc makes stages of a Makefile of it"
	run -0 make -f "$MK" from-dvc
	run -0 make repro
	contains "$output" "t-one: running"
	case $(cat dvc.yaml) in *foreach* | *vars*) false ;; esac
	run -0 make repro
	contains "$output" "Nothing to be done"
}

@test "make new starts a project that runs, gates and releases, and overwrites nothing" {
	for t in csv-encode gbt-train model-eval baseline-gate; do needs $t; done
	mkdir other && touch other/params.yaml
	run -2 make -C other -f "$MK" new
	contains "$output" "'params.yaml' is there already"
	same "$(ls -A other)" params.yaml
	run -0 make -f "$MK" new
	same "$(ls -A | sort | xargs)" \
		".dvc .dvcignore .git .gitattributes .gitignore .gitlab-ci.yml Makefile cd4ml.gitlab-ci.yml other params.yaml"
	contains "$(cat Makefile)" "include $MK"
	run -0 make
	contains "$output" "text and dates as numbers"
	mkdir data
	for f in train test; do
		awk -v seed=$f 'BEGIN { srand(length(seed)); print "city,x,target"; for (i = 0; i < 300; i++) {
			x = rand(); print substr("abc", i % 3 + 1, 1) "," x "," (x + rand() * .3 > .6) } }' >data/$f.csv
		make add FILE=data/$f.csv
	done
	make -j2 repro
	git add -A && git commit -qm one
	run -0 make gate release push
	contains "$output" "tagged model-1"
	git clone -q . ../clone && cd ../clone || return
	cp -r ../work/.dvc/remote .dvc/remote
	run -0 make pull repro
	contains "$(make status)" "all 4 stages are up to date"
	case $output in *running*) false ;; esac
}

@test "the fragment is included as it is found: a copy below, the place of cd4ml-config" {
	mkdir -p sub/mod inst/bin inst/share proj/third
	cp -r "$ROOT/mk" sub/mod/mk
	run -0 make -C sub -f mod/mk/cd4ml.mk new
	contains "$(cat sub/Makefile)" "include mod/mk/cd4ml.mk"
	cp -r "$ROOT/mk" inst/share/cd4ml
	cp "$ROOT/mk/cd4ml-config" inst/bin/
	same "$(inst/bin/cd4ml-config --mk)" "$PWD/inst/share/cd4ml/cd4ml.mk"
	run -2 inst/bin/cd4ml-config --nosuch
	PATH=$PWD/inst/bin:$PATH
	run -0 make -C proj -f "$(cd4ml-config --mk)" new
	contains "$(cat proj/Makefile)" 'include $(shell cd4ml-config --mk)'
	run -0 make -C proj help
	contains "$output" "encode"
}
