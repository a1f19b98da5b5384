"""What the ideas market knows of people."""
