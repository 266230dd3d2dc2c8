#!/usr/bin/env python3
"""LAYOUT.md tells the truth: its grammar names the structs of layout.hpp, field by field, and its worked
example is what the compiler makes of the ruleset beside it, byte by byte.

Usage:  tests/image/layout_example.py EXPPLAT [--update]

EXPPLAT is the built command line. With --update the dump in the page is written anew.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADER = ROOT / "include/expplat/image/layout.hpp"
PAGE = ROOT / "include/expplat/image/LAYOUT.md"
DUMP = re.compile(r"(```text\n)(.*?)(```\n)", re.DOTALL)

WIDTHS = {"char": 1, "u8": 1, "u16": 2, "u32": 4, "u64": 8, "i64": 8, "Ref": 4, "Offset": 4, "Jump": 4}
REFERENCES = {"Ref", "Offset"}
HASHES = {"checksum", "hash", "tag", "seed", "layer_seed", "holdout_seed", "traffic_seed", "name_word", "word",
          "name_slot"}
NONE = 0xFFFFFFFF


def fail(message):
    raise SystemExit(f"layout_example: {message}")


# --- the structs, read from the header ----------------------------------------------------------------


class Layout:
    """Sizes, fields and enumerations of layout.hpp."""

    def __init__(self, text):
        text = re.sub(r"//[^\n]*", "", text)
        self.enums = {}     # name -> (width type, {number: name})
        for name, width, body in re.findall(r"enum class (\w+) : std::(\w+) \{(.*?)\};", text, re.DOTALL):
            numbers, number = {}, 0
            for entry in filter(None, (part.strip() for part in body.split(","))):
                word, _, value = entry.partition("=")
                number = int(value) if value else number
                numbers[number] = word.strip()
                number += 1
            self.enums[name] = (self.short(width), numbers)
        self.structs = {}   # name -> [(field, type, count, offset)]
        self.sizes = {}
        for name, body in re.findall(r"struct (\w+) \{(.*?)\n\};", text, re.DOTALL):
            self.add(name, re.findall(r"([\w:]+) (\w+)(?:\[(\d+)\])?;", body))

    @staticmethod
    def short(name):
        return re.sub(r"^u?int(\d+)_t$", lambda m: m.group(0)[0] + m.group(1), name.removeprefix("std::"))

    def width(self, kind):
        if kind in self.enums:
            return WIDTHS[self.enums[kind][0]]
        return WIDTHS.get(kind) or self.sizes.get(kind) or fail(f"layout.hpp has a field of the unknown type {kind}")

    def alignment(self, kind):
        if kind in self.structs:
            return max(self.alignment(inner) for _, inner, _, _ in self.structs[kind])
        return self.width(kind)

    def add(self, name, fields):
        at, placed = 0, []
        for kind, field, count in fields:
            kind, count = self.short(kind), int(count or 1)
            if at % self.alignment(kind):
                fail(f"{name}.{field} has hidden padding before it")
            placed.append((field, kind, count, at))
            at += self.width(kind) * count
        self.structs[name], self.sizes[name] = placed, at
        if at % self.alignment(name):
            fail(f"{name} has hidden padding at its end")


def check_grammar(layout, page):
    """Every struct has a production with its fields, in order, by name and type; there is no other."""
    grammar = re.search(r"## Grammar.*?```\n(.*?)```", page, re.DOTALL).group(1)
    productions = {}
    for name, body in re.findall(r"^([A-Z]\w*) = (.*(?:\n    .*)*)", grammar, re.MULTILINE):
        productions[name] = re.findall(r"(\w+):(\w+)", body)
    for name, fields in layout.structs.items():
        wanted = [(field, kind) for field, kind, _, _ in fields]
        if productions.get(name) != wanted:
            fail(f"LAYOUT.md's grammar of {name} is {productions.get(name)}; layout.hpp has {wanted}")
    for name in productions.keys() - layout.structs.keys():
        fail(f"LAYOUT.md's grammar has {name}, layout.hpp has not")
    listed = []     # the table's numbers and names, in order
    for first, last, names in re.findall(r"^\| (\d+)(?:–(\d+))? \| (`[^|]*`) \|", page, re.MULTILINE):
        names = re.findall(r"`(\w+)`", names)
        listed += zip(range(int(first), int(last or first) + 1), names, strict=True)
    if listed != sorted(layout.enums["Opcode"][1].items()):
        fail(f"LAYOUT.md's table of opcodes is {listed}; layout.hpp has {layout.enums['Opcode'][1]}")


# --- the dump -----------------------------------------------------------------------------------------


class Dump:
    """Walks an image from its header and gives every byte a line."""

    def __init__(self, layout, image):
        self.layout, self.image = layout, image
        self.lines = {}     # place -> (bytes, field, meaning)
        self.titles = {}    # place -> title

    def number(self, at, width, signed=False):
        return int.from_bytes(self.image[at:at + width], "little", signed=signed)

    def read(self, struct, at):
        """A struct's fields as numbers by name; those of structs in it too (the unit's `name` as `unit.name`)."""
        fields = {}
        for field, kind, count, offset in self.layout.structs[struct]:
            if kind in self.layout.structs:
                inner = self.read(kind, at + offset)
                fields |= {f"{field}.{name}": value for name, value in inner.items()}
            elif count == 1:
                fields[field] = self.number(at + offset, self.layout.width(kind), kind == "i64")
        return fields

    def show(self, struct, at, base, title=None, prefix=""):
        """Lines for the struct's fields. Refs count from `base`. Returns the fields."""
        if title:
            self.titles[at] = title
        for field, kind, count, offset in self.layout.structs[struct]:
            place = at + offset
            if kind in self.layout.structs:
                self.show(kind, place, base, prefix=f"{prefix}{field}.")
                continue
            width = self.layout.width(kind) * count
            self.line(place, width, prefix + field, self.meaning(field, kind, count, place, base))
        return self.read(struct, at)

    def meaning(self, field, kind, count, at, base):
        if kind == "char":
            return repr(self.image[at:at + count])[1:]
        value = self.number(at, self.layout.width(kind), kind == "i64")
        if kind in self.layout.enums:
            return self.layout.enums[kind][1].get(value, "?")
        if kind in REFERENCES:
            return f"-> {value + (base if kind == 'Ref' else 0):04x}" if value else "none"
        if kind == "Jump":
            return self.jump(value, base)
        if field == "byte_order":
            return f"0x{value:08x}"
        if field == "name_word" and 0 < value < 1 << 63:
            return repr(self.image[at:at + (value >> 56)])[1:] + f" and its size, {value >> 56}"
        if field in HASHES and kind != "u8":
            return f"0x{value:0{2 * self.layout.width(kind)}x}" if value else "0"
        return "none" if value == NONE and self.layout.width(kind) == 4 else str(value)

    @staticmethod
    def jump(value, base):
        if value < 0x80000000:
            return f"-> {value + base:04x}"
        end = f"-> {(value & 0x7FFFFFFF) + base:04x}, an outcome"
        return {0xFFFFFFFE: "accept", 0xFFFFFFFF: "reject"}.get(value, end)

    def line(self, at, size, field, meaning):
        known = self.lines.setdefault(at, (size, field, meaning))
        if known != (size, field, meaning):
            fail(f"two things at {at:04x}: {known} and {(size, field, meaning)}")

    def text(self, at):
        """A text's lines, once however often it is named. Returns its content."""
        size = self.number(at, 4)
        content = self.image[at + 4:at + 4 + size].decode()
        self.titles.setdefault(at, "Text")
        self.line(at, 4, "size", str(size))
        if size:
            self.line(at + 4, size, "", f'"{content}"')
        return content

    def optional_text(self, base, ref):
        return self.text(base + ref) if ref else None

    def unit(self, base, fields, prefix="unit."):
        self.optional_text(base, fields[prefix + "name"])

    def string_set(self, at, base, title):
        fields = self.show("StringSet", at, base, f"{title}: StringSet")
        for i in range(fields["count"]):
            entry = self.show("SetEntry", base + fields["entries"] + 16 * i, base, f"{title}: SetEntry {i}")
            self.text(base + entry["text"])
        if fields["slots"]:
            fail("the example has grown a set with slots; the dump does not know them")

    def program(self, base, fields, owner):
        size = self.layout.sizes["Instruction"]
        for i in range(fields["code_count"]):
            at = base + fields["code"] + i * size
            instruction = self.show("Instruction", at, base, f"{owner}: Instruction {i}")
            name = self.optional_text(base, instruction["name"])
            opcode = self.layout.enums["Opcode"][1][instruction["opcode"]]
            operand = instruction["operand"]
            place = at + next(offset for field, _, _, offset in self.layout.structs["Instruction"] if field == "operand")
            if opcode == "segment":
                self.lines[place] = (4, "operand", f"-> {operand:04x}, segment {name}")
            elif opcode == "equals_string":
                self.lines[place] = (4, "operand", f"-> {base + operand:04x}")
                self.text(base + operand)
            else:
                fail(f"the example uses {opcode}; the dump does not know its operand")

    def split(self, at, base, title):
        fields = self.show("Split", at, base, title)
        self.unit(base, fields)
        for i in range(fields["count"]):
            self.show("SplitRange", at + self.layout.sizes["Split"] + 16 * i, base, f"{title}: SplitRange {i}")

    def segment(self, at):
        fields = self.show("Segment", at, at)
        key = self.text(at + fields["key"])
        self.titles[at] = f"segment {key}"
        self.unit(at, fields)
        for name in ("included", "excluded"):
            if fields[name]:
                self.string_set(at + fields[name], at, f"segment {key}: {name}")
        self.program(at, fields, f"segment {key}")

    def entity(self, at):
        fields = self.show("Entity", at, at)
        key = self.text(at + fields["key"])
        owner = f"{self.layout.enums['EntityKind'][1][fields['kind']]} {key}"
        self.titles[at] = owner
        if fields["targets"] or fields["prerequisites"] or fields["experiment"]:
            fail("the example has grown targets, prerequisites or an experiment; the dump does not know them")
        for i in range(fields["variant_count"]):
            place = at + fields["variants"] + self.layout.sizes["VariantRecord"] * i
            variant = self.show("VariantRecord", place, at, f"{owner}: VariantRecord {i}")
            self.text(at + variant["key"])
            self.optional_text(at, variant["text"])
        self.program(at, fields, owner)
        for i in range(fields["outcome_count"]):
            place = at + fields["outcomes"] + self.layout.sizes["Outcome"] * i
            last = " (the default)" if i + 1 == fields["outcome_count"] else ""
            outcome = self.show("Outcome", place, at, f"{owner}: Outcome {i}{last}")
            if outcome["otherwise"] == NONE:
                self.lines[place + 12] = (4, "otherwise", "none")
            self.optional_text(at, outcome["rule"])
            if outcome["split"]:
                self.split(at + outcome["split"], at, f"{owner}: Split of outcome {i}")

    def walk(self):
        header = self.show("Header", 0, 0, "Header")
        for i in range(header["segment_count"]):
            self.offset(header["segments"], i, "segments", self.segment)
        for i in range(header["entity_count"]):
            self.offset(header["entities"], i, "entities", self.entity)
        for i in range(header["index_mask"] + 1):
            self.show("IndexSlot", header["index"] + 8 * i, 0, f"IndexSlot {i}")
        if header["pattern_count"]:
            fail("the example has grown a pattern; the dump does not know them")
        self.text(header["environment"])
        self.titles[header["environment"]] = "environment: Text"

    def offset(self, table, i, name, show):
        at = table + 4 * i
        target = self.number(at, 4)
        self.titles.setdefault(at, f"{name}: Offset[]")
        self.line(at, 4, f"[{i}]", f"-> {target:04x}")
        show(target)

    def render(self):
        """All lines in order of place; what nothing names must be zero, and is padding or the tail."""
        self.walk()
        out, at = [], 0
        for place in sorted(self.lines) + [len(self.image)]:
            if place > at:
                gap = self.image[at:place]
                if any(gap):
                    fail(f"nothing names the bytes {at:04x} to {place:04x}, and they are not zero: {gap.hex(' ')}")
                self.row(out, at, gap, "", "padding and tail" if place == len(self.image) else "padding")
            elif place < at:
                fail(f"what is at {place:04x} begins inside what is before it")
            at = max(at, place)
            if place < len(self.image):
                size, field, meaning = self.lines[place]
                if place in self.titles:
                    out.append(f"\n{self.titles[place]}")
                self.row(out, place, self.image[place:place + size], field, meaning)
                at = place + size
        return "\n".join(out).lstrip("\n") + "\n"

    @staticmethod
    def row(out, at, octets, field, meaning):
        for i in range(0, len(octets), 8):
            tail = f"  {field:<22} {meaning}" if i == 0 else ""
            out.append(f"{at + i:04x}  {octets[i:i + 8].hex(' '):<23}{tail}".rstrip())


def compiled(program, ruleset):
    with tempfile.TemporaryDirectory() as folder:
        source, image = Path(folder) / "example.json", Path(folder) / "example.xpr"
        source.write_text(ruleset, encoding="utf-8")
        done = subprocess.run([program, "compile", source, "-o", image], capture_output=True, text=True, timeout=60,
                              check=False)
        if done.returncode != 0:
            fail(f"the example does not compile: {done.stderr}")
        return image.read_bytes()


def main(arguments):
    update = "--update" in arguments
    arguments = [argument for argument in arguments if argument != "--update"]
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__)
        return 2
    layout = Layout(HEADER.read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    check_grammar(layout, page)
    example = page[page.index("## A worked example"):]
    ruleset = re.search(r"```json\n(.*?)```\n", example, re.DOTALL).group(1)
    image = compiled(str(Path(arguments[0]).resolve()), ruleset)
    dump = Dump(layout, image).render()
    found = DUMP.search(page)
    if update:
        PAGE.write_text(page[:found.start(2)] + dump + page[found.end(2):], encoding="utf-8")
        print(f"layout_example: wrote a dump of {len(image)} bytes to {PAGE.relative_to(ROOT)}")
        return 0
    written, real = found.group(2).splitlines(), dump.splitlines()
    for number, (line, wanted) in enumerate(zip(written + [""] * len(real), real + [""] * len(written))):
        if line != wanted:
            fail(f"the dump in LAYOUT.md differs in its line {number + 1}:\n  page:     {line}\n  compiler: {wanted}\n"
                 "tests/image/layout_example.py EXPPLAT --update writes it anew")
    print(f"layout_example: {len(layout.structs)} structs and {len(image)} bytes are as LAYOUT.md says")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
