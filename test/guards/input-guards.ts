import type { Guard } from './guard.ts';

const DECODER = 'test/fuzz/netlink-decoder.test.ts';

export const INPUT_GUARDS: readonly Guard[] = [
  {
    name: 'a network configuration that is not JSON',
    file: 'src/cni/network-config.ts',
    from: "throw new CniError(CNI_CODE.decode, 'the network configuration is not JSON', (cause as Error).message, { cause });",
    to: 'throw cause;',
    tests: ['test/fuzz/coild-input.test.ts'],
  },
  {
    name: 'the end of what the kernel said',
    file: 'src/netlink/native-bytes.ts',
    from: 'if (at >= 0 && at + length <= bytes.length) return;',
    to: 'if (at + length > 0) return;',
    tests: [DECODER],
  },
  {
    name: 'the length of an attribute',
    file: 'src/netlink/attributes.ts',
    from: 'if (length < HEADER || at + length > bytes.length) {',
    to: 'if (length < HEADER) {',
    tests: [DECODER],
  },
  {
    name: 'the length of a message',
    file: 'src/netlink/message.ts',
    from: 'if (length < HEADER || at + length > bytes.length) {',
    to: 'if (length < HEADER) {',
    tests: [DECODER],
  },
  {
    name: 'the key of a value that is corrupted',
    file: 'src/store/etcd/block-document.ts',
    from: "if (!CoilError.is(cause, 'corrupt-data')) throw cause;",
    to: 'if (cause !== undefined) throw cause;',
    tests: ['test/fuzz/etcd-values.test.ts'],
  },
  {
    name: 'the address whose value is corrupted',
    file: 'src/store/etcd/address-values.ts',
    from: '{ block, offset, assignment: UNREADABLE, revision: entry.revision }',
    to: 'undefined',
    tests: ['test/etcd/v1-data.test.ts'],
  },
  {
    name: 'the address that is taken by a corrupted value',
    file: 'src/store/etcd/etcd-addresses.ts',
    from: '.flatMap((entry) => readAddressAnyhow(keys, block, entry, []) ?? []),',
    to: '.map((entry) => readAddress(keys, block, entry)),',
    tests: ['test/etcd/v1-data.test.ts'],
  },
  {
    name: 'block documents that are no object',
    file: 'src/store/etcd/block-document.ts',
    from: 'if (!isRecord(members)) throw',
    to: 'if (members === undefined) throw',
    tests: ['src/store/etcd/block-document.test.ts'],
  },
  {
    name: 'the request for a block that is corrupted',
    file: 'src/store/etcd/block-acquisition.ts',
    from: 'readRequests(requests, this.#unreadable)',
    to: 'readRequests(requests, undefined)',
    tests: ['test/etcd/block-acquisition.test.ts'],
  },
  {
    name: 'the blocks of a gone node beside a corrupted value',
    file: 'src/store/etcd/etcd-node-release.ts',
    from: ', signal, kept)) {',
    to: ', signal)) {',
    tests: ['test/etcd/damage.test.ts'],
  },
  {
    name: 'the block whose owner key is corrupted',
    file: 'src/store/etcd/node-view.ts',
    from: 'if (owned && !removed) readOwner(entry);',
    to: '',
    tests: ['test/etcd/damage.test.ts'],
  },
  {
    name: 'the block of a pool that is corrupted',
    file: 'src/store/etcd/block-adoption.ts',
    from: 'if (unreadable[0] && !blocks.every(isPlaced)) throw unreadable[0];',
    to: '',
    tests: ['test/etcd/damage.test.ts'],
  },
];
