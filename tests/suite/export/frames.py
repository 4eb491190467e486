"""Reads an export as a data person would, and prints what is in it as JSON, one row a line.

frames.py FILE: by the end of its name.
"""

import json
import sys

import polars as pl

file = sys.argv[1]
if file.endswith(".parquet"):
    frame = pl.read_parquet(file)
elif file.endswith(".jsonl"):
    frame = pl.read_ndjson(file, infer_schema_length=None)
else:
    # Digits and zeros before a kart as they stand; what is quoted and empty is no null.
    frame = pl.read_csv(file, infer_schema=False)

print(json.dumps({name: str(kind) for name, kind in frame.schema.items()}))
for row in frame.iter_rows(named=True):
    print(json.dumps(row, default=str, ensure_ascii=False))
