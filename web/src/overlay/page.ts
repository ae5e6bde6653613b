// The overlay for streaming programs: the last lines of a room on nothing, in boxes that do not move. It says nothing of
// itself: when the connection is lost, the last lines stay.

import { captionOf, type Captions, changed, continues, withoutTails } from '../captions';
import { byId, make, put, withNextPicture } from '../dom';
import { Feed } from '../read/feed';
import { fitting, type Measure, rolled } from './lines';
import { type Options, options } from './options';

type Box = { words: HTMLElement; tail: HTMLElement; line: HTMLElement };

export function overlay(): void {
  const asked = options(location);
  const list = byId('lines');
  list.style.fontFamily = asked.font;
  list.style.fontSize = `${asked.size}px`;
  list.style.textAlign = asked.align;
  const boxes = new Map<string, Box[]>();
  let captions: Captions = {};

  const draw = withNextPicture(() => {
    const measure = measurer(list);
    for (const code of languagesOf(asked, captions)) {
      if (!boxes.has(code)) boxes.set(code, makeBoxes(list, code, asked.lines));
      showLines(boxes.get(code)!, captions, code, asked, list.clientWidth, measure);
    }
  });
  const take = (next: Captions): void => {
    captions = next;
    draw();
  };
  if (asked.room === '') {
    put(list, 'This address names no room: add ?room=… to it.');
    return;
  }
  const feed = new Feed(asked.room, asked.languages.length === 1 ? asked.languages[0]! : '', {
    link: (link) => {
      document.body.dataset.link = link;
      if (link !== 'live') take(withoutTails(captions));
    },
    restart: () => take({}),
    history: (events) => take(events.reduce((c, event) => changed(c, event), captions)),
    message: (message) => take(changed(captions, message)),
  });
  addEventListener('resize', draw);
  void document.fonts.ready.then(draw);
  void feed.run();
}

const languagesOf = ({ languages }: Options, captions: Captions): readonly string[] =>
  languages.length > 0 ? languages : Object.keys(captions).slice(0, 1);

function makeBoxes(list: HTMLElement, code: string, count: number): Box[] {
  return Array.from({ length: count }, () => {
    const [words, tail] = [make('span'), make('span', { className: 'tail' })];
    const line = make('p', { lang: code, dir: 'auto' }, words, tail);
    list.append(line);
    return { words, tail, line };
  });
}

function showLines(boxes: Box[], captions: Captions, code: string, { lines, live }: Options, width: number, measure: Measure): void {
  const caption = captionOf(captions, code);
  const texts = rolled(caption, lines, width, measure);
  const last = texts.at(-1)!;
  const tail = live ? caption.tails.find((t) => continues(caption, t)) : undefined;
  boxes.forEach(({ words, tail: rest, line }, i) => {
    put(words, texts[i]!);
    put(rest, i === lines - 1 && tail ? fitting(last, tail.text, width, measure) : '');
    line.classList.toggle('empty', texts[i] === '');
  });
}

/** Measures text as list shows it, with the half letter of room a line has at either end. */
function measurer(list: HTMLElement): Measure {
  const pen = document.createElement('canvas').getContext('2d')!;
  const { fontSize, fontFamily, fontWeight } = getComputedStyle(list);
  pen.font = `${fontWeight} ${fontSize} ${fontFamily}`;
  return (text) => pen.measureText(text).width + parseFloat(fontSize);
}
