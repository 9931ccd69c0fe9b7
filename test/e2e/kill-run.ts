import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { asProcess, type CniClient } from '../contract/cni-client.ts';
import { stateOf } from './attachment-state.ts';
import { CoildProcess } from './coild-process.ts';
import type { OpenDatastore } from './datastores.ts';
import { eventually } from './eventually.ts';
import { type KillPoint, killPoints, type NamedPoint, type StepReport } from './kill-point.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Sandbox } from './sandbox.ts';

const FAILING_COILD = join(import.meta.dirname, 'failing-coild.ts');
/** More than the points of a call. */
const POOLS = 60;
const ENDLESS: StepReport = { report: '/dev/null' };

/** What an ADD and its DEL leave behind where nothing disturbs them, and the points at which coild can be killed. */
interface Undisturbed {
  readonly attached: readonly string[];
  readonly detached: readonly string[];
  readonly points: readonly NamedPoint[];
}

/**
 * Kills coild at each of the points of an ADD and of a DEL, repeats the call with a new coild, and compares what there
 * is in the datastore and the kernel then with what an undisturbed call leads to. Each ADD has a pool of its own, so that
 * it acquires a block. A coild that is started after one point is armed for the next: it serves the repeated call, and
 * dies in the one after. Gives the points.
 */
export async function killAtEvery(
  openDatastore: OpenDatastore,
  isWanted: (point: NamedPoint) => boolean,
): Promise<readonly NamedPoint[]> {
  const pools = Array.from({ length: POOLS }, (_, i) => [`ns${i}`, `${subnetOf(i)}0.0/24`, 4] as const);
  await using node = await NodeUnderTest.create(openDatastore, { pools });
  const client = asProcess(node.dist.coil);
  const { points, ...expected } = await undisturbed(node, client);
  const wanted = points.filter(isWanted);
  const adds = wanted.filter(({ verb }) => verb === 'ADD');
  const dels = wanted.filter(({ verb }) => verb === 'DEL');
  assert.ok(adds.length >= dels.length && dels.length > 0 && adds.length < POOLS);

  let coild = await start(node, adds[0]!);
  for (const [i, add] of adds.entries()) {
    const del = dels[i % dels.length]!;
    const subnet = subnetOf(i + 1);
    const sandbox = await Sandbox.create(node, client, { namespace: `ns${i + 1}` });
    await sandbox.call('ADD');
    assert.equal(await coild.ended(), 'SIGKILL', nameOf(add));
    coild = await start(node, del);
    const result = await sandbox.add();
    await settledAs(expected.attached, () => stateOf(node, sandbox, subnet), nameOf(add));
    await sandbox.succeed('CHECK', { netconf: { prevResult: result } });

    await sandbox.call('DEL');
    assert.equal(await coild.ended(), 'SIGKILL', nameOf(del));
    coild = await start(node, adds[i + 1] ?? ENDLESS);
    await sandbox.del();
    await settledAs(expected.detached, () => stateOf(node, sandbox, subnet), nameOf(del));
    await node.removePod(sandbox.netns);
  }
  return wanted;
}

/** The kernel tells of carriers, and coild deletes links, a moment later. */
async function settledAs(
  expected: readonly string[],
  state: () => Promise<readonly string[]>,
  message: string,
): Promise<void> {
  const isSettled = async () => isDeepStrictEqual(await state(), expected);
  await eventually('all is as after an undisturbed call', isSettled).catch(async () =>
    assert.deepEqual(await state(), expected, message),
  );
}

/** The beginning of a pool's addresses. */
function subnetOf(i: number): string {
  return `10.${i + 1}.`;
}

function nameOf({ verb, when, what }: NamedPoint): string {
  return `killed in ${verb}, ${when} ${what}`;
}

async function undisturbed(node: NodeUnderTest, client: CniClient): Promise<Undisturbed> {
  const report = join(node.folder, 'steps');
  await using coild = await start(node, { report });
  const sandbox = await Sandbox.create(node, client, { namespace: 'ns0' });
  await sandbox.add();
  const attached = await stateOf(node, sandbox, subnetOf(0));
  await sandbox.del();
  const links = () => node.netns.ip('-oneline link show');
  await eventually('the link is gone', async () => !(await links()).includes(sandbox.hostLink));
  const detached = await stateOf(node, sandbox, subnetOf(0));
  await coild.stop();
  return { attached, detached, points: killPoints(await readFile(report, 'utf8')) };
}

async function start(node: NodeUnderTest, mode: KillPoint | StepReport): Promise<CoildProcess> {
  const coild = CoildProcess.spawn({
    executable: [process.execPath, FAILING_COILD],
    netns: node.netns.path,
    flags: node.flags('--http='),
    env: {
      COIL_NODE_NAME: 'node1',
      FAILING_COILD: JSON.stringify(mode),
      NODE_COMPILE_CACHE: join(node.folder, 'compiled'),
    },
  });
  node.adopt(coild);
  await coild.logged('coild is listening');
  return coild;
}
