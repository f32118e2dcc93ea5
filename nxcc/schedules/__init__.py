"""What is done again and again by itself: schedules, when they are due, their runs, and who begins them."""
