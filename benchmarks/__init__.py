"""Speed, as ratios within one run: against the floor, or against peers that are on PATH."""
