"""The images of a docker engine, or of one that speaks its API: found, read, and loaded into."""
