import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeRequest } from './kube-client.ts';
import { listObjects } from './object-list.ts';

async function list(...answers: unknown[]) {
  const asked: unknown[] = [];
  const client = {
    ask: async ({ query }: KubeRequest) => {
      asked.push(query?.continue);
      return answers.shift();
    },
  };
  const items: unknown[] = [];
  for await (const page of listObjects(client, { path: '/api/v1/pods' }, new AbortController().signal))
    items.push(...page.items);
  return { items, asked };
}

test('goes from page to page', async () => {
  const answers = [
    { metadata: { continue: 'x' }, items: [1, 2] },
    { metadata: { continue: '' }, items: [3] },
  ];
  assert.deepEqual(await list(...answers), { items: [1, 2, 3], asked: [undefined, 'x'] });
});

test('no objects may be written as null', async () => {
  assert.deepEqual((await list({ metadata: {}, items: null })).items, []);
});

// whoever takes it for an empty list takes blocks from every node
test('what is no list is not an empty list', async () => {
  await assert.rejects(list({}), { name: 'KubeError', message: /something else than a list/ });
});
