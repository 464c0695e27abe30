"""Proof of what wamon says it does."""
