"""Long forms and heavy parts: only `make soak` runs them."""
