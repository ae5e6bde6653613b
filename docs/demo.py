"""Draws demo.svg: what the program writes while the bundled clip is spoken.

usage: bin/sotto translate --to en,fr,de --format jsonl models/pocket/testset/demo.ogg | python3 docs/demo.py > docs/demo.svg

Times are those of the sound. Tentative text is grey, committed text is white.
"""
import html
import json
import sys

NAMES = {"en": "English", "fr": "Français", "de": "Deutsch"}
WIDTH, LINE, TOP, LEFT = 860, 26, 78, 118
PAUSE = 2.0                # seconds at the end, before it starts again


def shown(events):
    """Yields (row, committed, tail, from, until) in seconds; a row per language, cleared by the next segment."""
    last, texts = {}, {}
    for e in events:
        language, at = e["language"], e["heard_ms"] / 1000
        segment, text = texts.get(language, (e["segment"], ""))
        text = (text if segment == e["segment"] else "") + "".join(w["text"] for w in e["words"])
        texts[language] = (e["segment"], text)
        if language in last:
            yield *last[language], at
        last[language] = (list(NAMES).index(language), text, e["tail"], at)
    for state in last.values():
        yield *state, None


def main():
    events = [json.loads(line) for line in sys.stdin]
    total = events[-1]["heard_ms"] / 1000 + PAUSE
    height = TOP + LINE * len(NAMES) + 18
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
          'aria-label="English, French and German text growing while a Spanish voice speaks" '
          'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">')
    print(f'<rect width="{WIDTH}" height="{height}" rx="10" fill="#14171c"/>')
    print('<text x="24" y="34" fill="#8fd18f">$ make run</text>')
    print(f'<rect x="24" y="48" height="3" rx="1.5" fill="#4a7fb5" width="{WIDTH - 48}"><animate attributeName="width" '
          f'from="0" to="{WIDTH - 48}" dur="{total}s" repeatCount="indefinite"/></rect>')
    for row, name in enumerate(NAMES.values()):
        print(f'<text x="24" y="{TOP + LINE * row + 8}" fill="#7a8594">{name}</text>')
    for row, text, tail, start, until in shown(events):
        end = min(until or total, total)
        if not text + tail or end <= start:
            continue
        times = f"0;{start / total:.4f};{end / total:.4f}" if end < total else f"0;{start / total:.4f}"
        values = "0;1;0" if end < total else "0;1"
        still = "1" if until is None else "0"
        print(f'<text x="{LEFT}" y="{TOP + LINE * row + 8}" fill="#f2f4f7" opacity="{still}" xml:space="preserve">'
              f'{html.escape(text)}<tspan fill="#8a94a3">{html.escape(tail)}</tspan>'
              f'<animate attributeName="opacity" calcMode="discrete" values="{values}" keyTimes="{times}" '
              f'dur="{total}s" repeatCount="indefinite"/></text>')
    print("</svg>")


main()
