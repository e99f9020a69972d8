"""`python -m bench.bare HOST:PORT DATABASE`: the least that an endpoint for Slack can be, to compare with.

It verifies the signature, parses the event and inserts one row into SQLite, durably, before it answers. Its
shape is the bot's: Starlette, uvicorn in a thread, the database in a pool of forty threads.
"""

import asyncio
import hashlib
import hmac
import json
import sqlite3
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRET = b"sandbox-signing-secret"


def main(listen: str, database: str) -> None:
    """Serves until it is ended."""
    connection = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute("create table events (id text primary key, body text)")
    one_writer = threading.Lock()
    pool = ThreadPoolExecutor(40)

    def insert(body: bytes) -> None:
        event = json.loads(body)
        with one_writer:
            connection.execute("insert into events values (?, ?)", (event["event_id"], body.decode()))

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        base = b"v0:" + request.headers["x-slack-request-timestamp"].encode() + b":" + body
        expected = "v0=" + hmac.new(SECRET, base, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["x-slack-signature"]):
            return Response(status_code=401)
        await asyncio.get_running_loop().run_in_executor(pool, insert, body)
        return Response()

    host, _, port = listen.rpartition(":")
    app = Starlette(routes=[Route("/slack/events", endpoint, methods=["POST"])])
    config = uvicorn.Config(
        app, host=host, port=int(port), log_level="warning", access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    serving = threading.Thread(target=lambda: asyncio.run(server.serve()))
    serving.start()
    while not server.started and serving.is_alive():
        threading.Event().wait(0.01)
    print("listening", flush=True)
    serving.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
