"""measure.py COMMAND - runs a shell command; prints its wall time in ms and its largest process in KB."""
import resource
import subprocess
import sys
import time

begin = time.monotonic()
status = subprocess.call(["sh", "-c", sys.argv[1]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
took = time.monotonic() - begin
if status:
    sys.exit(status)
print(max(1, round(took * 1000)), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
