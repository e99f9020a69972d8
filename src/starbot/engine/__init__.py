"""The durable engine: it stores what the duties decide and sees it done, once, whatever crashes."""
