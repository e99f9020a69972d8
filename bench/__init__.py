"""What `make bench` measures: the promises about speed, isolation and thrift, on the real libraries.

The sandbox and the bot run as two processes, as in the demo. Every figure is read off the sandbox's journal,
so that the measuring process has no part in it, and is given as a ratio to something in the same run. Only the
acks over HTTP are taken by the measuring process, of the bot and of what it is compared with alike.
"""
