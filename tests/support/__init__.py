"""What the tests of several rooms share: certificates and servers that misbehave."""
