// Server-sent events (WHATWG HTML, section 9.2), as far as rooms use them: their data, and the id of the last one.

/** Returns a function that takes pieces of a stream and calls event with the data of each event, in order. */
export function sseParser(event: (data: string, id: string) => void): (piece: string) => void {
  let rest = '';
  let data: string[] = [];
  let id = '';
  const line = (text: string): void => {
    if (text === '') {
      event(data.join('\n'), id);
      data = [];
      return;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(text)!;
    if (field === 'data') data.push(value!);
    if (field === 'id') id = value!;
  };
  return (piece) => {
    const lines = (rest + piece).split(/\r?\n/);
    rest = lines.pop()!;
    lines.forEach(line);
  };
}
