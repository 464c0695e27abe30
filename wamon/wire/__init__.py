"""The one door of httpx: a transport of our own, and one exchange written down as facts."""
