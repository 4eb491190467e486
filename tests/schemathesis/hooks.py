"""What the tester can't know of the API: what a cursor is made of.

A room that has a cursor adds a line with the name and the shape of its key: else random letters are
tried, which the API refuses.
"""

import json

import schemathesis
from hypothesis import strategies as st

small = st.integers(0, 1_000)
moment_us = st.integers(1_700_000_000_000_000, 1_900_000_000_000_000)

KEYS = {
    "heats1": st.tuples(moment_us, small),
    "drivers1": st.text(max_size=20),
    "driver_heats1": st.tuples(small, small),
    "runs1": st.tuples(moment_us, small),
    # Of another database: gone.
    "laps1": st.tuples(st.just("elsewhere"), small, small, small, small),
}


def cursor(name, keys):
    return keys.map(lambda key: json.dumps([name, key]).encode().hex())


for name, keys in KEYS.items():
    schemathesis.openapi.format(f"cursor:{name}", cursor(name, keys))
