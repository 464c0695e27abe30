"""Simulated days, told line by line and judged by a replay."""
