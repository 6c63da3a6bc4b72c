"""What would happen: the routing of the centre under virtual time, and the formulas of queueing theory beside it."""
