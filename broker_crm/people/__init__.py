"""Users, roles, teams, absences, passwords and tokens."""
