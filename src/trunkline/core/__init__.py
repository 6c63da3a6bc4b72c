"""What a contact centre is: frozen records and pure decisions, with no I/O and no clock of their own."""
