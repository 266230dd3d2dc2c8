#!/usr/bin/env python3
"""Makes what is served of openapi.yaml: its JSON, a reference page, and a tag for each.

Usage:  describe.py OPENAPI_YAML DESCRIPTION_CPP

Run by the build. The result defines the functions of server/api/description.hpp.
"""

import hashlib
import html
import json
import re
import sys

import yaml

METHODS = ("get", "post", "put", "patch", "delete")
STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:62rem;margin:0 auto;padding:1rem}
nav ul{columns:3 16rem;padding-left:1rem}code,pre{font-family:ui-monospace,monospace;font-size:.9em}
pre{overflow-x:auto;padding:.75rem;border:1px solid #8886;border-radius:.25rem}
article{border-top:1px solid #8886;padding:.5rem 0}h3{margin:.5rem 0}h3 code{font-size:1rem}
table{border-collapse:collapse;display:block;overflow-x:auto}th,td{text-align:left;vertical-align:top;padding:.2rem 1rem .2rem 0}
.method{display:inline-block;min-width:4rem;font-weight:700}
"""


def without_extensions(description):
    return {name: value for name, value in description.items() if not name.startswith("x-")}


def resolved(description, part):
    while "$ref" in part:
        target = description
        for token in part["$ref"].removeprefix("#/").split("/"):
            target = target[token.replace("~1", "/").replace("~0", "~")]
        part = target
    return part


def prose(text):
    """Escaped; `code` between backticks, a paragraph for each."""
    paragraphs = re.split(r"\n\s*\n", (text or "").strip())
    marked = [re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(one)) for one in paragraphs if one]
    return "".join(f"<p>{one}</p>" for one in marked)


def words(text):
    return re.sub(r"^<p>|</p>$", "", prose(text))


def schema_link(schema):
    """The schema in a few words, with a link where it has a name."""
    if not schema:
        return "anything"
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f'<a href="#schema-{name}">{name}</a>'
    if "const" in schema:
        return f"<code>{html.escape(json.dumps(schema['const']))}</code>"
    if "enum" in schema:
        return ", ".join(f"<code>{html.escape(json.dumps(one))}</code>" for one in schema["enum"])
    if "oneOf" in schema:
        return "one of: " + "; ".join(schema_link(one) for one in schema["oneOf"])
    kinds = schema.get("type", "anything")
    kind = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    if "items" in schema:
        return f"{kind} of {schema_link(schema['items'])}"
    if schema.get("properties"):
        return f"{kind} with " + ", ".join(f"<code>{html.escape(one)}</code>" for one in schema["properties"])
    if isinstance(schema.get("additionalProperties"), dict):
        return f"{kind} of {schema_link(schema['additionalProperties'])} by name"
    return html.escape(kind)


def table(caption, head, rows):
    if not rows:
        return ""
    heads = "".join(f'<th scope="col">{one}</th>' for one in head)
    body = "".join("<tr>" + f'<th scope="row">{first}</th>' + "".join(f"<td>{one}</td>" for one in rest) + "</tr>"
                   for first, *rest in rows)
    return f"<table><caption>{caption}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def operation_article(description, path, method, item, operation):
    name = operation["operationId"]
    parameters = [resolved(description, one) for one in item.get("parameters", []) + operation.get("parameters", [])]
    parameter_rows = [(f"<code>{html.escape(one['name'])}</code>", one["in"] + (", required" if one.get("required") else ""),
                       schema_link(one.get("schema")), words(one.get("description"))) for one in parameters]
    body = operation.get("requestBody")
    content = resolved(description, body)["content"] if body else {}
    body_rows = [(f"<code>{html.escape(kind)}</code>", schema_link(one.get("schema"))) for kind, one in content.items()]
    answer_rows = []
    for status, answer in sorted(operation["responses"].items()):
        answer = resolved(description, answer)
        kinds = "; ".join(f"<code>{html.escape(kind)}</code> {schema_link(one.get('schema'))}"
                          for kind, one in answer.get("content", {}).items())
        answer_rows.append((html.escape(status), words(answer["description"]), kinds))
    return (f'<article id="{name}"><h3><code><span class="method">{method.upper()}</span> {html.escape(path)}</code></h3>'
            f"{prose(operation['summary'])}{prose(operation.get('description'))}"
            + table("Parameters", ("name", "where", "what", ""), parameter_rows)
            + table("Body", ("type", "what"), body_rows)
            + table("Answers", ("status", "when", "what"), answer_rows) + "</article>")


def page(description):
    """The whole reference: no script, nothing from elsewhere."""
    info = description["info"]
    sections, contents = [], []
    for tag in description["tags"]:
        articles, links = [], []
        for path, item in description["paths"].items():
            for method in METHODS:
                operation = item.get(method)
                if operation and tag["name"] in operation["tags"]:
                    articles.append(operation_article(description, path, method, item, operation))
                    links.append(f'<li><a href="#{operation["operationId"]}">{html.escape(operation["summary"])}</a></li>')
        contents.append(f'<li><a href="#tag-{tag["name"]}">{html.escape(tag["name"])}</a><ul>{"".join(links)}</ul></li>')
        sections.append(f'<section id="tag-{tag["name"]}"><h2>{html.escape(tag["name"])}</h2>{prose(tag["description"])}'
                        + "".join(articles) + "</section>")
    schemas = "".join(
        f'<article id="schema-{name}"><h3>{name}</h3>{prose(schema.get("description"))}'
        f"<pre><code>{html.escape(json.dumps(schema, indent=2, ensure_ascii=False))}</code></pre></article>"
        for name, schema in description["components"]["schemas"].items())
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(info["title"])}: the interface'
            f'</title><meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><header>'
            f'<h1>{html.escape(info["title"])}: the interface</h1>{prose(info["description"])}'
            '<p>The same for programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p></header>'
            f'<nav aria-label="Operations"><ul>{"".join(contents)}<li><a href="#schemas">Schemas</a></li></ul></nav><main>'
            + "".join(sections) + f'<section id="schemas"><h2>Schemas</h2>{schemas}</section></main></body></html>\n')


def definitions(name, text):
    """A function with the text, as literals of a bearable length, and one with its entity tag."""
    tag = hashlib.sha256(text.encode()).hexdigest()[:32]
    size = 8_000
    pieces = "\n".join(f'        R"~~({text[at:at + size]})~~"' for at in range(0, len(text), size))
    return (f"const Document& {name}() {{\n    static const Document document{{\n        std::make_shared<const std::string>(\n"
            f"{pieces}),\n        \"\\\"{tag}\\\"\"}};\n    return document;\n}}\n")


def main():
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        description = without_extensions(yaml.safe_load(file))
    text = json.dumps(description, separators=(",", ":"), ensure_ascii=False) + "\n"
    with open(target, "w", encoding="utf-8") as file:
        file.write('// Made from openapi.yaml by describe.py.\n#include "server/api/description.hpp"\n\n'
                   "namespace expplat::server::api {\n\n" + definitions("description_json", text) + "\n"
                   + definitions("reference_page", page(description)) + "\n}  // namespace expplat::server::api\n")


if __name__ == "__main__":
    main()
