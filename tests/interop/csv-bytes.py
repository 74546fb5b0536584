"""csv-join and csv-merge on random ugly tables, to the byte, against a model of a few lines; the model against DuckDB.

csv-bytes.py N SEED: N rounds in the current folder. A cell is (raw, value): the bytes in the file and what they
mean. Random are: quoting, delimiter, quote, mixed line ends, newlines and quotes inside fields, BOM, a missing final
newline, ragged rows, gzip of several members, a pipe; all options of a table; -j, --memory, the CPU's instructions.
Now and then a table is some megabytes large, so that it is read in pieces.
"""
import gzip
import json
import os
import random
import subprocess
import sys

import duckdb

VALUES = ["", "a", "b", "A", " a", "b\t", "007", "1.50", "x,y", "x;y", 'say "hi"', "it's", "two\nlines", "cr\r\nlf",
          "grün", "日本", "NA", "\r", "'", '"', "tab\there"]
CPUS = ["scalar", "sse42", "avx2", "avx512"]


class Dialect:
    def __init__(self, rng):
        self.delimiter, self.quote = rng.choice([",\"", ",\"", ";'", "\t\"", "|'"])
        self.no_header = rng.random() < 0.15
        self.ragged = rng.choice(["error", "error", "pad", "skip"])
        self.args = ["-d", {"\t": "\\t"}.get(self.delimiter, self.delimiter), "--quote", self.quote,
                     "--ragged", self.ragged, "--na", "NA"] + ["--no-header"] * self.no_header

    def cell(self, rng, value):
        must = any(c in value for c in self.delimiter + self.quote + "\n\r")
        if must or rng.random() < 0.3:
            return self.quote + value.replace(self.quote, 2 * self.quote) + self.quote, value
        return value, value


class Table:
    """names: cells; rows: (cells, line end) as they are to be understood; data: the file's bytes."""

    def __init__(self, rng, d, names, n_rows, filler=0):
        eol = lambda: rng.choice(["\n", "\r\n"])
        few = VALUES[: rng.randint(3, len(VALUES))]
        self.d, self.eol = d, eol()
        self.names = [(n, n) if rng.random() < 0.7 else (d.quote + n + d.quote, n) for n in names]
        text = [] if d.no_header else [d.delimiter.join(raw for raw, _ in self.names) + self.eol]
        self.rows = []
        if d.no_header:
            self.names, self.eol = [(str(i + 1), str(i + 1)) for i in range(len(names))], "\n"
        for i in range(max(n_rows, d.no_header)):  # without a header, the first row says how wide it is
            cells = [d.cell(rng, rng.choice(few)) for _ in names]
            if filler and rng.random() < 0.5:
                cells[-1] = d.cell(rng, rng.choice(few) * rng.randint(1, filler))
            end = eol() if i < n_rows - 1 or rng.random() < 0.7 else ""
            if d.ragged != "error" and rng.random() < 0.1 and i >= d.no_header:
                del cells[rng.randint(1, len(names)):]
            if cells == [("", "")] and end == "":
                end = "\n"  # nothing at all would be no row
            text.append(d.delimiter.join(raw for raw, _ in cells) + end)
            if len(cells) < len(names) and d.ragged == "skip":
                continue
            self.rows.append((cells + [("", "")] * (len(names) - len(cells)), end))
        self.bom = not d.no_header and rng.random() < 0.2
        self.data = ("\ufeff" * self.bom + "".join(text)).encode()

    def write(self, rng, path):
        if rng.random() < 0.2:
            at = rng.randint(0, len(self.data))
            data = gzip.compress(self.data[:at], 1) + gzip.compress(self.data[at:], 1)
        else:
            data = self.data
        with open(path, "wb") as f:
            f.write(data)


def run(args, stdin=None, **env):
    p = subprocess.run([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       stdin=stdin and open(stdin, "rb"), env=dict(os.environ, **env))
    if p.returncode:
        sys.exit("%r: %s" % (args, p.stderr.decode()))
    return p.stdout


def differ(what, args, got, want):
    with open("got", "wb") as f:
        f.write(got)
    with open("want", "wb") as f:
        f.write(want)
    sys.exit("%s: %r in %s\n got: %r\nwant: %r" % (what, args, os.getcwd(), got[:2000], want[:2000]))


def agree(rng, args, want, stdin=None):
    """The same bytes from any number of threads, any memory, any instructions."""
    got = run(args, stdin)
    if got != want:
        differ("not the model's", args, got, want)
    more = ["-j", rng.randint(1, 7)]
    if rng.random() < 0.6:
        more += ["--memory", rng.choice([1, "1K", "20K", "1M"])]
    got = run(args + more, stdin, CD4ML_CPU=rng.choice(CPUS))
    if got != want:
        differ("not the same", args + more, got, want)


class Side:
    def __init__(self, rng, d, number, n_rows, large):
        self.keys = rng.choice([["k"], ["l"], ["k", "l"], ["l", "k"]])
        theirs = [rng.choice([k, "key_" + k]) for k in self.keys]
        others = ["w%d" % number, "x%d" % number]
        self.collides = not d.no_header and rng.random() < 0.3
        if self.collides:
            others.append("v")
        names = theirs + others
        rng.shuffle(names)
        self.table = Table(rng, d, names, n_rows, 200 if large else 0)
        if self.collides:  # so that its new name is plain
            i = names.index("v")
            self.table.data = self.table.data.replace((d.quote + "v" + d.quote).encode(), b"v", 1) \
                if self.table.names[i][0] != "v" else self.table.data
            self.table.names[i] = ("v", "v")
        self.path = "right%d.csv" % number
        self.table.write(rng, self.path)
        self.kind = rng.choice(["left", "inner", "right", "full", "semi", "anti"])
        self.duplicates = rng.choice(["first", "last", "last" if large else "all"])
        self.ignore_case, self.trim, self.match_empty = (rng.random() < 0.3 for _ in range(3))
        self.cols = [i for i, n in enumerate(names) if n not in theirs]
        self.theirs = [names.index(t) for t in theirs]
        self.prefix = "p%d_" % number
        said = lambda i: str(i + 1) if d.no_header else names[i]
        self.mine = [["k", "l", "v"].index(k) for k in self.keys]
        mine = [str(m + 1) if d.no_header else k for m, k in zip(self.mine, self.keys)]
        key = ",".join(m if m == said(t) else m + "=" + said(t) for m, t in zip(mine, self.theirs))
        self.args = ["--" + self.kind, key, self.path, "--duplicates", self.duplicates]
        self.args += ["--ignore-case"] * self.ignore_case + ["--trim"] * self.trim
        self.args += ["--match-empty"] * self.match_empty
        if self.kind in ("semi", "anti"):
            self.cols = []
        else:
            if rng.random() < 0.3:
                self.cols = rng.sample(self.cols, rng.randint(1, len(self.cols)))
                self.args += ["--cols", ",".join(said(i) for i in self.cols)]
            if not d.no_header:
                self.args += ["--prefix", self.prefix]

    def key(self, cells, cols):
        key = []
        for c in cols:
            v = cells[c][1].strip(" \t") if self.trim else cells[c][1]
            if not self.match_empty and v in ("", "NA"):
                return None
            if self.ignore_case:
                v = "".join(chr(ord(x) + 32) if "A" <= x <= "Z" else x for x in v)
            key.append(v)
        return tuple(key)


def join(left, side):
    """left: (cells of LEFT, texts added, line end). Counts are of LEFT's rows: the cells object is one row's."""
    found, order, dropped = {}, side.table.rows, set()
    for i, (cells, _) in enumerate(order):
        key = side.key(cells, side.theirs)
        if key is None:
            continue
        had = found.setdefault(key, [])
        if had and side.duplicates == "first":
            dropped.add(i)
            continue
        if had and side.duplicates == "last":
            dropped.add(had.pop())
        had.append(i)
    texts = [[c[0] for c in (cells[k] for k in side.cols)] for cells, _ in order]
    blank, out, used, reached = [""] * len(side.cols), [], set(), {}
    for cells, added, eol in left:
        key = side.key(cells, side.mine)
        match = found.get(key, []) if key is not None else []
        used.update(match)
        reached[id(cells)] = bool(match)
        if side.kind in ("semi", "anti"):
            if bool(match) == (side.kind == "semi"):
                out.append((cells, added, eol))
        elif match:
            out += [(cells, added + texts[i], eol) for i in match]
        elif side.kind in ("left", "full"):
            out.append((cells, added + blank, eol))
    return out, (sum(reached.values()), len(reached) - sum(reached.values())), [i for i in range(len(order)) if i not in used and i not in dropped], texts


def check_join(rng, large):
    d = Dialect(rng)
    left = Table(rng, d, ["k", "l", "v"], rng.choice([0, 1, 40, 40]) if not large else 40000, 200 if large else 0)
    left.write(rng, "left.csv")
    sides = [Side(rng, d, i, rng.randint(0, 30) if not large else rng.randint(0, 3000), large)
             for i in range(rng.randint(1, 3))]
    rows = [(cells, [], eol or "\n") for cells, eol in left.rows]
    header = [raw for raw, _ in left.names]
    counts, width = [], 0
    taken = {"v"}
    for side in sides:
        rows, count, unmatched, texts = join(rows, side)
        if side.kind in ("right", "full"):
            for i in unmatched:
                cells = [("", "")] * 3
                for m, t in zip(side.mine, side.theirs):
                    cells[m] = side.table.rows[i][0][t]
                rows.append((cells, [""] * width + texts[i], left.eol))
        counts.append(count)
        width += len(side.cols)
        header += [side.prefix + "v" if side.table.names[c][1] in taken and not d.no_header
                   else side.table.names[c][0] for c in side.cols]
    lines = [d.delimiter.join([raw for raw, _ in cells] + added) + eol for cells, added, eol in rows]
    want = "".join(["\ufeff" * left.bom] + ([] if d.no_header else [d.delimiter.join(header) + left.eol]) + lines).encode()
    pipe = rng.random() < 0.2
    args = ["csv-join", "-q", "-" if pipe else "left.csv"] + d.args
    for side in sides:
        args += side.args
    args += ["--report", "report.json"]
    agree(rng, args, want, "left.csv" if pipe else None)
    with open("report.json") as f:
        report = json.load(f)
    got = [(t["matched"], t["unmatched"]) for t in report["tables"]]
    if got != counts or report["rows_out"] != len(rows):
        sys.exit("%r: the report says %r, %d rows, not %r, %d" % (args, got, report["rows_out"], counts, len(rows)))


def check_append(rng, large):
    """--into, day by day, is one merge; with and without an index."""
    d = Dialect(rng)
    d.no_header, d.args = False, [a for a in d.args if a != "--no-header"]
    names = ["a", "b", "c"]
    days = []
    for i in range(rng.randint(2, 5)):
        mine = rng.sample(names, 3)
        t = Table(rng, d, mine, rng.randint(0, 40) if not large else 8000, 300 if large else 0)
        # without a missing key, and the first day without a key twice
        cells = lambda row: [row[0][mine.index(n)] for n in names]
        t.rows = [r for r in t.rows if cells(r)[0][1] not in ("", "NA")]
        if i == 0:
            seen = set()
            t.rows = [r for r in t.rows if not (cells(r)[0][1] in seen or seen.add(cells(r)[0][1]))]
        head = d.delimiter.join(raw for raw, _ in t.names) + t.eol
        body = [d.delimiter.join(raw for raw, _ in c) + (e or "\n") for c, e in t.rows]
        if body and rng.random() < 0.3:
            body[-1] = body[-1].rstrip("\r\n") if not body[-1].rstrip("\r\n").endswith("\r") else body[-1]
        with open("day%d.csv" % i, "wb") as f:
            f.write((head + "".join(body)).encode())
        days.append("day%d.csv" % i)
    want = run(["csv-merge", *days, "--key", "a", *d.args])
    for index in [[], ["--index", "t.keys"]]:
        run(["sh", "-c", "rm -f t.keys; cp day0.csv t.csv"])
        for day in days:
            args = ["csv-merge", day, "--into", "t.csv", "--key", "a", *d.args, *index, "-j", rng.randint(1, 5)]
            run(args)
            if rng.random() < 0.5:
                run(args)
        with open("t.csv", "rb") as f:
            got = f.read()
        if got != want:
            differ("appended", args, got, want)


def check_duckdb(rng):
    """The model's joins of one table, as a set of rows, are DuckDB's."""
    d = Dialect(random.Random(0))
    d.delimiter, d.quote, d.no_header, d.ragged = ",", '"', False, "error"
    d.args = []
    left = Table(rng, d, ["k", "l", "v"], rng.randint(0, 40))
    side = Side(rng, d, 0, rng.randint(0, 30), False)
    side.duplicates, side.match_empty, side.trim, side.ignore_case = "all", False, False, False
    side.cols = [] if side.kind in ("semi", "anti") else [i for i in range(len(side.table.names))
                                                         if i not in side.theirs]
    rows, _, unmatched, texts = join([(c, [], "") for c, _ in left.rows], side)
    value = lambda raw: raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
    got = [[v for _, v in cells] + [value(t) for t in added] for cells, added, _ in rows]
    if side.kind in ("right", "full"):
        for i in unmatched:
            cells = [""] * 3
            for m, t in zip(side.mine, side.theirs):
                cells[m] = side.table.rows[i][0][t][1]
            got.append(cells + [value(t) for t in texts[i]])
    con = duckdb.connect()
    for name, table in (("l", left), ("r", side.table)):
        n = len(table.names)
        con.execute("create table %s (%s)" % (name, ", ".join("c%d varchar" % i for i in range(n))))
        if table.rows:
            con.executemany("insert into %s values (%s)" % (name, ",".join("?" * n)),
                            [[v for _, v in cells] for cells, _ in table.rows])
    on = " and ".join("l.c%d = r.c%d and l.c%d not in ('', 'NA')" % (m, t, m)
                      for m, t in zip(side.mine, side.theirs))
    keys = {m: "coalesce(l.c%d, r.c%d)" % (m, t) for m, t in zip(side.mine, side.theirs)}
    what = [keys.get(c, "l.c%d" % c) if side.kind in ("right", "full") else "l.c%d" % c for c in range(3)]
    what += ["r.c%d" % c for c in side.cols]
    sql = "select %s from l %s join r on %s" % (", ".join(what), side.kind, on)
    want = [[v or "" for v in row] for row in con.execute(sql).fetchall()]
    if sorted(got) != sorted(want):
        sys.exit("%s\nDuckDB: %r\nmodel: %r" % (sql, sorted(want), sorted(got)))


def main():
    n, seed = int(sys.argv[1]), int(sys.argv[2])
    for i in range(n):
        rng = random.Random(seed * 1000003 + i)
        large = i % 50 == 49
        check_join(rng, large)
        check_append(rng, large)
        check_duckdb(rng)
    print("%d rounds agree" % n)


main()
