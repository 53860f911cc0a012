# src/platform: facts about the host.
