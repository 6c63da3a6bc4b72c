-- The roll calls: where a reader of the journal begins to know who was there.

CREATE INDEX journal_roll_calls ON journal (seq) WHERE kind = 'roll_called';
