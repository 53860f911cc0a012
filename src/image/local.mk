# src/image: the store.
