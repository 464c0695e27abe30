"""Every decision of wamon: plain functions on frozen values that cannot touch the world."""
