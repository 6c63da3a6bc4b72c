"""Web chat: a window that any site can have, over one websocket for each page that shows it."""
