import type { Guard } from './guard.ts';

const LIFE = 'test/e2e/coild-lifecycle.test.ts';

export const NETWORK_GUARDS: readonly Guard[] = [
  {
    name: "the Pod's lock where its network is mended",
    file: 'src/coild/pod-mender.ts',
    from: 'await this.#deps.lock.run(podKey(pod), signal, () => this.#mendLocked(pod, signal))',
    to: 'await this.#mendLocked(pod, signal)',
    tests: ['test/contract/network-guard.test.ts'],
  },
  {
    name: "the look whether a Pod's record is still there",
    file: 'src/coild/pod-mender.ts',
    from: '() => this.#isWanted(pod, attachment)',
    to: '() => attachment !== undefined || this.#isWanted(pod, attachment)',
    tests: ['test/contract/network-guard.test.ts'],
  },
  {
    name: "others' routes in table 119",
    file: 'src/podnet/netlink-block-exporter.ts',
    from: 'const filter = { table: this.#table.tableId, protocol: this.#table.protocolId };',
    to: 'const filter = { table: this.#table.tableId };',
    tests: ['test/kernel/netlink-block-exporter-contract.test.ts', 'test/kernel/netlink-block-exporter.test.ts'],
  },
  {
    name: 'dumps that were interrupted',
    file: 'src/netlink/consistent-dump.ts',
    from: "pending.interrupted || NetlinkError.is(pending.error, 'EINTR', 'ENOBUFS')",
    to: "NetlinkError.is(pending.error, 'EINTR', 'ENOBUFS')",
    tests: ['src/netlink/consistent-dump.test.ts'],
  },
  {
    name: 'exported routes that are right',
    file: 'src/podnet/netlink-block-exporter.ts',
    from: 'if (isRight(route, loopback) && wanted.has(block) && !exported.has(block)) exported.add(block);',
    to: 'if (exported.has(block)) exported.add(block);',
    tests: [LIFE],
    only: 'a restart after SIG',
    built: true,
  },
  {
    name: "a Pod's routes that are right",
    file: 'src/podnet/side-state.ts',
    from: '      .filter((wanted) => !routes.some((actual) => sameRoute(wanted, actual)))\n',
    to: '',
    tests: [LIFE],
    only: 'a restart after SIG',
    built: true,
  },
  {
    name: 'notifications that were lost',
    file: 'src/podnet/netlink-network-changes.ts',
    from: 'if (unknown || lost) {',
    to: 'if (unknown) {',
    tests: ['test/kernel/network-guard.test.ts'],
  },
  {
    name: 'the owner of a link',
    file: 'src/podnet/link-ownership.ts',
    from: 'return host.alias === ownerAlias(detachment.containerId, detachment.ifname);',
    to: "return host.alias !== '';",
    tests: ['test/kernel/netlink-pod-network-contract.test.ts'],
  },
  {
    name: 'the pace of repairs',
    file: 'src/coild/repair-pace.ts',
    from: 'strikes.count < FREE',
    to: 'strikes.count > 0',
    tests: ['test/contract/network-guard.test.ts'],
  },
  {
    name: 'the failure of an export',
    file: 'src/ipam/block-keeper.ts',
    from: 'if (!signal.aborted) this.#failure = errorText(error);',
    to: '',
    tests: ['test/contract/node-ipam.test.ts'],
  },
  {
    name: 'the next try of an export',
    file: 'src/ipam/node-ipam.ts',
    from: "        if (CoilError.is(error, 'network')) void keeper.exportUntilDone(this.#deps.signal);\n",
    to: '',
    tests: ['test/contract/node-ipam.test.ts'],
  },
];
