import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CniError } from './cni-error.ts';
import { parseCniRequest } from './cni-request.ts';
import { parseValidAttachments } from './valid-attachments.ts';

const VALID = 'cni.dev/valid-attachments';
const OLD = 'cni.dev/attachments';
const list = [
  { containerID: 'a', ifname: 'eth0' },
  { containerID: 'a', ifname: 'eth1' },
  { containerID: 'b', ifname: 'eth0', more: 1 },
];
const netconf = (members: object) => JSON.stringify({ cniVersion: '1.1.0', name: 'k8s', ...members });

test('what the runtime has is read, under the name of the specification or under the older one', () => {
  const keys = new Set(['a/eth0', 'a/eth1', 'b/eth0']);
  for (const members of [
    { [VALID]: list },
    { [OLD]: list },
    { [VALID]: list, [OLD]: [] },
    { [VALID]: null, [OLD]: list },
  ])
    assert.deepEqual(parseValidAttachments(netconf(members)), keys);
  assert.deepEqual(parseValidAttachments(netconf({ [VALID]: [] })), new Set());
});

test('GC needs the configuration only', () => {
  const none = { containerId: undefined, netns: undefined, ifname: undefined, args: undefined };
  const { command, request } = parseCniRequest({ command: 'GC', ...none }, netconf({ [VALID]: list }));
  assert.equal(command, 'GC');
  assert.equal(request.config.name, 'k8s');
});

const UNREADABLE: Record<string, object> = {
  'no list at all': {},
  'a list that is null': { [VALID]: null },
  'an object': { [VALID]: {} },
  'a text': { [VALID]: 'a/eth0' },
  'an item that is a text': { [VALID]: ['a/eth0'] },
  'an item without interface': { [VALID]: [{ containerID: 'a' }] },
  'an item with an empty container': { [VALID]: [...list, { containerID: '', ifname: 'eth0' }] },
  'an item with a number': { [VALID]: [{ containerID: 7, ifname: 'eth0' }] },
  "an item in Coil's own spelling": { [VALID]: [{ containerId: 'a', ifname: 'eth0' }] },
};
for (const [what, members] of Object.entries(UNREADABLE)) {
  test(`${what} does not say that nothing is in use`, () => {
    assert.throws(
      () => parseValidAttachments(netconf(members)),
      (error) => error instanceof CniError && error.code === 7 && /nothing was changed/.test(error.message),
    );
  });
}
