"""Prints how the cases of an Autobahn report ended, by group; exit status 1 if any case failed.

A case has two verdicts: on the messages (`behavior`) and on the close (`behaviorClose`). A close
with another code than expected counts as failed as well: the codes are half of what say_why in
websocket.rs is for. So does a case that was not played or not to its end, and one for which
compression was not agreed on. Known deviations are accepted exactly as they stand below.
"""

import json
import sys
from collections import Counter
from fnmatch import fnmatchcase

from kosoku.cases import CASES

# Which cases, their two verdicts, why that is accepted.
KNOWN = [
    ("4.*", ("OK", "WRONG CODE"), "a reserved opcode is refused with 1003 instead of 1002; any code will do"),
    ("7.3.6", ("FAILED", "WRONG CODE"), "a close frame of 126 bytes is answered, not refused; the connection ends anyway"),
]
COLUMNS = ["OK", "NON-STRICT", "INFORMATIONAL", "KNOWN", "FAILED"]


def judge(case_id, verdicts):
    behavior, close = verdicts
    if behavior in ("OK", "NON-STRICT", "INFORMATIONAL") and close in ("OK", "INFORMATIONAL"):
        return behavior
    if any(fnmatchcase(case_id, cases) and verdicts == known for cases, known, _ in KNOWN):
        return "KNOWN"
    return "FAILED"


with open(sys.argv[1], encoding="utf-8") as index:
    (played,) = json.load(index).values()

groups, failed = {}, []
for case_id in CASES:
    group = int(case_id.split(".")[0])
    if group == 9:
        continue
    case = played.get(case_id, {"behavior": "NOT PLAYED", "behaviorClose": "NOT PLAYED"})
    verdicts = (case["behavior"], case["behaviorClose"])
    verdict = judge(case_id, verdicts)
    groups.setdefault(group, Counter())[verdict] += 1
    if verdict == "FAILED":
        failed.append(f"{case_id}: {verdicts[0]}, close {verdicts[1]} (code {case.get('remoteCloseCode')})")

print("group  cases  " + "  ".join(COLUMNS))
for name, counts in [*sorted(groups.items()), ("all", sum(groups.values(), Counter()))]:
    cells = (f"{counts[column]:>{len(column)}}" for column in COLUMNS)
    print(f"{name:>5}  {counts.total():>5}  " + "  ".join(cells))
for cases, _, why in KNOWN:
    print(f"known: {cases}: {why}")
for line in failed:
    print(f"FAILED: {line}")
sys.exit(bool(failed))
