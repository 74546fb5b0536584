load helper

good() {
	printf 'a,b\nx,1\ny,\n' >in.csv
	printf '{"format": "cd4ml-encoder", "version": 1, "columns": [{"name": "b", "fill": "0"}]}\n' >enc.json
	good_args=(--apply enc.json in.csv)
	good_missing=2
}

@test "csv-encode keeps the promises of every tool" {
	contract csv-encode
}

@test "without --fit or --apply nothing is encoded" {
	printf 'a\nx\n' >in.csv
	run -2 --separate-stderr csv-encode --codes a in.csv -o out.csv
	contains "$stderr" "neither --fit nor --apply is given"
	contains "$stderr" "coded apart, the same code would mean different things"
	run -2 --separate-stderr csv-encode --fit e.json --apply e.json in.csv
	only in.csv
}

@test "what is fitted is applied: the same values, the same codes, in any order" {
	printf 'k,n\nb,1\na,2\nb,3\n' >train.csv
	printf 'n,k\n9,a\n8,b\n' >test.csv
	csv-encode --fit e.json --codes k train.csv -o out.csv
	same_file out.csv $'k,n\n0,1\n1,2\n0,3\n'
	csv-encode --apply e.json test.csv -o out.csv
	same_file out.csv $'k,n\n1,9\n0,8\n'
}

@test "an unknown category gets a code of its own, and is counted" {
	printf 'k\nb\na\n' >train.csv
	printf 'k\na\nzz\nb\n' >test.csv
	csv-encode --fit e.json --codes k train.csv -o out.csv
	run -0 --separate-stderr csv-encode -v --apply e.json test.csv -o out.csv
	same_file out.csv $'k\n1\n2\n0\n'
	contains "$stderr" "column 'k': 1 of 3 values (33 %) were not in the fit and have code 2, first in line 3"
}

@test "mostly unknown categories are a warning" {
	printf 'k\nb\n' >train.csv
	printf 'k\nx\ny\nb\n' >test.csv
	csv-encode --fit e.json --codes k train.csv -o out.csv
	run -0 --separate-stderr csv-encode --apply e.json test.csv -o out.csv
	contains "$stderr" "is it the encoder of this data?"
}

@test "fills go by type, by all rows" {
	printf 't,n,late,none\na,1,5,\n,,,\nb,2,x,\n' >in.csv
	csv-encode --fit e.json --fill-text unknown --fill-number 0 in.csv -o out.csv
	same_file out.csv $'t,n,late,none\na,1,5,0\nunknown,0,unknown,0\nb,2,x,0\n'
	csv-encode --apply e.json in.csv | cmp - out.csv
}

@test "a fill by name counts more than one by type, and is quoted where it must be" {
	printf 't,u\n,\na,b\n' >in.csv
	csv-encode --fit e.json --fill 't=x, "y"' --fill-text z in.csv -o out.csv
	same_file out.csv $'t,u\n"x, ""y""",z\na,b\n'
	csv-encode --apply e.json in.csv | cmp - out.csv
}

@test "--na names what is missing, and the encoder remembers it" {
	printf 'n\n1\nNA\n' >in.csv
	csv-encode --na NA --fit e.json --fill-number 0 in.csv -o out.csv
	same_file out.csv $'n\n1\n0\n'
	csv-encode --apply e.json in.csv | cmp - out.csv
	run -2 csv-encode --na NA --apply e.json in.csv
}

@test "--plain keeps the label out of fills and codes" {
	printf 'x,y\na,yes\n,\n' >in.csv
	csv-encode --fit e.json --fill-text u --codes-text --plain y in.csv -o out.csv
	same_file out.csv $'x,y\n0,yes\n1,\n'
	printf 'x\na\n' >test.csv
	csv-encode --apply e.json test.csv -o out.csv
	same_file out.csv $'x\n0\n'
}

@test "dates become three numbers" {
	printf 'd,x\n20110911,1\n2012-01-02T03:04:05,2\n,3\n' >in.csv
	csv-encode --fit e.json --date d in.csv -o out.csv
	same_file out.csv $'d_year,d_month,d_day,x\n2011,9,11,1\n2012,1,2,2\n,,,3\n'
	csv-encode --apply e.json in.csv | cmp - out.csv
	csv-encode --fit e.json --date d --fill-number 0 in.csv -o out.csv
	same_file out.csv $'d_year,d_month,d_day,x\n2011,9,11,1\n2012,1,2,2\n0,0,0,3\n'
	csv-encode --fit e.json --date d --fill d=20000229 in.csv | grep -qx '2000,2,29,3'
}

@test "dates take a format" {
	printf 'd\n3. Mar 99 12:30\n' >in.csv
	csv-encode --fit e.json --date 'd:%d. %b %y %H:%M' in.csv -o out.csv
	same_file out.csv $'d_year,d_month,d_day\n1999,3,3\n'
	run -2 --separate-stderr csv-encode --fit e.json --date 'd:%d %Q' in.csv
	contains "$stderr" "unknown directive"
}

@test "what is no date is an error with its line" {
	printf 'd\n20110911\n20110231\n' >in.csv
	run -2 --separate-stderr csv-encode --fit e.json --date d in.csv -o out.csv
	contains "$stderr" "csv-encode: in.csv:3: '20110231' in column 'd' is not a date"
	only in.csv
}

@test "the order of codes is by appearance, sorted or by frequency" {
	printf 'k\nb\nc\na\nc\n' >in.csv
	same "$(csv-encode --fit e.json --codes k in.csv | tr '\n' ' ')" "k 0 1 2 1 "
	same "$(csv-encode --fit e.json --codes k --codes-order sorted in.csv | tr '\n' ' ')" "k 1 2 0 2 "
	same "$(csv-encode --fit e.json --codes k --codes-order frequency in.csv | tr '\n' ' ')" "k 1 0 2 0 "
	same "$(csv-encode --apply e.json in.csv | tr '\n' ' ')" "k 1 0 2 0 "
}

@test "a missing category stays missing without a fill" {
	printf 'k\na\n\n"a"\n' | sed 's/^$/""/' >in.csv
	csv-encode --fit e.json --codes k in.csv -o out.csv
	same_file out.csv $'k\n0\n\n0\n'
	csv-encode --apply e.json in.csv | cmp - out.csv
}

@test "columns are dropped, kept and renamed" {
	printf 'a,b,c\n1,2,3\n' >in.csv
	csv-encode --fit e.json --drop b --rename c=z in.csv -o out.csv
	same_file out.csv $'a,z\n1,3\n'
	csv-encode --fit e.json --keep c,a in.csv -o out.csv
	same_file out.csv $'a,c\n1,3\n'
	printf 'c,new,a\n1,2,3\n' >test.csv
	csv-encode --apply e.json test.csv -o out.csv
	same_file out.csv $'a,c\n3,1\n'
}

@test "columns that the fit did not have come last; one that it needs must be there" {
	printf 'k,x,y\na,1,0\n' >train.csv
	printf 'id,k\n7,a\n' >test.csv
	csv-encode --fit e.json --codes k train.csv -o out.csv
	run -0 --separate-stderr csv-encode -v --apply e.json test.csv -o out.csv
	same_file out.csv $'k,id\n0,7\n'
	contains "$stderr" "column 'id' was not there when fitted: it passes"
	contains "$stderr" "no column 'y': it is left out"
	printf 'id\n7\n' >test.csv
	run -2 --separate-stderr csv-encode --apply e.json test.csv
	contains "$stderr" "test.csv: no column 'k', which the encoder makes a code of"
}

@test "what no option touches passes byte for byte" {
	printf 'k,"q ""1""",r\n a ,"",007\n"b\n,c", x,1.50\n' >in.csv
	csv-encode --fit e.json --codes k in.csv -o out.csv
	same_file out.csv $'k,"q ""1""",r\n0,"",007\n1, x,1.50\n'
}

@test "two columns of one name are refused" {
	printf 'd,d_year\n20110911,1\n' >in.csv
	run -2 --separate-stderr csv-encode --fit e.json --date d in.csv
	contains "$stderr" "two columns of the output are called 'd_year'"
}

@test "unknown columns and contradictions are refused" {
	printf 'abc,d\n1,20110911\n' >in.csv
	run -2 --separate-stderr csv-encode --fit e.json --codes abd in.csv
	contains "$stderr" "abc"
	run -2 csv-encode --fit e.json --fill nosuch=1 in.csv
	run -2 csv-encode --fit e.json --fill abc in.csv
	run -2 csv-encode --fit e.json --drop d --date d in.csv
	run -2 csv-encode --fit e.json --codes d --date d in.csv
	run -2 --separate-stderr csv-encode --apply e.json --codes d in.csv
	contains "$stderr" "--codes has no meaning with --apply"
	only in.csv
}

@test "a pipe is fitted as a file is; with little memory too; with any number of threads" {
	awk 'BEGIN { print "i,k,late,d"; for (i = 0; i < 60000; i++)
		printf "%d,\"k %d\",%s,201%d-01-0%d\n", i, i * 7919 % 5003, i == 59990 ? "x" : i % 9, i % 10, i % 9 + 1 }' >in.csv
	csv-encode --fit e1.json --codes-text --plain i --date d in.csv -o out1.csv
	csv-encode --fit e2.json --codes-text --plain i --date d --memory 10K - -o out2.csv <in.csv
	cat in.csv | csv-encode -j 5 --fit e3.json --codes-text --plain i --date d - >out3.csv
	cmp out1.csv out2.csv && cmp out1.csv out3.csv && cmp e1.json e2.json && cmp e1.json e3.json
	threads_agree csv-encode --apply e1.json in.csv
	csv-encode --apply e1.json in.csv | cmp - out1.csv
	same "$(sed -n 59992p out1.csv | cut -d, -f3-)" 9,2010,1,6
}

@test "values that are not UTF-8 keep their codes" {
	printf 'k\n\xff\n\xfe\n\xc3\xa9\n' >in.csv
	csv-encode --fit e.json --codes k in.csv -o out.csv
	same_file out.csv $'k\n0\n1\n2\n'
	csv-encode --apply e.json in.csv | cmp - out.csv
}

@test "codes that say nothing are a warning" {
	awk 'BEGIN { print "id"; for (i = 0; i < 2000; i++) print "u" i }' >in.csv
	run -0 --separate-stderr csv-encode --fit e.json --codes-text in.csv -o out.csv
	contains "$stderr" "column 'id' has another value in nearly every row"
}

@test "a damaged encoder is refused with the place" {
	printf 'k\na\n' >in.csv
	printf '{"format": "cd4ml-encoder", "version": 2, "columns": []}' >e.json
	run -2 --separate-stderr csv-encode --apply e.json in.csv
	contains "$stderr" "e.json: not an encoder of version 1"
	printf '{"format": "cd4ml-encoder", "version": 1, "columns": [{"name": "k", "codes": {"unknown": 2, "values": ["a", "a"]}}]}' >e.json
	run -2 --separate-stderr csv-encode --apply e.json in.csv
	contains "$stderr" "e.json: column 1: value 1 is the same as value 0"
}
