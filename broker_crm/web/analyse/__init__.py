"""The analysts' desk on pages: versions compared, bottlenecks, what would happen, logs."""
