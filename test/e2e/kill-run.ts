import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { asProcess, type CniClient } from '../contract/cni-client.ts';
import { command } from '../kernel/kernel-fixture.ts';
import { stateOf } from './attachment-state.ts';
import { CoildProcess } from './coild-process.ts';
import type { OpenDatastore } from './datastores.ts';
import { eventually } from './eventually.ts';
import { type KillPoint, killPoints, type NamedPoint, type StepReport, UNREACHED } from './kill-point.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { addressesOf, Sandbox } from './sandbox.ts';

const FAILING_COILD = join(import.meta.dirname, 'failing-coild.ts');
/** More than the points of a call. */
const POOLS = 60;
/** As a runtime may leave it: what then has to be written is a step too. */
const WITHOUT_IPV6 = 'net.ipv6.conf.default.disable_ipv6=1';
/** Of the steps at a call's end, so many may share a commit of the journal, or not. */
const UNSURE_STEPS = 4;
const ENDLESS: StepReport = { report: '/dev/null' };

/** What an ADD and its DEL leave behind where nothing disturbs them, and the points at which coild can be killed, its start too. */
interface Undisturbed {
  readonly attached: readonly string[];
  readonly detached: readonly string[];
  readonly points: readonly NamedPoint[];
}

/**
 * Kills coild at each of the points of an ADD and of a DEL, repeats the call with a new coild, and compares what there
 * is in the datastore and the kernel then with what an undisturbed call leads to. Each ADD has a pool of its own, with
 * IPv4 and IPv6, so that it acquires a block of each. A coild that is started after one point is armed for the next: it
 * serves the repeated call, and dies in the one after. Before the repetition of an ADD, one more may die as it starts.
 * Gives the points.
 */
export async function killAtEvery(
  openDatastore: OpenDatastore,
  isWanted: (point: NamedPoint) => boolean,
): Promise<readonly NamedPoint[]> {
  const pools = Array.from({ length: POOLS }, (_, i) => poolOf(i));
  await using node = await NodeUnderTest.create(openDatastore, { pools });
  const client = asProcess(node.dist.coil);
  const { points, ...expected } = await undisturbed(node, client);
  const wanted = points.filter(isWanted);
  const adds = wanted.filter(({ verb }) => verb === 'ADD');
  const dels = wanted.filter(({ verb }) => verb === 'DEL');
  const starts = wanted.filter(({ verb }) => verb === 'START');
  assert.ok(adds.length >= dels.length && dels.length > 0 && adds.length < POOLS);
  assert.ok(adds.length >= starts.length && starts.length > 0);

  const died = async (doomed: CoildProcess, point: NamedPoint) => {
    const steps = points.filter(({ verb }) => verb === point.verb).length / 2;
    const isUnsure = point.at >= steps - UNSURE_STEPS;
    const end = await doomed.ended();
    assert.ok(end === 'SIGKILL' || (end === UNREACHED && isUnsure), `not ${nameOf(point)}, but ended by ${end}`);
  };

  let coild = await start(node, adds[0]!);
  for (const [i, add] of adds.entries()) {
    const del = dels[i % dels.length]!;
    const subnets = subnetsOf(i + 1);
    const sandbox = await createSandbox(node, client, i + 1);
    await sandbox.call('ADD');
    await died(coild, add);
    const starting = starts[i];
    if (starting) await died(spawn(node, starting), starting);
    coild = await start(node, del);
    const result = await sandbox.add();
    await settledAs(expected.attached, () => stateOf(node, sandbox, subnets), nameOf(add));
    await sandbox.succeed('CHECK', { netconf: { prevResult: result } });

    await sandbox.call('DEL');
    await died(coild, del);
    coild = await start(node, adds[i + 1] ?? ENDLESS);
    await sandbox.del();
    await settledAs(expected.detached, () => stateOf(node, sandbox, subnets), nameOf(del));
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

/** The beginnings of a pool's addresses. */
function subnetsOf(i: number): readonly [ipv4: string, ipv6: string] {
  return [`10.${i + 1}.`, `fd00:${i + 1}:`];
}

function poolOf(i: number) {
  const [ipv4, ipv6] = subnetsOf(i);
  return [`ns${i}`, [`${ipv4}0.0/24`, `${ipv6}:/120`], 4] as const;
}

function nameOf({ verb, when, what }: NamedPoint): string {
  return `killed in ${verb}, ${when} ${what}`;
}

async function undisturbed(node: NodeUnderTest, client: CniClient): Promise<Undisturbed> {
  const [startReport, report] = [join(node.folder, 'start-steps'), join(node.folder, 'steps')];
  await using starting = await start(node, { report: startReport });
  await starting.logged('read the state of this node');
  await starting.stop();
  await using coild = await start(node, { report });
  const sandbox = await createSandbox(node, client, 0);
  const result = await sandbox.add();
  assert.equal(addressesOf(result).length, 2);
  const attached = await stateOf(node, sandbox, subnetsOf(0));
  await sandbox.del();
  const links = () => node.netns.ip('-oneline link show');
  await eventually('the link is gone', async () => !(await links()).includes(sandbox.hostLink));
  const detached = await stateOf(node, sandbox, subnetsOf(0));
  await coild.stop();
  const steps = await readFile(report, 'utf8');
  const points = [
    ...killPoints(await readFile(startReport, 'utf8'), 'START'),
    ...killPoints(steps, 'ADD'),
    ...killPoints(steps, 'DEL'),
  ];
  return { attached, detached, points };
}

/** Of the pool of that number. */
async function createSandbox(node: NodeUnderTest, client: CniClient, i: number): Promise<Sandbox> {
  const sandbox = await Sandbox.create(node, client, { namespace: `ns${i}` });
  await command('nsenter', `--net=${sandbox.netns.path}`, 'sysctl', '--quiet', '--write', WITHOUT_IPV6);
  return sandbox;
}

async function start(node: NodeUnderTest, mode: KillPoint | StepReport): Promise<CoildProcess> {
  const coild = spawn(node, mode);
  await coild.logged('coild is listening');
  return coild;
}

function spawn(node: NodeUnderTest, mode: KillPoint | StepReport): CoildProcess {
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
  return coild;
}
