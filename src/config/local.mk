# src/config: settings as one table.
