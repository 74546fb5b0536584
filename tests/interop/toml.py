"""toml.py TOOL DOCUMENTS SEED - drawn and damaged TOML documents: toml-json must agree with Python's tomllib."""
import datetime, json, math, os, random, subprocess, sys

try:
    import tomllib
except ImportError:
    import tomli as tomllib

tool, count, rng = sys.argv[1], int(sys.argv[2]), random.Random(int(sys.argv[3]))
WORDS = ['0', '1', '-17', '+3', '1_000', '0xfF', '0o17', '0b11', '1.5', '-0.0', '1e3', '6.02e+23', '1_0.5E-1_0', '007',
         'true', 'false', 'inf', 'nan', '1979-05-27', '1979-02-29', '07:32:00', '07:32:60', '1979-05-27T07:32:00Z',
         '1979-05-27 07:32:00.25', '1979-05-27t00:32:00.999-07:00', '9223372036854775807', '9223372036854775808', '1.', '.1', '']
CHARS = list('ab \'"\\#=[]{}.,\té') + ['\U0001F600', '\n', '\\n', '\\u00e9', '\\"', '\\U0001F600', '\\ud800', '\\x', '\x01', '\x7f']


def key(parts=3):
    one = lambda: rng.choice(['a', 'b', 'c', 'a', 'b', '"a"', "'b'", '"a b"', '1', '-_', '""', '"\\u0061"'])
    return rng.choice(['.', '.', ' . ']).join(one() for _ in range(rng.choice([1, 1, 1, 2, parts])))


def text():
    body = ''.join(rng.choice(CHARS) for _ in range(rng.randrange(6)))
    quote = rng.choice(['"', "'", '"""', "'''"])
    return quote + body + rng.choice(['', '', '\\\n  ', '\r\n']) + quote


def value(depth=0):
    kind = rng.randrange(10)
    if kind < 4 or depth > 3:
        return rng.choice(WORDS)
    if kind < 7:
        return text()
    if kind < 9:
        gap = lambda: rng.choice(['', ' ', '\n', ' # c\n', '\r\n\t'])
        inner = [value(depth + 1) for _ in range(rng.randrange(4))]
        return '[' + gap() + (gap() + ',' + gap()).join(inner) + rng.choice(['', ',' if inner else '']) + gap() + ']'
    return '{' + ', '.join(key() + ' = ' + value(depth + 1) for _ in range(rng.randrange(4))) + '}'


def document():
    lines = []
    for _ in range(rng.randrange(1, 9)):
        kind = rng.randrange(10)
        end = rng.choice(['', '', ' ', ' # é', '\r'])
        if kind < 6:
            lines.append(key() + rng.choice([' = ', '=', '\t=']) + value() + end)
        else:
            lines.append(('[%s]' if kind < 8 else '[[%s]]') % key() + end)
    s = '\n'.join(lines) + rng.choice(['', '\n'])
    if rng.randrange(3) == 0:
        for _ in range(rng.randrange(1, 3)):
            i = rng.randrange(len(s) + 1)
            s = s[:i] + rng.choice(CHARS + ['']) + s[i + rng.randrange(2):]
    return s


def plain(v):
    """As ours has it; None where we refuse on purpose."""
    if isinstance(v, dict):
        out = {k: plain(x) for k, x in v.items()}
        return None if None in out.values() or any('\0' in k for k in v) else out
    if isinstance(v, list):
        out = [plain(x) for x in v]
        return None if None in out else out
    if isinstance(v, bool):
        return v
    if isinstance(v, (datetime.date, datetime.time)):
        return v.isoformat().replace('T', ' ').replace('+00:00', 'Z')
    if isinstance(v, float) and not math.isfinite(v) or isinstance(v, int) and not -2**63 <= v < 2**63:
        return None
    return None if isinstance(v, str) and '\0' in v else v


def same(a, b):
    """Dates are text as written with us: compared by what they mean."""
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    if type(a) is type(b) and a == b:
        return True
    try:
        return isinstance(b, str) and a == plain(tomllib.loads('x = ' + b)['x'])
    except tomllib.TOMLDecodeError:
        return False


documents, names = [document() for _ in range(count)], []
for i, d in enumerate(documents):
    names.append('doc%d.toml' % i)
    with open(names[-1], 'w', newline='', encoding='utf-8') as f:
        f.write(d)
with open('list', 'w') as f:
    f.write('\n'.join(names) + '\n')
lines = subprocess.run([tool, 'list'], check=True, capture_output=True, text=True).stdout.split('\n')[:-1]
assert len(lines) == count
taken = refused = 0
for d, line in zip(documents, lines):
    try:
        want = plain(tomllib.loads(d))
    except tomllib.TOMLDecodeError as e:
        want = None
    if want is None:
        refused += 1
        assert line.startswith('!'), 'taken, but is refused by tomllib:\n%r\n%s' % (d, line)
    else:
        taken += 1
        assert not line.startswith('!'), 'refused, but is good:\n%r\n%s' % (d, line)
        assert same(want, json.loads(line)), 'read as something else:\n%r\n%s\n%s' % (d, line, json.dumps(want))
print('%d taken, %d refused' % (taken, refused))
assert taken > count / 10 and refused > count / 10
