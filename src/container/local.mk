# src/container: containers on disk, and the run plan.
