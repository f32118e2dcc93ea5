"""What the processes of a team share: one PostgreSQL, and one folder."""
