-- How soon customers who write are answered.

CREATE INDEX journal_answers ON journal (at) WHERE kind = 'answered';
