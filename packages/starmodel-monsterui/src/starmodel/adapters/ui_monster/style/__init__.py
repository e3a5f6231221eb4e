"""What the style sheet is made from, and the tools that make it."""
