"""DuckDB's SUMMARIZE of a CSV on one thread; prints the seconds it took. usage: summarise.py FILE"""

import sys
import time

import duckdb

connection = duckdb.connect(config={"threads": 1})
started = time.perf_counter()
connection.sql(f"SUMMARIZE SELECT * FROM read_csv('{sys.argv[1]}')").fetchall()
print(time.perf_counter() - started)
