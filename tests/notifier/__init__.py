"""Tests of the notifier, with real mail and HTTP servers and real child processes."""
