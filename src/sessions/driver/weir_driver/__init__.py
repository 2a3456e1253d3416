"""The driver of a session: runs Python statements for the server, one after the other, on the main thread."""
