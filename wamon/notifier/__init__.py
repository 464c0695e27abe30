"""Letters to the outside: Apprise in a child process that can be killed."""
