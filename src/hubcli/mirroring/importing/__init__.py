"""Files of other mirroring tools, as files of ours: what they say, and what cannot be said here."""
