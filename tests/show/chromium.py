"""A headless Chromium with pages that are typed into and read, by the DevTools protocol over a pipe.

https://chromedevtools.github.io/devtools-protocol/: JSON with a zero byte after each, commands to Chromium's descriptor 3,
answers from its descriptor 4.
"""
import json
import os
import select
import subprocess
import time

from shops import ROOT, WORK, processes

PATIENCE = 60


class Browser:
    def __init__(self):
        subprocess.run([ROOT / "tests/show/chromium.sh"], check=True)
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        # The descriptors of this process may themselves be 3 and 4.
        command = f"exec 10<&{commands} 11>&{answers}; exec 3<&10 4>&11 chromium \"$@\""
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={WORK}/profile"]
        with open(WORK / "chromium.log", "w") as log:
            process = subprocess.Popen(
                ["bash", "-c", command, "chromium", *flags, "--remote-debugging-pipe"],
                pass_fds=(commands, answers),
                stdout=log,
                stderr=log,
            )
        processes.append(process)
        os.close(commands)
        os.close(answers)
        self.unread, self.number = b"", 0
        self.version = self.call("Browser.getVersion")["product"]

    def call(self, method, session=None, **parameters):
        """Gives a command, and waits for what is answered to it."""
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        os.write(self.commands, json.dumps(command).encode() + b"\0")
        while (answer := self.read()).get("id") != self.number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def read(self):
        while b"\0" not in self.unread:
            if not select.select([self.answers], [], [], PATIENCE)[0]:
                raise TimeoutError("Chromium does not answer")
            some = os.read(self.answers, 1 << 16)
            if not some:
                raise EOFError(f"Chromium has ended:\n{(WORK / 'chromium.log').read_text()}")
            self.unread += some
        message, self.unread = self.unread.split(b"\0", 1)
        return json.loads(message)


class Page:
    """A page in a context of its own, as of another user: no cookies, no cache and no connections are shared."""

    def __init__(self, browser, url):
        self.browser = browser
        context = browser.call("Target.createBrowserContext")["browserContextId"]
        self.target = browser.call("Target.createTarget", url=url, browserContextId=context)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def value(self, script):
        """What an expression is in the page; `None` where it fails, as it may before the page is there."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return None if "exceptionDetails" in answer else answer["result"].get("value")

    def becomes(self, script):
        """Waits until an expression is true."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self.value(script) is True:
                return True
            time.sleep(0.05)
        return False

    def press_enter(self):
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        self.call("Input.dispatchKeyEvent", type="keyDown", text="\r", **key)
        self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
