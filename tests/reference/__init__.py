"""Meta's status page: parsers, visits, and what is made of them."""
