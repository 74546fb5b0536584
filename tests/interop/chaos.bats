load ../helper

# `make -j4 repro` killed at random moments, all of its group at once: afterwards it completes, and to the same
# bytes as where nobody disturbed it (but for files that were just being written, which SIGKILL leaves). CHAOS_KILLS=200 for a long run.

project() {
	git init -q .
	mkdir -p in
	cat >Makefile <<-EOF
		define part
		STAGES += part-\$(1)
		part-\$(1)_DEPS := in/\$(1)
		part-\$(1)_OUTS := parts/\$(1) lists/\$(1).txt
		part-\$(1)_CMD  := mkdir parts/\$(1); for i in 1 2 3 4 5 6; do sleep 0.005; cat in/\$(1) >parts/\$(1)/\$\$\$\$i; done; \\
			(cat parts/\$(1)/* | sort; sleep 0.01) >lists/\$(1).txt
		endef
		\$(foreach p,a b c d e f,\$(eval \$(call part,\$(p))))
		STAGES += all
		all_DEPS := \$(addprefix lists/,a.txt b.txt c.txt d.txt e.txt f.txt)
		all_OUTS := all.txt
		all_METRICS := m.json
		all_CMD  := cat \$(all_DEPS) | sort >all.txt; sleep 0.01; printf '{"lines": %d}\n' "\$\$(wc -l <all.txt)" >m.json
		STAGES += last
		last_DEPS := all.txt parts/a
		last_OUTS := last.txt
		last_CMD  := sleep 0.01; cat all.txt parts/a/* >last.txt
		include $ROOT/mk/cd4ml.mk
	EOF
}

inputs() {
	for p in a b c d e f; do
		seq "$1" "$(($1 + ${#p} + 40))" >in/$p
		# one part is the same each time: it is not to be made again, nor to be lost
		[ $p != c ] || echo same >in/$p
	done
}

result() {
	find parts lists all.txt m.json last.txt dvc.lock dvc.yaml -type f ! -name .gitignore ! -name '.*.tmp.*' -exec md5sum {} + | sort -k 2
	sort .gitignore lists/.gitignore parts/.gitignore # lines stand in the order in which stages ended
}

@test "make -j4 repro survives being killed at any moment" {
	needs setsid
	mkdir calm killed
	(cd calm && project)
	(cd killed && project)
	RANDOM=${CHAOS_SEED:-1}
	hit=0
	for ((turn = 1; turn <= ${CHAOS_KILLS:-20}; turn++)); do
		(cd calm && inputs $turn && make -j4 repro) >calm.log 2>&1 || { cat calm.log; return 1; }
		cd killed || return
		inputs $turn
		# up to three times in a row, before it may end
		for ((again = RANDOM % 3; again >= 0; again--)); do
			setsid make -j4 repro >../killed.log 2>&1 3>&- &
			pid=$!
			sleep "0.$(printf '%03d' $((RANDOM % 350)))"
			if kill -KILL -- "-$pid" 2>/dev/null; then hit=$((hit + 1)); fi
			wait "$pid" || true
		done
		make -j4 repro >../killed.log 2>&1 || { cat ../killed.log; return 1; }
		cd ..
		diff <(cd calm && result) <(cd killed && result) || { echo "after kill $turn"; return 1; }
		run -0 make -C killed status
		contains "$output" "all 8 stages are up to date"
	done
	echo "# $hit kills" >&3
	[ "$hit" -gt $((turn / 2)) ]
	cd killed && cas-hash verify
}
