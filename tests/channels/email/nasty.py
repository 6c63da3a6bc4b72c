"""Mails that were made to hurt whoever reads them; each about 100 kB."""

HEAD = b"From: a@b.example\r\nSubject: x\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"
TEXT = HEAD + b"\r\n"


def _in_each_other(depth: int, body: bytes) -> bytes:
    opened = (b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (at, at) for at in range(depth))
    return HEAD + b"".join(opened) + body


NASTY = {
    "nothing": b"",
    "only NUL": b"\0" * 100_000,
    "only line ends": TEXT + b"\n" * 100_000,
    "attributions without end": TEXT + b"On \n" * 25_000,
    "Outlook headers without end": TEXT + b"From: a\nSent: b\n" * 6_000,
    "colons and quotes": TEXT + b":\n>\n" * 25_000,
    "unclosed comments": HTML + b"<!--" * 25_000,
    "unclosed instructions": HTML + b"<?" * 50_000,
    "marked sections": HTML + b"<![CDATA[" * 10_000,
    "declarations": HTML + b"<!" * 50_000,
    "deep div": HTML + b"<div>" * 20_000,
    "deep table": HTML + b"<table><tr><td>" * 6_000,
    "deep formatting": HTML + b"<font color=red><b><i>" * 4_500,
    "unclosed paragraphs": HTML + b"<p>" * 30_000,
    "less-than": HTML + b"<" * 100_000,
    "attributes without end": HTML + b"<a " + b"x=1 " * 25_000,
    "scripts": HTML + b"<script>" * 12_000,
    "script in pieces": HTML + b"<scr<script>ipt>alert(1)</scr</script>ipt>" * 2_000,
    "vectors": HTML + b"<svg><style><img src=x onerror=alert(1)></style></svg>" * 1_800,
    "formulas": HTML + b"<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=x>'>" * 1_100,
    "templates": HTML + b"<noscript><p title='</noscript><img src=x onerror=x>'>" * 1_900,
    "styles": HTML + b"<p style='background:url(http://x/);width:expression(x)'>" * 1_700,
    "a thousand multiparts in each other": _in_each_other(2_000, b""),
    "fifty multiparts in each other": _in_each_other(49, b"x\r\n" * 30_000),
    "parts without end": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 10_000,
    "mails in mails": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 3_000,
    "ten thousand recipients": HEAD + b"To: " + b"a@b.example, " * 8_000 + b"\r\n\r\nx",
    "references without end": HEAD + b"References: " + b"<a@b> " * 16_000 + b"\r\n\r\nx",
    "encoded words": b"From: " + b"=?utf-8?q?a?= " * 7_000 + b"\r\n\r\nx",
    "parentheses": b"From: " + b"(" * 100_000 + b"\r\n\r\nx",
    "quotes": b"From: " + b'"' * 100_000 + b"\r\n\r\nx",
    "parameters without end": HEAD + b"Content-Type: text/plain; " + b"a=b; " * 20_000 + b"\r\n\r\nx",
    "file name in pieces": HEAD
    + b"Content-Disposition: attachment; "
    + b"".join(b"filename*%d=x; " % number for number in range(6_000))
    + b"\r\n\r\nx",
    "headers without end": b"".join(b"X-%d: y\r\n" % number for number in range(9_000)) + b"\r\nx",
    "base64 that is none": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"!!!!\r\n" * 16_000,
    "soft line ends": HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=\r\n" * 33_000,
    "uuencoded": HEAD + b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n" + b"M0000\r\n" * 14_000,
}
