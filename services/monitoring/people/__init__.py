"""What monitoring knows of people, and how it forgets them."""
