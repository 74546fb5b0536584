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

@test "the first bad line is told, whichever its column" {
	printf 'd,e,x\n20110911,20110911,1\n20110911,bad,2\nworse,20110911,3\nshort\n' >in.csv
	run -2 --separate-stderr csv-encode --fit e.json --date d,e in.csv
	contains "$stderr" "in.csv:3: 'bad' in column 'e' is not a date"
	head -2 in.csv >ok.csv
	csv-encode --fit e.json --date d,e ok.csv -o out.csv
	run -2 --separate-stderr csv-encode --apply e.json in.csv
	contains "$stderr" "in.csv:3: 'bad' in column 'e' is not a date"
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
	printf '{"format": "cd4ml-encoder", "version": 3, "columns": []}' >e.json
	run -2 --separate-stderr csv-encode --apply e.json in.csv
	contains "$stderr" "e.json: not an encoder of version 1 to 2"
	printf '{"format": "cd4ml-encoder", "version": 1, "columns": [{"name": "k", "codes": {"unknown": 2, "values": ["a", "a"]}}]}' >e.json
	run -2 --separate-stderr csv-encode --apply e.json in.csv
	contains "$stderr" "e.json: column 1: value 1 is the same as value 0"
}

# bad_encoder MESSAGE COLUMN - an encoder of version 2 with this column is refused so
bad_encoder() {
	printf '{"format": "cd4ml-encoder", "version": 2, "columns": [{"name": "a"},\n%s]}' "$2" >e.json
	run -2 --separate-stderr csv-encode --apply e.json in.csv
	contains "$stderr" "e.json: column 2: $1"
}

@test "an encoder that was edited by hand is refused with the place" {
	printf 'k\na\n' >in.csv
	bad_encoder "value 0 is not a value and its number" '{"name": "k", "count": {"values": ["a"]}}'
	bad_encoder "the count of value 0 is not a whole number" '{"name": "k", "count": {"values": [["a", 1.5]]}}'
	bad_encoder "the count of value 0 is not a whole number" '{"name": "k", "count": {"values": [["a", -1]]}}'
	bad_encoder "value 1 is not a text" '{"name": "k", "onehot": {"values": ["a", 2]}}'
	bad_encoder "there is no value to make a column of" '{"name": "k", "onehot": {"values": []}}'
	bad_encoder "'separator' is empty" '{"name": "k", "split": {"separator": "", "values": []}}'
	bad_encoder "'parts' of what is no date" '{"name": "k", "parts": ["year"]}'
	bad_encoder "part 'hour' is not known" '{"name": "k", "date": "", "parts": ["hour"]}'
	bad_encoder "one entry makes two things" '{"name": "k", "date": "", "count": {"values": []}}'
	bad_encoder "what is dropped can be nothing else" '{"name": "k", "drop": true, "count": {"values": []}}'
	bad_encoder "column 'a' is there twice" '{"name": "a", "date": ""}'
	bad_encoder "'smooth', 'folds' or 'seed' is out of range" \
		'{"name": "k", "target_mean": {"by": "y", "smooth": -1, "folds": 5, "seed": 0, "unknown": 0, "values": []}}'
}

@test "an encoder of version 1 is read, and written again as it was" {
	cp "$DATA/encoder/version-1.json" e1.json
	printf 'id,artist,bd,start,lyricist,y\n1,Abba,,2011-09-11,x,0\n2,nobody,7,,,1\n3,,1,2012-01-02,z,0\n' >in.csv
	csv-encode --apply e1.json in.csv -o out.csv
	same_file out.csv $'id,artist,age,start_year,start_month,start_day,y\n1,0,0,2011,9,11,0\n2,3,7,,,,1\n3,2,1,2012,1,2,0\n'
	printf 'id,artist,bd,start,lyricist,y\n1,Abba,,2011-09-11,x,0\n2,Blur,7,,,1\n3,,1,2012-01-02,z,0\n' >in.csv
	csv-encode --fit e.json --fill artist=unknown --fill bd=0 --rename bd=age --codes artist --date start \
		--drop lyricist in.csv -o out.csv
	cmp e.json e1.json
}

@test "--count adds how often a value is there" {
	printf 'k,v\na,1\nb,2\na,3\n,4\n"a",5\n' >train.csv
	printf 'v,k\n9,b\n8,a\n7,zz\n6,\n' >test.csv
	csv-encode --fit e.json --count k train.csv -o out.csv
	same_file out.csv $'k,k_count,v\na,3,1\nb,1,2\na,3,3\n,,4\n"a",3,5\n'
	run -0 --separate-stderr csv-encode -v --apply e.json test.csv -o out.csv
	same_file out.csv $'k,k_count,v\nb,1,9\na,3,8\nzz,0,7\n,,6\n'
	contains "$stderr" "column 'k': 1 of 4 values (25 %) were not in the fit and have count 0, first in line 4"
	csv-encode --fit e.json --count k --fill k=b --drop k --rename k=z train.csv -o out.csv
	same_file out.csv $'z_count,v\n3,1\n2,2\n3,3\n2,4\n3,5\n'
	csv-encode --apply e.json train.csv | cmp - out.csv
}

@test "--target-mean does not know the row's own target, and has all rows for other data" {
	awk 'BEGIN { print "k,y"; for (i = 0; i < 5000; i++) print i % 7 "," (i * 7919 % 11 < i % 7) }' >train.csv
	csv-encode --fit e.json --target-mean k --by y --smooth 10 --folds 3 --seed 4 train.csv -o out.csv
	# Another target in one row changes the means of the rows of other folds, but not its own.
	awk -F, 'NR == 1000 { $2 = 1 - $2 } { print $1 "," $2 }' train.csv >other.csv
	csv-encode --fit e2.json --target-mean k --by y --smooth 10 --folds 3 --seed 4 other.csv -o out2.csv
	same "$(sed -n 1000p out.csv | cut -d, -f2)" "$(sed -n 1000p out2.csv | cut -d, -f2)"
	run -1 cmp -s <(cut -d, -f1,2 out.csv) <(cut -d, -f1,2 out2.csv)
	# Within a fold all rows of a value have the same mean: 3 of each value.
	same "$(tail -n +2 out.csv | cut -d, -f1,2 | sort -u | wc -l)" 21
	# (sum of y where k is 3 + 10 * mean of y) / (rows + 10)
	csv-encode --apply e.json train.csv -o applied.csv
	same "$(grep ^3, applied.csv | cut -d, -f2 | sort -u)" "$(awk -F, 'NR > 1 { n++; s += $2; if ($1 == 3) { m++; t += $2 } }
		END { printf "%.8g", (t + 10 * s / n) / (m + 10) }' train.csv)"
	printf 'k\n99\n\n' | sed 's/^$/""/' >test.csv
	run -0 --separate-stderr csv-encode -v --apply e.json test.csv
	same "$(sed -n 2p <<<"$output")" "99,$(awk -F, '{ s += $2 } END { printf "%.8g", s / 5000 }' train.csv)"
	same "$(sed -n 3p <<<"$output")" '"",'
	contains "$stderr" "were not in the fit and have the mean"
	csv-encode --fit e3.json --target-mean k --by y --smooth 10 --folds 3 --seed 5 train.csv -o out3.csv
	run -1 cmp -s out.csv out3.csv
}

@test "--target-mean wants a target that is a number in each row, and another column" {
	printf 'k,y\na,1\nb,\n' >in.csv
	run -2 --separate-stderr csv-encode --fit e.json --target-mean k --by y in.csv -o out.csv
	contains "$stderr" "in.csv:3: the target 'y' is missing"
	printf 'k,y\na,1\nb,no\n' >in.csv
	run -2 --separate-stderr csv-encode --fit e.json --target-mean k --by y in.csv -o out.csv
	contains "$stderr" "in.csv:3: 'no' in the target 'y' is not a number"
	run -2 --separate-stderr csv-encode --fit e.json --target-mean y --by y in.csv
	contains "$stderr" "'y' by itself would tell the target"
	run -2 csv-encode --fit e.json --target-mean k --by nosuch in.csv
	only in.csv
}

@test "--target-mean knows a target that is left out, and columns without names" {
	printf 'k,y,z\na,1,p\nb,0,q\na,0,r\nb,1,s\n' >in.csv
	csv-encode --fit e1.json --target-mean k --by y in.csv | cut -d, -f2 >want
	csv-encode --fit e2.json --target-mean k --by y --keep k in.csv | cut -d, -f2 | cmp - want
	csv-encode --fit e3.json --target-mean k --by y --drop y,k in.csv | cut -d, -f1 | cmp - want
	tail -n +2 in.csv >plain.csv
	csv-encode --no-header --fit e4.json --target-mean 1 --by 2 plain.csv | cut -d, -f2 | cmp - <(tail -n +2 want)
	# A fold that has all rows knows nothing.
	printf 'k,y\na,1\n' >one.csv
	same "$(csv-encode --fit e5.json --target-mean k --by y one.csv)" $'k,k_target_mean,y\na,,1'
}

@test "--onehot makes a column of each value, of the most frequent ones" {
	printf 'c,k\nb,1\n"x,y",2\nb,3\n,4\na,5\na,6\n' >train.csv
	csv-encode --fit e.json --onehot c train.csv -o out.csv
	same_file out.csv $'c_b,"c_x,y",c_a,k\n1,0,0,1\n0,1,0,2\n1,0,0,3\n0,0,0,4\n0,0,1,5\n0,0,1,6\n'
	csv-encode --apply e.json train.csv | cmp - out.csv
	csv-encode --fit e.json --onehot c --max-categories 2 --codes-order sorted train.csv -o out.csv
	same "$(head -3 out.csv | tr '\n' ' ')" "c_a,c_b,k 0,1,1 0,0,2 "
	csv-encode --apply e.json train.csv | cmp - out.csv
	printf 'c\nnew\na\n' >test.csv
	run -0 --separate-stderr csv-encode -v --apply e.json test.csv
	same "$output" $'c_a,c_b\n0,0\n1,0'
	contains "$stderr" "column 'c': 1 of 2 values (50 %) have a value without a column, first in line 2"
	csv-encode --fit e.json --onehot c --codes c --fill c=b train.csv -o out.csv
	same "$(sed -n 5p out.csv)" "0,1,0,0,4"
	csv-encode --apply e.json train.csv | cmp - out.csv
	printf 'c,k\n,1\n' >empty.csv
	run -2 --separate-stderr csv-encode --fit e.json --onehot c empty.csv
	contains "$stderr" "column 'c' has no value to make a column of"
}

@test "--split counts the parts of a list and makes a column of each" {
	printf 'g,k\nrock|pop,1\n,2\npop|pop||jazz,3\npop,4\n' >train.csv
	csv-encode --fit e.json --split 'g:|' --codes-order frequency train.csv -o out.csv
	same_file out.csv $'g_parts,g_pop,g_rock,g_jazz,k\n2,1,1,0,1\n0,0,0,0,2\n3,1,0,1,3\n1,1,0,0,4\n'
	csv-encode --apply e.json train.csv | cmp - out.csv
	csv-encode --fit e.json --split 'g:|' --max-categories 1 train.csv -o out.csv
	same_file out.csv $'g_parts,g_pop,k\n2,1,1\n0,0,2\n3,1,3\n1,1,4\n'
	printf 'g\nmetal|pop\n"metal"\n' >test.csv
	run -0 --separate-stderr csv-encode -v --apply e.json test.csv
	same "$output" $'g_parts,g_pop\n2,1\n1,0'
	contains "$stderr" "2 of 2 values (1e+02 %) have parts without a column"
	printf 'g\n"a, b, b c"\n' >in.csv
	same "$(csv-encode --fit e.json --split 'g:, ' in.csv)" $'g_parts,g_a,g_b,g_b c\n3,1,1,1'
	run -2 --separate-stderr csv-encode --fit e.json --split g: in.csv
	contains "$stderr" "'g:' names no separator"
	run -2 csv-encode --fit e.json --split g in.csv
}

@test "dates have other parts too: weekday, days since 1970" {
	printf 'd\n20110911\n19691231\n\n' | sed 's/^$/""/' >in.csv
	csv-encode --fit e.json --date d --date-parts weekday,epoch_days,day in.csv -o out.csv
	same_file out.csv $'d_day,d_weekday,d_epoch_days\n11,6,15228\n31,2,-1\n,,\n'
	csv-encode --apply e.json in.csv | cmp - out.csv
	run -2 --separate-stderr csv-encode --fit e.json --date d --date-parts hour in.csv
	contains "$stderr" "'hour' is no part of a date"
}

@test "options that have no effect are refused" {
	printf 'k,y\na,1\n' >in.csv
	run -2 --separate-stderr csv-encode --fit e.json --codes-order sorted in.csv
	contains "$stderr" "--codes-order has no effect without --codes"
	for args in "--date-parts day" "--max-categories 3 --codes k" "--by y" "--smooth 1" "--folds 3 --count k" \
		"--seed 1" "--target-mean k" "--plain y"; do
		run -2 --separate-stderr csv-encode --fit e.json $args in.csv
		contains "$stderr" "has no effect without"
	done
	run -2 csv-encode --fit e.json --onehot k --split k:x in.csv
	run -2 csv-encode --fit e.json --count k,k in.csv
	only in.csv
}

@test "all that is made of columns is the same for any number of threads and little memory" {
	awk 'BEGIN { print "i,k,g,y"; for (i = 0; i < 60000; i++)
		printf "%d,k%d,%d|%d,%s\n", i, i * 7919 % 5003, i % 7, i % 3, i * 31 % 17 / 10 }' >in.csv
	local args=(--codes k --count k,i --target-mean k,g --by y --split 'g:|' --onehot y --codes-order frequency)
	csv-encode -q --fit e1.json "${args[@]}" in.csv -o out1.csv -j 1
	csv-encode -q --fit e2.json "${args[@]}" --memory 10K - -o out2.csv -j 5 <in.csv
	cmp e1.json e2.json && cmp out1.csv out2.csv
	threads_agree csv-encode --apply e1.json in.csv
	# What is applied is what was fitted, but for the means.
	same "$(sed 's/[^,]*_target_mean/-/g; q' out1.csv)" "$(csv-encode --apply e1.json in.csv | sed 's/[^,]*_target_mean/-/g; q')"
	same "$(cut -d, -f1-4 out1.csv | md5sum)" "$(csv-encode --apply e1.json in.csv | cut -d, -f1-4 | md5sum)"
}
