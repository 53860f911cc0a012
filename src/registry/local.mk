# src/registry: the network.
