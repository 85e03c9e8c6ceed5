"""Event logs out and in: XES, OCEL, CSV and Parquet files, and foreign logs to be looked into."""
