"""STARs: from the form post to the green check mark."""
