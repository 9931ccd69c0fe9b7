import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostToBind, parseListenAddress } from './listen-address.ts';

const READ: [string, string, number][] = [
  ['127.0.0.1:9383', '127.0.0.1', 9383],
  ['[::1]:9383', '::1', 9383],
  [':9383', '', 9383],
  ['localhost:0', 'localhost', 0],
];

for (const [text, host, port] of READ) {
  test(`${text} is read`, () => assert.deepEqual(parseListenAddress('--http', text), { host, port }));
}

for (const text of ['', '9383', '127.0.0.1', '127.0.0.1:', '::1:9383', '127.0.0.1:65536', 'a:b']) {
  test(`${JSON.stringify(text)} is refused by name`, () => {
    assert.throws(() => parseListenAddress('--http', text), /--http .* is not HOST:PORT/);
  });
}

test('without a host all addresses are bound, of both families where the kernel has both', () => {
  const everywhere = parseListenAddress('--http', ':9383');
  assert.equal(hostToBind(everywhere, true), '::');
  assert.equal(hostToBind(everywhere, false), '0.0.0.0');
  assert.equal(hostToBind(parseListenAddress('--http', '127.0.0.1:9383'), false), '127.0.0.1');
});
