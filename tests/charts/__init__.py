"""Charts of Explore, drawn from aggregated rows."""
