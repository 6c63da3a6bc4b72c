"""Web services behind the port Fetcher: asked for flows, and never at an address that was not looked at first."""
