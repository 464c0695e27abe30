"""Tests of the requests that probes make."""
