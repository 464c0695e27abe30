"""A Graph API, a business endpoint and their bad days, on loopback."""
