"""measure.py COMMAND - runs a shell command; prints its wall time in ms, its largest process in KB, its processors' time in ms."""
import resource
import subprocess
import sys
import time

begin = time.monotonic()
status = subprocess.call(["sh", "-c", sys.argv[1]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
took = time.monotonic() - begin
if status:
    sys.exit(status)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(max(1, round(took * 1000)), used.ru_maxrss, round((used.ru_utime + used.ru_stime) * 1000))
