# stage.bash - small pipelines, for the tests of the stage-* tools: `load stage` after `load helper`.

# pipeline [PARAMS [LINES]] - two stages: in.txt -> a.txt -> b.txt, of LINES lines, with a parameter and a metric.
pipeline() {
	[ $# -gt 0 ] || set -- $'n: 3\nsub: {x: 0.5}'
	git init -q .
	printf 'b\na\n' >in.txt
	echo "$1" >params.yaml
	cat >dvc.yaml <<-EOF
		stages:
		  a:
		    cmd: sort in.txt | cat >a.txt
		    deps: [in.txt]
		    outs: [a.txt]
		  b:
		    cmd: head -n ${2:-1} a.txt >b.txt; echo "{\"lines\":\$(cat a.txt | wc -l)}" >m.json
		    deps: [a.txt]
		    params: [n]
		    outs: [b.txt]
		    metrics:
		    - m.json:
		        cache: false
	EOF
	stage-run setup
}

# a, then b and c side by side, then d, each in a CI group of its own but `mid`, which is in none
diamond() {
	git init -q .
	echo in >in.txt
	cat >dvc.yaml <<-'EOF'
		stages:
		  a: {cmd: cp in.txt a.txt, deps: [in.txt], outs: [a.txt], meta: {ci: make}}
		  mid: {cmd: cp a.txt mid.txt, deps: [a.txt], outs: [mid.txt]}
		  b: {cmd: cp mid.txt b.txt, deps: [mid.txt], outs: [b.txt], meta: {ci: left}}
		  c: {cmd: cp a.txt c.txt, deps: [a.txt], outs: [c.txt], meta: {ci: right}}
		  d:
		    cmd: 'cat b.txt c.txt | tee d.txt >sum.json'
		    deps: [b.txt, c.txt]
		    outs: [d.txt, sum.json: {cache: false}]
		    meta: {ci: evaluate}
	EOF
	stage-run setup --remote "$BATS_TEST_TMPDIR/store"
	cas-hash add -q in.txt
	s3-sync push -q
	git add -A && git commit -qm "a diamond"
}
