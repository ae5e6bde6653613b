// What the tests in a browser share: the daemon, Chromium with a clip as its microphone, and what the clip says.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(import.meta.url); // looks in NODE_PATH too

/** What these tests need and a machine may lack; missing says what. */
export const tools = find();

function find() {
  const chromium = process.env.CHROMIUM ?? spawnSync('sh', ['-c', 'command -v chromium || command -v google-chrome']).stdout.toString().trim();
  try {
    return { chromium, playwright: require('playwright-core'), axe: readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'), missing: chromium ? '' : 'Chromium is missing: install it, or name it in CHROMIUM' };
  } catch {
    return { missing: 'playwright-core or axe-core is missing: npm install --prefix FOLDER playwright-core axe-core, then set NODE_PATH=FOLDER/node_modules' };
  }
}

/** A folder that goes with the test. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'sotto-page-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Starts the daemon, and waits until it hears. stop lets it end. */
export async function daemon(t, ...flags) {
  const child = spawn('bin/sotto', ['serve', ...(flags.includes('--listen') ? [] : ['--listen', '127.0.0.1:0']), ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = () => (child.kill('SIGTERM'), ended);
  t.after(stop);
  const page = await new Promise((resolve, reject) => {
    let log = '';
    child.stderr.on('data', (data) => {
      log += data;
      const ready = /"page":"(http:[^"]+)"/.exec(log);
      if (ready) resolve(ready[1]);
    });
    child.once('exit', () => reject(new Error(`the daemon ended: ${log}`)));
  });
  return { page, listen: new URL(page).host, stop };
}

const quiet = [
  '--no-sandbox', '--autoplay-policy=no-user-gesture-required',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--no-default-browser-check',
];

/** Starts Chromium; wav is what its microphone hears, once. */
export const browser = (t, wav) =>
  launch(t, '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', ...(wav ? [`--use-file-for-fake-audio-capture=${wav}%noloop`] : []));

/** Starts Chromium, which lets a page hear the tab with a title. */
export const browserThatHears = (t, title) => launch(t, `--auto-select-tab-capture-source-by-title=${title}`);

async function launch(t, ...flags) {
  const started = await tools.playwright.chromium.launch({ executablePath: tools.chromium, args: [...quiet, ...flags], ignoreDefaultArgs: ['--mute-audio'] });
  t.after(() => started.close());
  return started;
}

/** Opens a page, in a new profile or in that of a page, and keeps what goes wrong in it, and where it asks. */
export async function open(browser, address, options = {}) {
  const context = browser.newContext ? await browser.newContext({ permissions: ['microphone', 'clipboard-read', 'clipboard-write'], ...options }) : browser;
  const page = await context.newPage();
  page.faults = [];
  page.hosts = new Set();
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('console', (message) => /Content Security Policy|Refused/.test(message.text()) && page.faults.push(message.text()));
  page.on('request', (request) => page.hosts.add(new URL(request.url()).host));
  await page.goto(address);
  return page;
}

/** The clip that is bundled: as a WAV file for a microphone, decoded by the browser, with silence behind it. */
export async function clip(t, page) {
  const base64 = await page.evaluate(async () => {
    const bytes = await (await fetch('/demo.ogg')).arrayBuffer();
    const { sampleRate, ...buffer } = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(bytes).then((b) => ({ sampleRate: b.sampleRate, samples: b.getChannelData(0) }));
    const count = buffer.samples.length + 4 * sampleRate;
    const view = new DataView(new ArrayBuffer(44 + 2 * count));
    const text = (at, s) => [...s].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
    text(0, 'RIFF');
    view.setUint32(4, 36 + 2 * count, true);
    text(8, 'WAVEfmt ');
    [16, 1 | (1 << 16), sampleRate, 2 * sampleRate, 2 | (16 << 16)].forEach((x, i) => view.setUint32(16 + 4 * i, x, true));
    text(36, 'data');
    view.setUint32(40, 2 * count, true);
    buffer.samples.forEach((x, i) => view.setInt16(44 + 2 * i, 32767 * Math.max(-1, Math.min(1, x)), true));
    let all = '';
    for (const byte of new Uint8Array(view.buffer)) all += String.fromCharCode(byte);
    return btoa(all);
  });
  const path = join(folder(t), 'clip.wav');
  writeFileSync(path, Buffer.from(base64, 'base64'));
  return path;
}

/** What the clip says in a language. */
export function said(language) {
  const { sentences } = JSON.parse(readFileSync('models/pocket/testset/demo.jsonl', 'utf8').split('\n')[0]);
  return sentences.map((sentence) => sentence[language]).join(' ');
}

const wordsOf = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** The share of words that are wrong: those put in, left out and changed. */
export function wordErrors(text, reference) {
  const [a, b] = [wordsOf(text), wordsOf(reference)];
  let row = b.map((_, j) => j + 1);
  let first = 0;
  for (let i = 0; i < a.length; i++) {
    const next = [];
    for (let j = 0; j < b.length; j++) {
      const diagonal = j === 0 ? i : row[j - 1];
      next.push(Math.min(diagonal + (a[i] === b[j] ? 0 : 1), row[j] + 1, (j === 0 ? i + 1 : next[j - 1]) + 1));
    }
    row = next;
    first = i + 1;
  }
  return (b.length === 0 ? first : row.at(-1)) / b.length;
}

/** The committed text of a language on a page. */
export const committed = (page, language) =>
  page.evaluate((code) => [...document.querySelectorAll(`.text[lang="${code}"] .lines .word`)].map((word) => word.textContent).join(' '), language);

/** Waits until a page's committed text has a phrase; what is tentative does not count. */
export const until = (page, language, phrase, timeout = 60_000) =>
  page.waitForFunction(
    ([code, want]) => [...document.querySelectorAll(`.text[lang="${code}"] .lines .word`)].map((word) => word.textContent).join(' ').includes(want),
    [language, phrase.trim()],
    { timeout },
  );

/** What is wrong for people who use a keyboard or a screen reader, seriously. */
export async function barriers(page) {
  await page.evaluate(tools.axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html.slice(0, 100)).join(' ')}`);
}

/** Writes a picture where PICTURES says. */
export async function picture(page, name, options = {}) {
  if (process.env.PICTURES) await page.screenshot({ path: join(process.env.PICTURES, `${name}.png`), ...options });
}
