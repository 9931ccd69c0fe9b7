import type { Guard } from './guard.ts';

const RECLAIM = 'test/contract/reclaim.test.ts';
const BOOTS = 'test/contract/reclaim-boot.test.ts';
const GARBAGE = 'test/contract/garbage-collection.test.ts';

export const LEAK_GUARDS: readonly Guard[] = [
  {
    name: 'the re-check',
    file: 'src/ipam/leak-release.ts',
    from: '!(await stands(until))',
    to: '!(stands instanceof Function)',
    tests: [RECLAIM],
  },
  {
    name: 'the second proof',
    file: 'src/ipam/leak-judge.ts',
    from: "proofs.has('node') && (proofs.has('runtime') || proofs.has('api'))",
    to: "proofs.has('node')",
    tests: [RECLAIM],
  },
  {
    name: 'the runtime that cannot be asked',
    file: 'src/ipam/leak-judge.ts',
    from: 'await this.#askRuntime(all, unlinked, signal);',
    to: '(await this.#askRuntime(all, unlinked, signal)) ?? new Map();',
    tests: [RECLAIM],
    only: 'down proves nothing',
  },
  {
    name: 'the proof that has to hold',
    file: 'src/ipam/leak-suspects.ts',
    from: 'before !== undefined && isProven(held)',
    to: 'before !== undefined',
    tests: [RECLAIM, 'test/contract/reclaim-regressions.test.ts'],
  },
  {
    name: 'the grace',
    file: 'src/ipam/leak-suspects.ts',
    from: 'now - suspicion.since >= this.#graceMs && goesOn',
    to: 'this.#graceMs >= 0 && goesOn',
    tests: [RECLAIM],
  },
  {
    name: 'no judgement of a state that is not fresh',
    file: 'src/ipam/reclaim.ts',
    from: 'if (!sync.isFresh) return this.#suspects.clear();',
    to: '',
    tests: [RECLAIM],
  },
  {
    name: 'no judgement without the datastore',
    file: 'src/ipam/judged-sync.ts',
    from: 'sync.isFresh && !isOffline()',
    to: 'sync.isFresh',
    tests: ['src/ipam/judged-sync.test.ts'],
  },
  {
    name: 'the reboot that is known',
    file: 'src/ipam/boot-reclaim.ts',
    from: 'if (last !== undefined) {',
    to: 'if (last !== current) {',
    tests: [BOOTS],
  },
  {
    name: 'what was recorded before a reboot, at whatever revision',
    file: 'src/ipam/boot-reclaim.ts',
    from: 'attachmentsOf(stillThere(recorded, state.records))',
    to: 'recorded',
    tests: [BOOTS, 'test/offline/reboot.test.ts'],
  },
  {
    name: 'what was attached since the reboot',
    file: 'src/ipam/boot-reclaim.ts',
    from: 'formatIpAssignment(assignment)',
    to: 'assignment.containerId',
    tests: [BOOTS],
  },
  {
    name: 'the boot that is not recorded before all is freed',
    file: 'src/ipam/boot-reclaim.ts',
    from: 'if (!(await this.#freeUnlinked(recorded, signal))) return false;',
    to: 'await this.#freeUnlinked(recorded, signal);',
    tests: [BOOTS],
  },
  {
    name: 'the dry run',
    file: 'src/ipam/leak-release.ts',
    from: '} else if (this.#dryRun) {',
    to: '} else if (this.#dryRun === undefined) {',
    tests: [RECLAIM],
  },
  {
    name: "the Pod's UID",
    file: 'src/ipam/leak-judge.ts',
    from: 'if (uids?.has(podUid))',
    to: 'if (uids && uids.size > 0)',
    tests: ['test/contract/reclaim-regressions.test.ts'],
  },
  {
    name: 'the sandbox that runs',
    file: 'src/ipam/leak-judge.ts',
    from: '      if (sandbox?.ready) continue;\n',
    to: '',
    tests: [RECLAIM],
  },
  {
    name: 'the network that GC is of',
    file: 'src/cni/garbage-collection.ts',
    from: 'attachment.network === config.name && ',
    to: '',
    tests: [GARBAGE],
  },
  {
    name: 'the ADDs under way while GC is',
    file: 'src/cni/garbage-collection.ts',
    from: 'const stands = async () => !added.has(attachment);',
    to: 'const stands = async () => added !== undefined;',
    tests: [GARBAGE],
  },
  {
    name: 'the ADDs done while GC waits for its turn',
    file: 'src/coild/cni-api.ts',
    from: 'waiting.use(adds.since()) : undefined;',
    to: '{ has: () => false, [Symbol.dispose]: () => undefined } : undefined;',
    tests: ['src/coild/cni-api.test.ts'],
  },
];
