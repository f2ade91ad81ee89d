"""Summarises a CSV with pandas or DuckDB, in the form of data_processor's result.

usage: oracle.py pandas|duckdb FILE
"""

import json
import sys

import duckdb
import pandas


def with_pandas(path):
    frame = pandas.read_csv(path)
    for name in frame.columns:
        column = frame[name]
        numeric = pandas.api.types.is_numeric_dtype(column) and column.dtype != bool
        present = column.dropna()
        yield {
            "name": name,
            "count": int(column.count()),
            "nulls": int(column.isna().sum()),
            "min": present.min().item() if numeric else str(present.min()),
            "max": present.max().item() if numeric else str(present.max()),
            **({"mean": float(column.mean()), "stddev": float(column.std())} if numeric else {}),
        }


def with_duckdb(path):
    """Uses the figures of SUMMARIZE; its null_percentage is rounded, so nulls are counted separately."""
    kinds = {"BIGINT": "number", "DOUBLE": "number", "BOOLEAN": "boolean", "DATE": "time", "TIMESTAMP": "time"}
    source = f"read_csv('{path}')"
    for name, kind, least, most, mean, deviation in duckdb.sql(
        f"SELECT column_name, column_type, min, max, avg, std FROM (SUMMARIZE SELECT * FROM {source})"
    ).fetchall():
        count, nulls = duckdb.sql(f'SELECT count("{name}"), count(*) - count("{name}") FROM {source}').fetchall()[0]
        numeric = kinds.get(kind) == "number"
        yield {
            "name": name,
            "kind": kinds.get(kind, "text"),
            "count": count,
            "nulls": nulls,
            "min": float(least) if numeric else least,
            "max": float(most) if numeric else most,
            **({"mean": float(mean), "stddev": float(deviation)} if numeric else {}),
        }


tool, path = sys.argv[1:]
columns = list({"pandas": with_pandas, "duckdb": with_duckdb}[tool](path))
records = int(duckdb.sql(f"SELECT count(*) FROM read_csv('{path}')").fetchall()[0][0])
print(json.dumps({"records": records, "columns": columns}))
