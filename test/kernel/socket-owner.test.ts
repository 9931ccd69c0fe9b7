import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { type Endpoint, socketUid } from '../../src/netlink/socket-owner.ts';
import { needsRoot } from './kernel-fixture.ts';

const NOBODY = 65534;
const V4 = Uint8Array.of(127, 0, 0, 1);
const V6 = Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? 1 : 0));
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1);

async function listen(host: string): Promise<{ server: Server; port: number }> {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

const at = (address: Uint8Array, port: number): Endpoint => ({ address, port });

for (const [host, listenOn, address] of [
  ['127.0.0.1', '127.0.0.1', V4],
  ['::1', '::1', V6],
  ['127.0.0.1', '::', MAPPED],
  ['::ffff:127.0.0.1', '::', MAPPED],
] as const) {
  test(`the owner of a connection to ${host}, by a server on ${listenOn}, is found`, async () => {
    const { server, port } = await listen(listenOn);
    const client = connect(port, host);
    try {
      const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [[Socket], []];
      const mine = at(address, client.localPort!);
      const own = process.getuid?.();
      assert.equal(await socketUid(mine, at(address, port)), own);
      assert.equal(await socketUid(at(address, port), mine), own);
      // no such connection, but a listener on that port
      assert.equal(await socketUid(at(address, port), at(address, 1)), undefined);
      accepted.destroy();
    } finally {
      client.destroy();
      server.close();
    }
  });
}

test("another user is told apart, and a socket that was closed is nobody's, not root's", {
  skip: needsRoot,
}, async () => {
  const { server, port } = await listen('127.0.0.1');
  // says its port, and closes when told to
  const script = `const s = require('node:net').connect(${port}, '127.0.0.1', () => console.log(s.localPort));
    process.stdin.once('data', () => s.destroy());`;
  const child = spawn(process.execPath, ['-e', script], { uid: NOBODY, stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [[accepted], [line]] = (await Promise.all([once(server, 'connection'), once(child.stdout, 'data')])) as [
      [Socket],
      [Buffer],
    ];
    const theirs = at(V4, Number(line));
    assert.equal(await socketUid(theirs, at(V4, port)), NOBODY);
    child.stdin.end('close');
    await once(accepted.resume(), 'end');
    assert.equal(await socketUid(theirs, at(V4, port)), undefined);
    accepted.destroy();
  } finally {
    child.kill();
    server.close();
  }
});
