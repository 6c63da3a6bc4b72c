"""A flow file of any size, of all kinds of step in turn, as an admin with much patience could have written it."""

_FORMS = (
    "  s{n}: {{say: Welcome to part {n} of the line., next: {to}}}",
    "  s{n}:\n    menu: What is part {n} about?\n    choices:\n"
    '      - {{key: "1", label: Sales, phrases: [buy], go: sales}}\n'
    '      - {{key: "2", label: Orders, phrases: [order], go: {to}}}\n'
    '      - {{key: "0", label: A person, go: people}}\n'
    "    no_answer: {{after: 6s, tries: 2, go: {to}}}\n    no_match: {{tries: 3, go: people}}",
    '  s{n}: {{set: {{part: {n}, name: "part {{part}}"}}, next: {to}}}',
    "  s{n}:\n    ask: Please enter your six digit number.\n    as: digits\n    length: 6\n    save: number{n}\n"
    "    no_answer: {{after: 8s, tries: 2, go: people}}\n    next: {to}",
    '  s{n}:\n    switch:\n      - {{when: "{{part == -1}}", go: sales}}\n'
    "      - {{when: medium == 'chat', go: {to}}}\n    else: {to}",
    "  s{n}: {{hours: support, open: {to}, closed: {to}}}",
    '  s{n}:\n    http: {{get: "https://shop.example/orders/{{part}}", timeout: 3s}}\n    save: order\n'
    "    found: {to}\n    missing: {to}\n    failed: people",
    '  s{n}: {{tag: [part, "{{medium}}"], next: {to}}}',
    '  s{n}: {{customer: "{{caller}}", next: {to}, unknown: {to}}}',
    '  s{n}: {{send: "Your order is {{order.status}}.", by: sms, next: {to}, failed: people}}',
)
_HEAD = 'flow: large\nmedia: [voice, chat]\nentry: {numbers: ["100"]}\nstart: s0\n\nsteps:\n'
_LAST = (
    "  people: {queue: support, overflow: {after: 5m, go: message}}\n  sales: {queue: sales}\n"
    "  message: {voicemail: Please leave a message., queue: support, next: bye}\n  bye: {end: Goodbye.}\n"
)


def large_flow(steps: int) -> str:
    """Return a flow of so many steps (10 at least), each kind as often as the others, without a problem."""
    many = steps - _LAST.count("\n")
    lines = (_FORMS[n % len(_FORMS)].format(n=n, to=f"s{n + 1}" if n + 1 < many else "people") for n in range(many))
    return _HEAD + "\n".join(lines) + "\n" + _LAST


CENTRE = """\
name: Acme
region: GB
queues: {sales: {title: Sales}, support: {title: Support}}
hours: {support: {zone: Europe/London, open: {mon-fri: "09:00-17:00"}, closed: ["12-25"]}}
dispositions: [{code: done, title: Done}]
reasons: [{code: break, title: Break}]
"""
