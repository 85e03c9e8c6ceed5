"""Two sides of a process compared honestly: versions, periods, segments, teams, people."""
