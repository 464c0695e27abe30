"""The evidence pack: one incident as a bundle for Meta's support, from the ledger alone, without any secret."""
