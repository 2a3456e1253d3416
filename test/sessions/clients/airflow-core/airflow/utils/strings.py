def to_boolean(word):
    return str(word).strip().lower() in ("on", "t", "true", "y", "yes", "1")
