"""The arithmetic of availability: its published vectors, its properties, and a slow and obvious oracle."""
