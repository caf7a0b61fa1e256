"""Takes steps of the pool "words" and answers them. Python's standard library only.

    python3 worker.py http://127.0.0.1:4747 [--once]
"""

import json
import os
import sys
import threading
import urllib.error
import urllib.request

server = sys.argv[1]
key = os.environ.get("SPANWISE_KEY")


def call(name, body):
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = "Bearer " + key
    request = urllib.request.Request(server + "/api/v1/external/" + name, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=90) as response:
        return json.load(response)


def keep(claim, stopped):
    """Says every 20 seconds that this step is still worked on: else it is handed to another one after 60."""
    while not stopped.wait(20):
        try:
            call("heartbeat", {"claim": claim})
        except urllib.error.HTTPError:
            return  # cancelled, or taken by another one: what is answered then is refused


def perform(step):
    return {"words": len(step["input"]["text"].split())}


while True:
    step = call("claim", {"pools": ["words"], "wait": 30}).get("step")
    if step is None:
        continue
    claim, stopped = step["claim"], threading.Event()
    threading.Thread(target=keep, args=(claim, stopped), daemon=True).start()
    try:
        result = perform(step)
    except Exception as error:
        call("fail", {"claim": claim, "name": type(error).__name__, "message": str(error) or "it failed"})
    else:
        call("complete", {"claim": claim, "result": result})
        print("answered", step["step"], "of run", step["run"], flush=True)
    finally:
        stopped.set()
    if "--once" in sys.argv:
        break
