"""Turns files of Swift Testing into plain Swift, for machines on which there is no Swift Testing (see Tests/Arm64).

    scripts/plain-tests.py FOLDER FILE.swift …

Writes each file into FOLDER: `#expect` and `#require` become calls of functions, `@Suite` and `@Test` go, and every suite gets a function
`runTests` that calls what was marked `@Test` on the cases it names. Writes `RunTests.swift` beside them, which runs all suites. Lines keep
their numbers. What it does not understand (traits, three lists of cases) ends it with an error.
"""

import re
import sys
from pathlib import Path

OPEN, CLOSE = "([{<", ")]}>"


def end_of_group(text: str, start: int) -> int:
    """The place behind the group that opens at `start`; strings are skipped, and so is the `>` of an arrow or an operator."""
    depth, i = 0, start
    while i < len(text):
        c = text[i]
        if c == '"':
            i = text.index('"', i + 1)
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                return i + 1
        i += 1
    raise SystemExit(f"a group is not closed: {text[start : start + 60]!r}")


def parts(text: str) -> list[str]:
    """The text between the outermost commas."""
    found, begin, i = [], 0, 0
    while i < len(text):
        if text[i] in "([{":
            i = end_of_group(text, i)
            continue
        if text[i] == '"':
            i = text.index('"', i + 1)
        elif text[i] == ",":
            found.append(text[begin:i].strip())
            begin = i + 1
        i += 1
    return [*found, text[begin:].strip()] if text[begin:].strip() else found


class Test:
    """A function marked `@Test`: where it stands, its cases and its parameters."""

    def __init__(self, text: str, at: int) -> None:
        end = at + len("@Test")
        self.lists: list[str] = []
        if text[end] == "(":
            close = end_of_group(text, end)
            inside = text[end + 1 : close - 1].strip()
            if not inside.startswith("arguments:"):
                raise SystemExit(f"only arguments are understood behind @Test, not {inside!r}")
            self.lists = parts(inside.removeprefix("arguments:"))
            end = close
        self.span = (at, end)
        head = re.compile(r"\s*func (\w+)").match(text, end)
        if not head:
            raise SystemExit(f"no function behind @Test: {text[at : at + 80]!r}")
        self.name = head[1]
        close = end_of_group(text, head.end())
        self.parameters = [re.fullmatch(r"(\w+)(?: \w+)?: (.+)", p, re.S) for p in parts(text[head.end() + 1 : close - 1])]
        self.throws = text[close:].lstrip().startswith("throws")

    def call(self, suite: str) -> str:
        types = [p[2] for p in self.parameters]
        joined = len(self.lists) == 1 and len(types) > 1  # one list of tuples
        names = ["a", "b"][: len(self.lists)]
        if len(self.lists) > 2 or (not joined and len(types) != len(self.lists)):
            raise SystemExit(f"{suite}.{self.name}: {len(types)} parameters, {len(self.lists)} lists of cases")
        values = [f"a.{i}" for i in range(len(types))] if joined else names
        arguments = ", ".join(v if p[1] == "_" else f"{p[1]}: {v}" for p, v in zip(self.parameters, values, strict=True))
        takes = [f"({', '.join(types)})"] if joined else types
        closure = ", ".join(f"{n}: {t}" for n, t in zip(names, takes, strict=True))
        over = f", over: {', '.join(self.lists)}" if self.lists else ""
        begin = "try " if self.throws else ""
        return f'test("{suite}.{self.name}"{over}) {{ ({closure}) throws(Stop) in {begin}{suite}().{self.name}({arguments}) }}'


def plain(text: str) -> tuple[str, list[str]]:
    """The file without Swift Testing, and its suites."""
    tests = [Test(text, m.start()) for m in re.finditer(r"@Test\b", text)]
    suites = [(m.start(), m[1]) for m in re.finditer(r"^(?:@Suite )?struct (\w+)", text, re.M)]
    calls: dict[str, list[str]] = {}
    for test in tests:
        suite = [name for at, name in suites if at < test.span[0]][-1]
        calls.setdefault(suite, []).append(test.call(suite))
    for test in reversed(tests):
        begin, end = test.span
        text = text[:begin] + "\n" * text[begin:end].count("\n") + text[end:]
    text = text.replace("@Suite ", "").replace("#expect(", "expect(").replace("#require(", "require(")
    text = re.sub(r"\bthrows( ->| \{)", r"throws(Stop)\1", text.replace("#_sourceLocation", "SourceLocation()"))
    for suite, lines in calls.items():
        text += f"\nextension {suite} {{\n  static func runTests() {{\n"
        text += "".join(f"    {line}\n" for line in lines) + "  }\n}\n"
    return text, list(calls)


def main() -> None:
    folder = Path(sys.argv[1])
    suites: list[str] = []
    for file in sorted(map(Path, sys.argv[2:])):
        text, found = plain(file.read_text(encoding="utf-8"))
        (folder / file.name).write_text(text, encoding="utf-8")
        suites += found
    body = "".join(f"  {suite}.runTests()\n" for suite in suites)
    (folder / "RunTests.swift").write_text(f"func runTests() {{\n{body}}}\n", encoding="utf-8")


main()
