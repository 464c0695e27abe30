"""What the benches share: real processes, what they cost by /proc, and a Graph on loopback that always answers."""
