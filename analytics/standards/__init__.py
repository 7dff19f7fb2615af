"""Standard populations, one CSV file each, with source and review date in its first lines."""
