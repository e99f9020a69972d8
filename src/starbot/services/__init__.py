"""The only network I/O of the bot: one file a vendor, one method per thing that we need.

Everything here is synchronous and may be called from any thread. Vendors' words stop here: what
comes out are facts (`core.facts`) or errors (`errors`). No client library retries by itself; each
failure says whether the request may have been served, and the engine decides what follows.
"""
