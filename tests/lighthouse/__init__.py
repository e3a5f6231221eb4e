"""What Lighthouse says of the pages that come for free, as a slow telephone sees them."""
