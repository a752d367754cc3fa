#!/usr/bin/env python3
"""Prints a line again and again while this pod leads its Service. When the leader has moved, or it is told to stop, it steps down. It needs no packages.

    TANIST_SERVICE=db leader.py
"""
import json
import os
import secrets
import signal
import socket
import time
import urllib.parse
import urllib.request

URL = os.environ.get("TANIST_GRANTS_URL", "http://tanist-grants.tanist-system")


def moment():
    """Returns the time by each clock: one may stop while the machine is suspended, and another may be set."""
    clocks = [time.monotonic(), time.time()]
    if hasattr(time, "CLOCK_BOOTTIME"):
        clocks.append(time.clock_gettime(time.CLOCK_BOOTTIME))
    return clocks


class Leadership:
    """The leadership of one Service. A process has one, and asks from one thread."""

    def __init__(self, service, pod):
        self.service, self.pod = service, pod
        self.session = secrets.token_hex(16)
        self.term, self.sent, self.length = 0, moment(), 0.0

    def valid(self):
        """Whether this process may act as the leader at this moment. Call it before each thing that only a leader may do."""
        return self.left() > 0

    def left(self):
        """For how many seconds more it may: by the clock on which most time has passed."""
        return self.length - max(after - before for before, after in zip(self.sent, moment()))

    def ask(self):
        """Asks for a grant. Call it some times in the time that a grant lasts."""
        sent = moment()  # before the request: the grant counts from when it is sent
        answer = self.call("GET", "/v1/me", session=self.session)
        found = answer["services"][0]
        if answer["pod"] != self.pod:
            return  # an answer about another pod is void: this pod has its address
        if found.get("validForMilliseconds", 0) > 0:
            self.term, self.sent, self.length = found["term"], sent, found["validForMilliseconds"] / 1000
        elif found.get("term", 0) > self.term and self.valid():
            self.step_down()  # the leader has moved, and nothing here acts as the leader at this moment

    def step_down(self):
        """Ends the grant. Call it when nothing in this pod acts as the leader any more. Tanist then lets the next leader begin."""
        give_up = time.monotonic() + self.left()
        session, self.session, self.length = self.session, secrets.token_hex(16), 0.0
        while time.monotonic() < give_up:
            try:
                if self.call("POST", "/v1/me/stepdown", session=session, term=self.term)["released"]:
                    return
            except OSError:
                pass
            time.sleep(0.05)

    def call(self, method, path, **parameters):
        query = urllib.parse.urlencode({"service": self.service, **parameters})
        request = urllib.request.Request(f"{URL}{path}?{query}", method=method)
        with urllib.request.urlopen(request, timeout=0.5) as response:
            return json.load(response)


def main():
    leadership = Leadership(os.environ["TANIST_SERVICE"], os.environ.get("TANIST_POD") or socket.gethostname())
    told = []  # no threading.Event: the handler runs between two steps of this thread, which may hold the Event's lock
    signal.signal(signal.SIGTERM, lambda *_: told.append("to stop"))
    while not told:
        try:
            leadership.ask()
        except OSError as error:  # the grant stays valid until it expires
            print("failed to ask:", error, flush=True)
        if leadership.valid():
            print("leading with term", leadership.term, flush=True)
        time.sleep(0.2)
    leadership.step_down()


if __name__ == "__main__":
    main()
