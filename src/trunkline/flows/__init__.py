"""The flow language: files into flows, every mistake in them, and an interpreter that never touches the world."""
