import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { Arrivals } from './arrivals.ts';

/** A server, as far as its events go. */
function server() {
  const events = new EventEmitter();
  return {
    arrivals: new Arrivals(events as never),
    connect: () => {
      const socket = new EventEmitter();
      events.emit('connection', socket);
      return socket;
    },
    request: (socket: EventEmitter) => events.emit('request', { socket }),
  };
}

async function isSettled(arrivals: Arrivals): Promise<boolean> {
  const settled = arrivals.settled().then(() => true);
  const turn = new Promise<false>((resolve) => setTimeout(resolve, 50, false));
  return await Promise.race([settled, turn]);
}

test('nobody has come: there is nothing to wait for', async () => {
  assert.equal(await isSettled(server().arrivals), true);
});

test('who has come and not spoken is waited for, until there is a request', async () => {
  const { arrivals, connect, request } = server();
  const [one, other] = [connect(), connect()];
  request(one);
  assert.equal(await isSettled(arrivals), false);
  request(other);
  assert.equal(await isSettled(arrivals), true);
});

test('who goes again is not waited for', async () => {
  const { arrivals, connect } = server();
  connect().emit('close');
  assert.equal(await isSettled(arrivals), true);
});

test('who says nothing is not waited for long', async () => {
  const { arrivals, connect } = server();
  connect();
  await arrivals.settled();
});
