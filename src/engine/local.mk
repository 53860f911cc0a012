# src/engine: the ways to run a container.
