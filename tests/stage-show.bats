load helper
load stage

good() {
	pipeline
	good_args=(dag)
	good_missing=none
	good_stream=none
	good_commands=(dag metrics params timings)
}

@test "stage-show keeps the promises of every tool" {
	contract stage-show
}

@test "dag draws an SVG in which arrows of several rows have their way" {
	printf 'stages: {a: {cmd: x, outs: [x]}, b: {cmd: x, deps: [x], outs: [y]}, c: {cmd: x, deps: [x, y]}}' >dvc.yaml
	stage-show dag --format svg -o dag.svg
	python3 -c 'import sys, xml.dom.minidom as m
d = m.parse("dag.svg")
assert [t.firstChild.data for t in d.getElementsByTagName("text")] == ["a", "b", "c"]
assert len({r.getAttribute("y") for r in d.getElementsByTagName("rect")}) == 3
paths = d.getElementsByTagName("g")[0].getElementsByTagName("path")
assert len(paths) == 4 and sum(p.hasAttribute("marker-end") for p in paths) == 3'
}

@test "dag draws for the terminal, for Mermaid and for dot" {
	pipeline
	run -0 stage-show dag
	same "$output" $'● a\n│\n● b'
	run -0 stage-show dag --format mermaid
	contains "$output" "s_a --> s_b"
	run -0 stage-show dag --format dot
	contains "$output" '"a" -> "b";'
}

@test "a graph of ten stages, however they hang together, fits in 80 columns" {
	for shape in chain fan full; do
		{
			echo stages:
			for i in 1 2 3 4 5 6 7 8 9 10; do
				echo "  check_predictions_$i:"
				echo "    cmd: x"
				printf '    deps: [in'
				for ((k = 1; k < i; k++)); do
					case $shape in
					chain) [ $k -eq $((i - 1)) ] || continue ;;
					fan) [ $k -eq 1 ] || [ $i -eq 10 ] || continue ;;
					esac
					printf ', o%d' $k
				done
				printf ']\n    outs: [o%d]\n' $i
			done
		} >dvc.yaml
		run -0 stage-show dag
		same "$(grep -c 'check_predictions' <<<"$output")" 10
		LC_ALL=C.UTF-8 awk 'length($0) > 80 { print "wider than 80: " $0; bad = 1 } END { exit bad }' <<<"$output"
	done
}

@test "metrics and params stand beside those of the last commit" {
	pipeline
	stage-run run
	git add -A && git commit -qm one
	printf 'x\ny\nz\n' >in.txt
	printf 'n: 5\n' >params.yaml
	stage-run run
	run -0 stage-show metrics
	same "${lines[1]}" "m.json  lines      2    3      +1"
	run -0 stage-show params
	same "${lines[1]}" "params.yaml  n             3    5      +2"
	run -0 stage-show metrics --json
	contains "$output" '"change": 1.0'
	run -2 stage-show metrics --rev nosuch
	contains "$output" "git knows no revision 'nosuch'"
}

@test "timings has each stage's last run, a failed one too" {
	pipeline
	stage-run run -q a
	sed -i 's/cmd: head -n 1.*/cmd: exit 7/' dvc.yaml
	run -2 stage-run run -q b
	run -0 stage-show timings
	same "$(awk 'NR > 1 { print $1, $(NF - 2) }' <<<"$output")" $'a 0\nb 7'
	run -0 stage-show timings --json
	same "$(jq -r '.[1] | .stage, .status, (.max_rss > 100000), (.seconds < 60)' <<<"$output")" $'b\n7\ntrue\ntrue'
	rm -r .dvc/tmp/timing
	run -0 stage-show timings
	contains "$output" "a              -           -       -  -"
}
