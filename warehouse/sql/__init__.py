"""SQL files, one table each: ``ingest`` (DuckDB only), ``person`` (portable subset), ``mart`` (counts)."""
