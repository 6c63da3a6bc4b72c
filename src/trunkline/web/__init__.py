"""The doors for browsers: log-in, the desk's websocket, recordings, health, and the built application."""
