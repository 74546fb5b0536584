load helper

good() {
	printf 'k,v\na,1\nb,2\na,3\n' >t.csv
	good_args=(t.csv --rows 2 -o 'part-%d.csv')
	good_silent=1
}

@test "csv-split keeps the promises of every tool" {
	contract csv-split
}

@test "parts of so many rows, the last with what is left" {
	good
	csv-split t.csv --rows 2 -o 'part-%03d.csv'
	only t.csv part-001.csv part-002.csv
	same_file part-001.csv $'k,v\na,1\nb,2\n'
	same_file part-002.csv $'k,v\na,3\n'
}

@test "so many parts, even if there are fewer rows" {
	good
	csv-split t.csv --parts 2 -o '%d'
	same_file 1 $'k,v\na,1\n'
	same_file 2 $'k,v\nb,2\na,3\n'
	rm 1 2
	csv-split t.csv --parts 5 -o '%d'
	only t.csv 1 2 3 4 5
	same "$(cat 1 2 3 4 5 | grep -c '[123]')" 3
	run -2 sh -c "cat t.csv | csv-split - --parts 2 -o '%d'"
	contains "$output" "a pipe can be read once"
}

@test "a part for each value, with safe names" {
	printf 'k,v\n../x,1\nb,2\n"",3\nb,4\n"../x",5\n100%%,6\n' >t.csv
	csv-split t.csv --by k -o 'p-%s.csv'
	only t.csv 'p-%empty.csv' 'p-%2E.%2Fx.csv' p-b.csv 'p-100%25.csv'
	same_file 'p-%2E.%2Fx.csv' $'k,v\n../x,1\n"../x",5\n'
	same_file 'p-b.csv' $'k,v\nb,2\nb,4\n'
	rm p-*
	csv-split t.csv --by k --na b,100% -o 'p-%s.csv'
	only t.csv 'p-%empty.csv' 'p-%2E.%2Fx.csv'
}

@test "csv-merge of the parts gives the table's bytes" {
	printf '\xef\xbb\xbfk,v\r\n"a\nb",1\r\nb,"x""y"\nc,\r\n\n' | sed '$d' >t.csv
	printf 'd,4' >>t.csv
	for cut in '--rows 1' '--rows 3' '--rows 10' '--parts 3' '--parts 7'; do
		csv-split t.csv $cut -o 'p-%02d.csv'
		csv-merge p-*.csv -o back.csv
		cmp back.csv t.csv
		rm p-*.csv
	done
	printf 'k,v' >t.csv
	csv-split t.csv --rows 1 -o 'p-%02d.csv'
	csv-merge p-*.csv -o back.csv
	cmp back.csv t.csv
}

@test "shares are met to a row, differ by seed, and hold when rows are added" {
	awk 'BEGIN { print "k,v"; for (i = 0; i < 1000; i++) print i % 3 "," i }' >t.csv
	csv-split t.csv --shares 0.8,0.2 -o 'a-%d.csv'
	same "$(($(wc -l <a-1.csv) - 1)) $(($(wc -l <a-2.csv) - 1))" "800 200"
	csv-split t.csv --shares 80,20 --seed 0 -o 'b-%d.csv'
	cmp a-2.csv b-2.csv
	csv-split t.csv --shares 80,20 --seed 1 -o 'b-%d.csv'
	run -1 cmp -s a-2.csv b-2.csv
	{ cat t.csv; echo 1,1000; } >u.csv
	csv-split u.csv --shares 0.8,0.2 -o 'c-%d.csv'
	grep -v ,1000 c-2.csv | cmp - a-2.csv
	same "$(csv-merge a-1.csv a-2.csv --sort-by v | md5sum)" "$(md5sum <t.csv)"
}

@test "stratified shares hold within each value" {
	awk 'BEGIN { print "k,v"; for (i = 0; i < 1000; i++) print (i % 10 == 0) "," i }' >t.csv
	csv-split t.csv --shares 0.7,0.3 --stratify k --seed 5 -o 's-%d.csv'
	same "$(grep -c ^1, s-1.csv) $(grep -c ^1, s-2.csv)" "70 30"
	same "$(grep -c ^0, s-1.csv) $(grep -c ^0, s-2.csv)" "630 270"
}

@test "one way to cut, and a fitting template" {
	good
	run -2 csv-split t.csv -o '%d'
	contains "$output" "how to cut is not said"
	run -2 csv-split t.csv --rows 1 --parts 2 -o '%d'
	run -2 csv-split t.csv --rows 1
	contains "$output" "names of the parts are missing"
	for bad in part %s '%d%d' '%x' '%'; do
		run -2 csv-split t.csv --rows 1 -o "$bad"
		contains "$output" "template"
	done
	run -2 csv-split t.csv --rows 1 --seed 3 -o '%d'
	run -2 csv-split t.csv --shares 0.5,x -o '%d'
	run -2 csv-split t.csv --by nosuch -o '%s'
	contains "$output" "no column 'nosuch'"
	only t.csv
}

@test "after a failure no part is left" {
	{ good; cat t.csv; printf 'bad\n'; } >u.csv
	run -2 csv-split u.csv --rows 1 -o 'p-%d.csv'
	only t.csv u.csv
	run -2 csv-split u.csv --by k -o 'p-%s.csv'
	only t.csv u.csv
}

@test "the same for any number of threads, from gzip and a pipe" {
	awk 'BEGIN { print "k,v,t"; for (i = 0; i < 200000; i++) printf "%d,\"x\n%d\",abcdefgh\n", i * 7919 % 5, i }' >t.csv
	gzip -k t.csv
	csv-split t.csv --by k -o 'a-%s' -j 1
	csv-split t.csv.gz --by k -o 'b-%s' -j 5
	cat t.csv | csv-split - --shares 1,2,3 --stratify k -o 'c-%d' -j 3
	csv-split t.csv --shares 1,2,3 --stratify k -o 'd-%d' -j 1
	for i in 0 1 2 3 4; do cmp "a-$i" "b-$i"; done
	for i in 1 2 3; do cmp "c-$i" "d-$i"; done
}

@test "any number of values, with few open files" {
	awk 'BEGIN { print "k,v"; for (i = 0; i < 30000; i++) print "k" i * 7919 % 3001 "," i }' >t.csv
	(ulimit -n 100; csv-split t.csv --by k -o 'p-%s')
	same "$(ls p-* | wc -l)" 3001
	diff <(grep '^k17,' t.csv) <(tail -n +2 p-k17)
	same "$(csv-merge p-* --sort-by v | tail -n +2 | md5sum)" "$(tail -n +2 t.csv | md5sum)"
}

@test "more rows than are held in memory at once, of many values" {
	awk 'BEGIN { print "k,v"; x = sprintf("%4500s", "x"); x = x x; for (i = 0; i < 9000; i++) print i % 100 "," x i }' >t.csv
	(ulimit -n 90; csv-split t.csv --by k -o 'p-%s')
	for i in 0 63 64 99; do diff <(grep "^$i," t.csv) <(tail -n +2 "p-$i"); done
}

@test "hostile values stay in the folder" {
	printf 'k,v\n..,1\n.,2\n/,3\n/etc/passwd,4\n%%s,5\n%%empty,6\n"a\nb",7\n-rf,8\nn\xff,9\n"",10\n~,11\n' >t.csv
	mkdir d
	csv-split t.csv --by k -o 'd/%s'
	only t.csv d
	same "$(ls d | wc -l)" 11
	same_file 'd/%2E.' $'k,v\n..,1\n'
	same_file 'd/%2Fetc%2Fpasswd' $'k,v\n/etc/passwd,4\n'
	same_file 'd/%25empty' $'k,v\n%empty,6\n'
	same_file 'd/%empty' $'k,v\n"",10\n'
	printf 'k,v\n%0300d,1\n' 7 >t.csv
	run -2 --separate-stderr csv-split t.csv --by k -o 'd2-%s'
	contains "$stderr" "longer than a file's name may be"
	printf 'k,v\na\0b,1\n' >t.csv
	run -2 --separate-stderr csv-split t.csv --by k -o 'd2-%s'
	contains "$stderr" "NUL"
	only t.csv d
}

@test "no part replaces the table that is read" {
	printf 'k,v\nb,1\na,2\n"' >l2.csv
	for how in '--rows 1 -o l%d.csv' '--parts 2 -o l%d.csv' '--shares 1,1 -o l%d.csv'; do
		run ! csv-split l2.csv $how
		[ "$(cat l2.csv)" = $'k,v\nb,1\na,2\n"' ]
	done
	printf 'k,v\nb,1\na,2\n' >la.csv
	run -2 --separate-stderr csv-split la.csv --by k -o 'l%s.csv'
	same "$stderr" "csv-split: part 'la.csv' is the table that is read; choose names that lead to other files"
	run -2 csv-split - --by k -o 'l%s.csv' <la.csv
	ln -s ../la.csv "$(mkdir d && echo d)/p1"
	run -2 csv-split la.csv --rows 1 -o 'd/p%d'
	same_file la.csv $'k,v\nb,1\na,2\n'
	only l2.csv la.csv d
}
