// Making and changing elements. Text goes in as text, never as HTML.

export const byId = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

type Properties = Record<string, string | number | boolean | EventListener | ((event: any) => void)>;

/** Makes an element. Names of properties with a dash are attributes. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, properties: Properties = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-') || name === 'role') element.setAttribute(name, String(value));
    else (element as any)[name] = value;
  }
  element.append(...children);
  return element;
}

/** Writes text only where it differs: what has not changed is not read aloud again. */
export function put(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Makes the children of an element anew where key differs from the last time. */
export function once(element: HTMLElement, key: string, children: () => Node[]): void {
  if (element.dataset.shows === key) return;
  element.dataset.shows = key;
  element.replaceChildren(...children());
}

/** Runs draw with the next picture, once, however often it is asked for. */
export function withNextPicture(draw: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}

/** Says for a moment on a button that it has done its work. */
function flash(button: HTMLElement, text: string): void {
  const before = button.textContent ?? '';
  if (before === text) return;
  button.textContent = text;
  setTimeout(() => (button.textContent = before), 1500);
}

/** Copies text, and says so on the button. */
export const copy = (button: HTMLElement, text: string): void =>
  void navigator.clipboard?.writeText(text).then(() => flash(button, 'Copied'), () => flash(button, 'Not allowed'));
