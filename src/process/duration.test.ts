import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from './duration.ts';

const READ: [string, number][] = [
  ['0', 0],
  ['+0', 0],
  ['0s', 0],
  ['10m', 600_000],
  ['10m0s', 600_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['2s', 2000],
  ['+2s', 2000],
  ['500ms', 500],
  ['.5s', 500],
  ['1.s', 1000],
  ['30m1h', 5_400_000],
  ['1h1h', 7_200_000],
  ['100us', 0.1],
  ['100µs', 0.1],
  ['100μs', 0.1],
  ['1ns', 1e-6],
];

for (const [text, ms] of READ) test(`${text} is ${ms} ms`, () => assert.equal(parseDuration(text), ms));

for (const text of ['', '+', '5', '-5s', '10 m', '10M', '1d', 's', '.s', '1.2.3s', '1e3s', '0x1s', '10m ', '1h30']) {
  test(`${JSON.stringify(text)} is no duration`, () => assert.equal(parseDuration(text), undefined));
}

const PRINTED: [number, string][] = [
  [0, '0s'],
  [600_000, '10m0s'],
  [5_400_000, '1h30m0s'],
  [86_400_000, '24h0m0s'],
  [1500, '1.5s'],
  [61_001, '1m1.001s'],
  [500, '500ms'],
  [0.1, '100µs'],
  [1e-6, '1ns'],
];

for (const [ms, text] of PRINTED) test(`${ms} ms prints as ${text}`, () => assert.equal(formatDuration(ms), text));

test('property: printed and read again, to the nanosecond', () => {
  // 2^51 nanoseconds are 26 days, longer than a timer waits; beyond, a double of milliseconds is less exact
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 51 }), (ns) => {
      const again = parseDuration(formatDuration(ns / 1e6));
      assert.equal(Math.round(again! * 1e6), ns);
    }),
  );
});

test('property: parts add up', () => {
  const part = fc.tuple(fc.nat(9999), fc.constantFrom(['h', 3_600_000], ['m', 60_000], ['s', 1000], ['ms', 1]));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const text = parts.map(([count, [unit]]) => `${count}${unit}`).join('');
      const sum = parts.reduce((ms, [count, [, factor]]) => ms + count * Number(factor), 0);
      assert.equal(parseDuration(text), sum);
    }),
  );
});

test('property: any text is read or refused, and never throws', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.+hmsunµ -]{0,12}$/));
  fc.assert(
    fc.property(text, (candidate) => {
      const ms = parseDuration(candidate);
      assert.ok(ms === undefined || ms >= 0);
    }),
  );
});
