"""Email: mailboxes read by IMAP, answered by SMTP."""
