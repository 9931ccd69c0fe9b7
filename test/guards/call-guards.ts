import type { Guard } from './guard.ts';

const API = 'src/coild/cni-api.test.ts';
const FAULTS = 'test/contract/cni-client-spool-faults.test.ts';

export const CALL_GUARDS: readonly Guard[] = [
  {
    name: 'one coild of a node',
    file: 'src/coild/node-lock.ts',
    from: 'if (held) return held;',
    to: 'return held ?? { [Symbol.dispose]: () => undefined };',
    tests: ['test/e2e/node-session.test.ts'],
    built: true,
  },
  {
    name: 'the spooled DEL before the ADD',
    file: 'src/coild/del-spool.ts',
    from: 'if (this.#folder.has(name)) await this.#replay(name, signal);',
    to: '',
    tests: ['src/coild/del-spool.test.ts'],
  },
  {
    name: 'the DEL that ends its ADDs',
    file: 'src/coild/cni-turns.ts',
    from: '        await this.#pending.end(attachment, signal);\n',
    to: '',
    tests: [API],
  },
  {
    name: 'the answer in time',
    file: 'src/coild/cni-api.ts',
    from: 'await abortable(served, turn.signal)',
    to: 'await served',
    tests: [API],
  },
  {
    name: 'the calls that may wait',
    file: 'src/coild/bounded-turns.ts',
    from: 'this.#queue.size < waiting',
    to: 'waiting > 0',
    tests: ['test/e2e/coild-bounds.test.ts'],
    only: 'the others are told to come again',
    built: true,
  },
  {
    name: "the plugin's deadline",
    file: 'launcher/deadline.h',
    from: 'poll(&p, 1, (int)left)',
    to: 'poll(&p, 1, -1)',
    tests: ['test/contract/cni-client.test.ts'],
    only: 'gives up on a coild that hangs',
  },
  {
    name: "the plugin's deadline, where it connects",
    file: 'launcher/coil.c',
    from: 'setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0',
    to: 'limit.tv_sec >= 0',
    tests: ['test/contract/cni-client-streams.test.ts'],
    only: 'waits for room in the queue',
  },
  {
    name: 'the name of a spooled DEL that is not whole',
    file: 'launcher/spool.h',
    from: 'snprintf(partial, sizeof partial, "%.16s.%d.tmp", name, (int)getpid());',
    to: 'snprintf(partial, sizeof partial, "%s", name);',
    tests: [FAULTS],
    only: 'launcher/coil.c, killed',
  },
  {
    name: 'the spooled DEL on disk',
    file: 'launcher/spool.h',
    from: 'fsync(fd) == 0 && ',
    to: '',
    tests: [FAULTS],
    only: 'launcher/coil.c syncs',
  },
  {
    name: 'the bound of the spool',
    file: 'launcher/spool.h',
    from: 'if (others >= SPOOL_FILES) return wrong;',
    to: '',
    tests: ['test/contract/cni-client-spool.test.ts'],
  },
  {
    name: 'spooled files that others may write to',
    file: 'src/coild/spool-file.ts',
    from: "  if ((found.mode & OTHERS_MAY_WRITE) !== 0) throw new UnsoundSpoolError('others may write to it');\n",
    to: '',
    tests: ['src/coild/del-spool.test.ts'],
  },
  {
    name: 'the room that silent connections make',
    file: 'src/coild/limit-connections.ts',
    from: 'const [longest] = quiet;',
    to: 'const longest = [...connections].at(-1);',
    tests: ['src/coild/limit-connections.test.ts'],
  },
];
