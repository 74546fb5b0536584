# help.awk - prints the targets that have a `##` comment, in groups that `##@` lines begin.
#
#	awk -v prefix=P -v stages=LINES -v groups=WORDS -f help.awk FILE...
#
# stages: lines `name: what it does`; groups: the CI groups. $(CD4ML_PREFIX) in a target's
# name becomes the prefix. A group's lines stand together, though several files add to it.

BEGIN {
	group = "Targets"
	pattern = "^[$()A-Za-z0-9_.%/-]+( +[$()A-Za-z0-9_.%/-]+)* *:"
}

/^##@ / {
	group = substr($0, 5)
	if (group == "Pipeline")
		add_stages()
	if (group == "General")
		add_groups()
	next
}

$0 ~ pattern && / ## / && !/^[^:]*:=/ {
	name = $0
	sub(/ *:.*/, "", name)
	text = $0
	sub(/.*[ \t]## */, "", text)
	n = split(name, names, / +/)
	for (i = 1; i <= n; i++) {
		sub(/^\$\((CD4ML_PREFIX|_cd4ml_p)\)/, prefix, names[i])
		add(group, names[i], text)
	}
}

function add(g, name, text) {
	if (!(g in lines))
		order[++n_groups] = g
	name = sprintf("  %-18s %s", name, text)
	sub(/ +$/, "", name)
	lines[g] = lines[g] name "\n"
}

# What has no comment of its own: stages, and groups for CI.
function add_stages(	n, list, i, at) {
	n = split(stages, list, "\n")
	for (i = 1; i <= n; i++) {
		sub(/^ +/, "", list[i])
		at = index(list[i], ":")
		if (at)
			add("Stages", substr(list[i], 1, at - 1), substr(list[i], at + 2))
	}
}

function add_groups(	n, list, i) {
	n = split(groups, list, " ")
	for (i = 1; i <= n; i++)
		add("CI", prefix "ci-" list[i], "fetch what the group needs, run it, send what it made")
}

END {
	for (g = 1; g <= n_groups; g++)
		printf "%s%s\n%s", (g > 1 ? "\n" : ""), order[g], lines[order[g]]
}
