import { Netns } from '../../src/netlink/netns.ts';
import { ip } from '../kernel/kernel-fixture.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { eventually } from './eventually.ts';
import { podLinks } from './kernel-state.ts';
import type { CallOptions, Sandbox } from './sandbox.ts';

/** A DEL after an ADD: how it is called, and what happened to the sandbox before. */
interface Deletion {
  readonly name: string;
  readonly before?: (sandbox: Sandbox) => Promise<unknown>;
  readonly options?: CallOptions;
}

const DELETIONS: readonly Deletion[] = [
  { name: 'DEL' },
  { name: 'a second DEL', before: (sandbox) => sandbox.del() },
  { name: 'DEL with CNI_NETNS empty', options: { env: { CNI_NETNS: '' } } },
  { name: 'DEL with CNI_NETNS not set', options: { env: { CNI_NETNS: undefined } } },
  { name: 'DEL without CNI_ARGS', options: { env: { CNI_ARGS: undefined } } },
  {
    name: 'DEL without CNI_ARGS and CNI_NETNS',
    options: { env: { CNI_ARGS: undefined, CNI_NETNS: undefined } },
  },
  { name: 'DEL with a prevResult of others', options: { netconf: { prevResult: { cniVersion: '1.1.0' } } } },
  { name: 'DEL in 0.3.0', options: { netconf: { cniVersion: '0.3.0' } } },
  {
    name: 'DEL after the link was deleted',
    before: ({ node, hostLink }) => node.netns.ip(`link delete ${hostLink}`),
  },
  {
    name: 'DEL after the routes were deleted',
    before: ({ node, hostLink }) => node.netns.ip(`route flush dev ${hostLink}`),
  },
];

/** DEL. */
export const DEL_CASES: readonly ConformanceCase[] = [
  ...DELETIONS.map(
    ({ name, before, options }): ConformanceCase => ({
      name: `${name} succeeds, and leaves nothing`,
      async run(scene) {
        const sandbox = await scene.sandbox();
        await scene.restoredAfter(async () => {
          await sandbox.add();
          await before?.(sandbox);
          await sandbox.del(options);
        });
      },
    }),
  ),
  ...[{}, { env: { CNI_ARGS: undefined } }, { env: { CNI_NETNS: undefined } }].map(
    (options): ConformanceCase => ({
      name: `DEL without ADD succeeds, and changes nothing: ${JSON.stringify(Object.keys(options.env ?? {}))} not set`,
      async run(scene) {
        const sandbox = await scene.sandbox();
        await scene.unchangedBy(() => sandbox.del(options));
      },
    }),
  ),
  ...['the namespace', 'the path of a namespace that lives on'].map(
    (what, held): ConformanceCase => ({
      name: `DEL after ${what} has gone succeeds, and leaves nothing`,
      async run(scene) {
        const sandbox = await scene.sandbox();
        const { node, netns } = sandbox;
        await node.removePod(netns);
        await scene.restoredAfter(async () => {
          await ip(`netns add ${netns.name}`);
          await sandbox.add();
          using _open = held ? Netns.open(netns.path) : undefined;
          await ip(`netns delete ${netns.name}`);
          await sandbox.del();
          await eventually('the link is gone', async () => !(await podLinks(node.netns)).includes(sandbox.hostLink));
        });
      },
    }),
  ),
];
