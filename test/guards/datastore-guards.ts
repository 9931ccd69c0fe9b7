import type { Guard } from './guard.ts';

const WATCH = 'test/etcd/watch-recovery.test.ts';

export const DATASTORE_GUARDS: readonly Guard[] = [
  {
    name: 'the watch that begins anew',
    file: 'src/ipam/node-sync.ts',
    from: 'this.#isFollowing = false;\n        if (signal.aborted) return;',
    to: 'this.#isFollowing = false;\n        return;',
    tests: [WATCH],
    only: 'a connection that is dropped',
  },
  {
    name: 'history that was compacted',
    file: 'src/store/etcd/watch-stream.ts',
    from: 'else if (compacted > 0) this.fail(',
    to: 'else if (compacted > 0) void (',
    tests: ['test/etcd/watch-stream.test.ts'],
    only: 'history that was compacted',
  },
  {
    name: 'the ping of a connection that is silent',
    file: 'src/grpc/grpc-keepalive.ts',
    from: 'if (bytes === this.#bytesSeen && this.#calls > 0) this.probe();',
    to: '',
    tests: [WATCH],
    only: 'a connection that is silent',
  },
  {
    name: 'the error where changes are more than can wait',
    file: 'src/store/etcd/watch-stream.ts',
    from: '      this.fail(this.#unavailable(reason));\n      this.#call.cancel();\n      return;',
    to: '      return;',
    tests: [WATCH],
    only: 'a consumer that is too slow',
  },
  {
    name: 'what was heard of a datastore before its backup',
    file: 'src/ipam/node-state.ts',
    from: 'if (snapshot.revision < Math.floor(this.#revision)) this.#goBack(snapshot.revision);',
    to: '',
    tests: [WATCH],
    only: 'restored from a backup',
  },
  {
    name: 'the end of a call to etcd',
    file: 'src/store/etcd/etcd-client.ts',
    from: 'const timeoutMs = call.deadline - performance.now();',
    to: 'const timeoutMs = 2 ** 31 - 1;',
    tests: ['test/etcd/deadlines.test.ts'],
    only: 'listPools, where',
  },
  {
    name: 'the end of a request to the API server',
    file: 'src/kube/kube-client.ts',
    from: 'await withDeadline({ ms: REQUEST_MS, signal }, body)',
    to: 'await body(signal)',
    tests: ['src/kube/kube-client.test.ts'],
    only: 'that the API server never answers',
  },
  {
    name: 'the end of a watch that is silent',
    file: 'src/kube/until-silent.ts',
    from: 'await Promise.race([items.next(), silence.promise])',
    to: 'await items.next()',
    tests: ['src/kube/until-silent.test.ts'],
  },
  {
    name: 'the end of a question to the container runtime',
    file: 'src/cri/cri-sandbox-source.ts',
    from: '{}, { timeoutMs: this.#timeoutMs, signal }',
    to: '{}, { timeoutMs: 2 ** 31 - 1, signal }',
    tests: ['src/cri/cri-sandbox-source.test.ts'],
  },
  {
    name: 'the end of a wait for the kernel',
    file: 'src/netlink/open-socket.ts',
    from: 'timeval(options.receiveTimeoutMs)',
    // whoever hung for ever could not be ended by the test
    to: 'timeval(20_000)',
    tests: ['test/kernel/netlink-socket.test.ts'],
  },
  {
    name: 'coild without an answer to where etcd is',
    file: 'src/programs/open-store-soon.ts',
    from: 'if (!isPassing && !signal.aborted) throw error;',
    to: 'throw error;',
    tests: ['test/e2e/coild-late-kubernetes.test.ts'],
    built: true,
  },
  {
    name: "the node's session",
    file: 'src/store/etcd/etcd-node-sessions.ts',
    from: 'const by = entry?.isLeased ? parse(entry) : undefined;',
    to: 'const by = undefined as ReturnType<typeof parse> | undefined;',
    tests: ['test/etcd/node-sessions.test.ts'],
  },
];
