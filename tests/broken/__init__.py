"""Broken variants of wamon, one for each promise, and the proof that a promise's test notices."""
