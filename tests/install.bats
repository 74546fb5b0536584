#!/usr/bin/env bats
# make install, make uninstall, make help, mk/deps.sh.

load helper

# make of the tree, on what is built already
tree() {
	make --no-print-directory -C "$ROOT" B="$BUILD" "$@"
}

@test "make install puts tools, manuals and the fragment below DESTDIR and PREFIX, and uninstall takes all away" {
	local c

	tree install DESTDIR="$PWD/dest" PREFIX=/opt/cd4ml
	for c in "$ROOT"/tools/*.c; do
		c=$(basename "$c" .c)
		"dest/opt/cd4ml/bin/$c" --version
		[ ! -e "$ROOT/tools/$c.1" ] || [ -e "dest/opt/cd4ml/share/man/man1/$c.1" ]
	done
	same_file dest/opt/cd4ml/include/cd4ml.mk $'include /opt/cd4ml/share/cd4ml/cd4ml.mk\n'
	[ ! -e "$ROOT/mk/cd4ml.mk" ] || cmp "$ROOT/mk/cd4ml.mk" dest/opt/cd4ml/share/cd4ml/cd4ml.mk
	[ ! -e dest/opt/cd4ml/share/cd4ml/deps.sh ]
	touch dest/opt/cd4ml/bin/somebody-elses
	tree uninstall DESTDIR="$PWD/dest" PREFIX=/opt/cd4ml
	same "$(find dest -type f)" dest/opt/cd4ml/bin/somebody-elses
}

@test "the example of the installed library predicts as model-eval does" {
	case $(basename "$BUILD") in *-*) skip "the library is built for a sanitizer" ;; esac
	local flags=(-std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror) row
	local libs=(-lcd4ml -ljansson -lz -lpthread -lm)

	tree install PREFIX="$PWD/prefix"
	"${CC:-cc}" "${flags[@]}" -I prefix/include "$ROOT/examples/predict/predict.c" -o predict -L prefix/lib "${libs[@]}"
	awk 'BEGIN { print "age,city,y"; for (i = 0; i < 300; i++)
		print i % 60 "," (i % 3 ? "C " i % 5 : "Paris") "," (i % 60 > 30 && i % 3 == 0) }' >t.csv
	gbt-train --target y --trees 5 --min-samples-leaf 5 -o m.ubj t.csv
	for row in 42,Paris 12,Paris ',C 1' ,Nowhere; do
		printf 'age,city\n%s\n' "$row" >r.csv
		model-eval predict m.ubj r.csv | sed -n '2s/.*,//p' >want
		set -- "city=${row#*,}"
		[ -z "${row%%,*}" ] || set -- "$@" "age=${row%%,*}"
		./predict m.ubj "$@" | cut -f 2 >got
		awk 'NR == FNR { w = $1; next } { exit !(w - $1 < 1e-7 && $1 - w < 1e-7) }' want got
	done
	same "$(./predict m.ubj height=3 2>&1)" "predict: the model has no column 'height'"
	run ./predict missing.ubj
	[ "$status" = 2 ]
	contains "$output" missing.ubj
	! command -v c++ || echo '#include <cd4ml.h>' | c++ -x c++ -Werror -I prefix/include -fsyntax-only -
}

@test "a project elsewhere includes the installed fragment" {
	[ -e "$ROOT/mk/cd4ml.mk" ] || skip "there is no fragment yet"
	tree install PREFIX="$PWD/prefix"
	mkdir project && cd project && git init -q .
	printf 'include cd4ml.mk\n' >Makefile
	PATH=$OLDPWD/prefix/bin:$PATH run -0 make -I "$OLDPWD/prefix/include" help
	contains "$output" repro
}

@test "make help names every target, without building anything" {
	run -0 tree help
	for t in all check unit asan tsan fuzz lint format interop bench install uninstall clean help; do
		grep -Eq "^  $t +[^ ]" <<<"$output" || { echo "no $t"; return 1; }
	done
}

@test "deps.sh does nothing when all is there" {
	run -0 sh "$ROOT/mk/deps.sh"
	same "$output" ""
}

@test "deps.sh says what to type where it cannot install" {
	local c s

	mkdir bin
	for c in sh sed tr id uname head; do ln -s "$(command -v $c)" bin/; done
	for s in dnf apk pacman brew; do
		ln -s /bin/true "bin/$s"
		PATH=$PWD/bin run -1 "$PWD/bin/sh" "$ROOT/mk/deps.sh" -n
		contains "$output" "$s "
		contains "$output" jansson
		rm "bin/$s"
	done
}
