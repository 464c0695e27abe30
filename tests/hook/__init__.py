"""The hook for applications: real clients of httpx, a real Graph that misbehaves, a real door for reports."""
