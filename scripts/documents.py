"""Tables that scripts put into documents."""


def insert(path, name, text):
    """Puts `text` between the document's two markers of that name."""
    begin, end = (f"<!-- {name}: {side} -->" for side in ("begin", "end"))
    before, rest = path.read_text().split(begin)
    _, after = rest.split(end)
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}")
