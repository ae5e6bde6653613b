import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';

import { comesBack, flush, parse, sentence, set, start, stop } from '../src/wire';

const folder = 'transport/wire/testdata'; // tests run at the top of the repository
const golden = (file: string): any => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'));
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
const builders: Record<string, (fields: any) => string> = { start, set, flush, stop };

test('what this page sends is what the protocol has', () => {
  const sent = files.filter((file) => Object.hasOwn(builders, golden(file).type));
  assert.ok(sent.length >= 3, String(sent));
  for (const file of sent) {
    const message = golden(file);
    const built = JSON.parse(builders[message.type]!(message));
    for (const [field, value] of Object.entries(built)) assert.deepEqual(value, message[field], `${file}: ${field}`);
  }
});

test('what the protocol has is what this page reads', () => {
  for (const file of files) {
    const message = golden(file);
    if (Object.hasOwn(builders, message.type) || message.type === 'marker') continue; // this page asks for no markers
    const read = parse(JSON.stringify(message));
    assert.ok(read, file);
    const { type: _, ...fields } = message;
    for (const [field, value] of Object.entries(fields)) assert.deepEqual((read as any)[field], value, `${file}: ${field}`);
  }
});

const word = { text: ' train', start_ms: 2400, end_ms: 2920, evidence: 0.87 };
const commit = { type: 'commit', segment: 3, language: 'en', text: ' train', words: [word], heard_ms: 3480 };

test('what is unknown is passed over, what is broken is refused', () => {
  assert.equal(parse('{"type":"weather"}'), null);
  assert.equal(parse('{"type":"constructor"}'), null);
  assert.deepEqual(parse(JSON.stringify({ ...commit, mood: 'good' })), { ...commit, mood: 'good' });
  for (const broken of [
    'commit', '1', 'null', '[]', '{}', '{"type":5}', '{"type":"commit"}',
    JSON.stringify({ ...commit, text: 1 }),
    JSON.stringify({ ...commit, words: {} }),
    JSON.stringify({ ...commit, words: [{ ...word, end_ms: '5' }] }),
    JSON.stringify({ ...commit, words: [null] }),
    JSON.stringify({ type: 'screen', segments: [], drafts: [{}] }),
  ]) assert.throws(() => parse(broken), broken);
});

test('a close code says whether to come back', () => {
  for (const code of [1001, 1006, 1011, 1012, 1013, 4400, 4404, 4449]) assert.ok(comesBack(code), String(code));
  for (const code of [1000, 1002, 1007, 1008, 1009, 4450, 4451, 4499]) assert.ok(!comesBack(code), String(code));
});

test('clauses become sentences', () => {
  assert.deepEqual(['', 'every seat is taken', 'Why?'].map(sentence), ['', 'Every seat is taken.', 'Why?']);
});
