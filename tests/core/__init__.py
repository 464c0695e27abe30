"""Tests of the core: tables and properties, no world."""
