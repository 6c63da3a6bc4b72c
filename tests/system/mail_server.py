"""A real mail server on loopback: OpenSMTPD takes what is sent, Dovecot keeps it and is read by IMAP."""

import asyncio
import os
import shutil
import smtplib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

from imapclient import IMAPClient

PATH = f"/usr/sbin:/sbin:{os.environ.get('PATH', '')}"
PASSWORD = "of-the-tests"

DOVECOT = """
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_username_format = %Ln
mail_location = maildir:{folder}/mail/%Ln
first_valid_uid = 1
{passdb}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={folder}/mail/%Ln allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
protocol lmtp {{
  # Subaddresses, RFC 5233: support+token is support's.
  recipient_delimiter = +
}}
"""

BY_PASSWORD = f"""
passdb {{
  driver = static
  args = password={PASSWORD}
}}
"""

BY_TOKEN = """
auth_mechanisms = xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
"""

OAUTH2 = """
introspection_mode = post
introspection_url = {introspection}
username_attribute = username
active_attribute = active
active_value = true
"""

SMTPD = """
table refused {{ "nobody@acme.example" }}
listen on 127.0.0.1 port {smtp}
# Of two recipients in one conversation by LMTP it loses count: ours and others have one each.
action "ours" relay host "lmtp://127.0.0.1:{lmtp}"
action "others" relay host "lmtp://127.0.0.1:{lmtp}"
match from any for rcpt-to <refused> reject
match from any for domain "acme.example" action "ours"
match from any for any action "others"
"""


class MailServer:
    """Everybody has a mailbox, by what stands before the @."""

    def __init__(self, folder: Path, ports: list[int], *, introspection: str | None = None) -> None:
        """`introspection` is where tokens are asked about (RFC 7662), without which there are passwords."""
        self._introspection = introspection
        self.folder, self.smtp, self.imap, self.lmtp = folder, ports[0], ports[1], ports[2]
        self._processes: list[subprocess.Popen[bytes]] = []
        self._is_restart = False

    @staticmethod
    def is_installed() -> bool:
        """Whether its programs are here."""
        return all(shutil.which(program, path=PATH) for program in ("dovecot", "smtpd"))

    def start(self) -> None:
        """Start both, and wait until they listen."""
        (self.folder / "mail").mkdir(exist_ok=True)
        (self.folder / "mail").chmod(0o777)
        facts = {"folder": self.folder, "imap": self.imap, "lmtp": self.lmtp, "smtp": self.smtp, "passdb": BY_PASSWORD}
        if self._introspection is not None:
            facts["passdb"] = BY_TOKEN.format(folder=self.folder)
            asks = OAUTH2.format(introspection=self._introspection)
            (self.folder / "oauth2.conf").write_text(asks, encoding="utf-8")
        (self.folder / "dovecot.conf").write_text(DOVECOT.format(**facts), encoding="utf-8")
        (self.folder / "smtpd.conf").write_text(SMTPD.format(**facts), encoding="utf-8")
        self._run("dovecot", "-F", "-c", str(self.folder / "dovecot.conf"))
        self._run("smtpd", "-d", "-f", str(self.folder / "smtpd.conf"))
        for port in (self.imap, self.smtp, self.lmtp):
            self._listens(port)
        self._forget_old_mails()

    def _forget_old_mails(self) -> None:
        """Take mails of earlier runs out of the queue, which the system keeps: ours alone, by their domains."""
        if self._is_restart:
            return
        self._is_restart = True
        sudo = () if os.getuid() == 0 else ("sudo", "-n")
        environment = {**os.environ, "PATH": PATH}
        queue = subprocess.run([*sudo, "smtpctl", "show", "queue"], env=environment, capture_output=True, check=True)
        for line in queue.stdout.decode().splitlines():
            if ".example|" in line:
                subprocess.run([*sudo, "smtpctl", "remove", line.partition("|")[0]], env=environment, check=False,
                               capture_output=True)  # fmt: skip

    def stop(self) -> None:
        """End both."""
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            process.wait(10)
        self._processes.clear()

    def _run(self, *command: str) -> None:
        log = (self.folder / f"{command[0]}.out").open("ab")
        whole = command if os.getuid() == 0 else ("sudo", "-n", *command)
        self._processes.append(
            subprocess.Popen(whole, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "PATH": PATH})
        )
        log.close()

    def _listens(self, port: int) -> None:
        until = time.monotonic() + 15
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                assert time.monotonic() < until, "\n".join(
                    (self.folder / name).read_text(encoding="utf-8", errors="replace")
                    for name in ("dovecot.out", "smtpd.out")
                )
                time.sleep(0.05)  # it cannot tell us when it listens
            else:
                return

    # --- what people do with it ---

    async def sends(self, mail: EmailMessage | bytes, *, from_: str, to: str) -> None:
        """Send a mail to somebody."""

        def send() -> None:
            with smtplib.SMTP("127.0.0.1", self.smtp, local_hostname="tests.example", timeout=10) as smtp:
                smtp.sendmail(from_, [to], mail if isinstance(mail, bytes) else mail.as_bytes())

        await asyncio.to_thread(send)

    async def mails_of(self, who: str, many: int, within: float = 30) -> list[bytes]:
        """Return what is in somebody's mailbox, once there are so many mails: of copies of one only the first.

        The server's queue outlives a run of the tests: give everybody a name that nobody had before.
        """
        return await asyncio.to_thread(self._mails_of, who, many, within)

    def _mails_of(self, who: str, many: int, within: float) -> list[bytes]:
        with self.mailbox(who) as box:
            until = time.monotonic() + within
            while True:
                found: dict[str, bytes] = {}
                for uid in sorted(box.search(["ALL"])):
                    raw = box.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"]
                    found.setdefault(str(message_from_bytes(raw)["Message-ID"]), raw)
                if len(found) >= many:
                    return list(found.values())
                left = until - time.monotonic()
                assert left > 0, f"{who} has {len(found)} mails after {within} s"
                box.idle()
                box.idle_check(timeout=left)
                box.idle_done()

    @contextmanager
    def mailbox(self, who: str) -> Iterator[IMAPClient]:
        """Open somebody's mailbox."""
        with IMAPClient("127.0.0.1", self.imap, ssl=False, timeout=20) as box:
            box.login(who, PASSWORD)
            box.select_folder("INBOX")
            yield box


@contextmanager
def mail_server(folder: Path, ports: list[int], *, introspection: str | None = None) -> Iterator[MailServer]:
    """Run a mail server."""
    server = MailServer(folder, ports, introspection=introspection)
    try:
        server.start()
        yield server
    finally:
        server.stop()
