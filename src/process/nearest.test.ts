import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

const WORDS = ['prefix', 'endpoints', 'tls-ca-file', 'tls-cert-file'];

for (const [text, meant] of [
  ['endpoint', 'endpoints'],
  ['Endpoints', 'endpoints'],
  ['perfix', 'prefix'],
  ['tls-ca', undefined],
  ['tls_ca_file', 'tls-ca-file'],
  ['tls-cert-fil', 'tls-cert-file'],
  ['colour', undefined],
  ['', undefined],
] as const) {
  test(`${JSON.stringify(text)} is most likely ${meant ?? 'none of them'}`, () =>
    assert.equal(nearest(text, WORDS), meant));
}
