"""Cuts the code of a statement into pieces that run: Python, and lines that begin with % (magics)."""
import ast

FILE = "<stdin>"


class Python:
    """Python code: all nodes at its top but the last run as a program does, the last as at a prompt, where values are shown."""

    def __init__(self, source, line=0):
        # Empty lines in front of a piece, so that errors name the line of the statement.
        tree = ast.parse("\n" * line + source, FILE, "exec")
        self._codes = []
        if tree.body[:-1]:
            self._codes.append(compile(ast.Module(tree.body[:-1], []), FILE, "exec", dont_inherit=True))
        if tree.body:
            self._codes.append(compile(ast.Interactive(tree.body[-1:]), FILE, "single", dont_inherit=True))

    def run(self, names):
        for code in self._codes:
            exec(code, names)
        return None


class Magic:
    """A line `%name argument`."""

    def __init__(self, line, magics):
        name, _, argument = line[1:].strip().partition(" ")
        self._magic = magics.find(name)
        self._argument = argument.strip()

    def run(self, names):
        return self._magic(self._argument, names)


def pieces_of(code, magics):
    """The pieces of a statement. Raises SyntaxError (or what an unknown magic raises) before anything has run."""
    try:
        return [Python(code)]
    except SyntaxError:
        lines = code.rstrip().split("\n")
        if not any(line.startswith("%") for line in lines):
            raise
    pieces = []
    for line, chunk in _chunks(lines):
        pieces.append(Magic(chunk, magics) if chunk.startswith("%") else Python(chunk, line))
    return pieces


def _chunks(lines):
    """(lines before it, text) of each magic and of what lies between them."""
    plain = []
    for at, line in enumerate(lines):
        if not line.startswith("%"):
            plain.append(line)
            continue
        if plain:
            yield at - len(plain), "\n".join(plain)
            plain = []
        yield at, line
    if plain:
        yield len(lines) - len(plain), "\n".join(plain)
