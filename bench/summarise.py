"""Runs DuckDB's SUMMARIZE of a CSV on one thread and prints the seconds that it took. Usage: summarise.py FILE"""

import sys
import time

import duckdb

connection = duckdb.connect(config={"threads": 1})
started = time.perf_counter()
connection.sql(f"SUMMARIZE SELECT * FROM read_csv('{sys.argv[1]}')").fetchall()
print(time.perf_counter() - started)
