/**
 * The real coild, which kills itself at one step of its start, or of one ADD or DEL: before or after the step of that
 * number. A step is a request to etcd, a commit of SQLite, a batch or dump of netlink, work in a Pod's network namespace
 * (a socket is opened there, a sysctl written), and the answer, whoever asks for it on behalf of the call. A look that is
 * repeated until it finds what it waits for is one step. `FAILING_COILD` in the environment holds a `KillPoint`, or a
 * `StepReport`, as JSON.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { appendFileSync } from 'node:fs';
import { PodAttacher } from '../../src/cni/pod-attacher.ts';
import { NodeSync } from '../../src/ipam/node-sync.ts';
import { NetlinkSocket } from '../../src/netlink/netlink-socket.ts';
import { Netns } from '../../src/netlink/netns.ts';
import { run } from '../../src/process/run.ts';
import { main } from '../../src/programs/coild.ts';
import { EtcdClient } from '../../src/store/etcd/etcd-client.ts';
import { GroupCommit } from '../../src/store/sqlite/group-commit.ts';
import { SqliteDatabase } from '../../src/store/sqlite/sqlite-database.ts';
import { type KillPoint, type StepReport, UNREACHED, type Verb } from './kill-point.ts';

interface Call {
  readonly verb: Verb;
  steps: number;
  /** What the last step does. */
  last?: string;
}

type Method = (...args: never[]) => unknown;

const mode = JSON.parse(process.env.FAILING_COILD ?? '{}') as Partial<KillPoint & StepReport>;
const calls = new AsyncLocalStorage<Call>();
/** Who submitted the changes of the open transaction; undefined for coild itself. */
let submitters: readonly (Call | undefined)[] = [];
/** Where the test has its Pods. */
const POD_NETNS = '/run/netns/';
/** Steps that come after the answer to a call have come by then, and those of a start. */
const AFTER_MS = { ADD: 1000, DEL: 1000, START: 10_000 };
/** How coild waits for what the kernel does a moment later. */
const LOOK = 'netlink: ip route get ';

instead(NodeSync.prototype, 'run', () => '', started);
instead(PodAttacher.prototype, 'add', () => 'answer', served('ADD'));
instead(PodAttacher.prototype, 'del', () => 'answer', served('DEL'));
instead(EtcdClient.prototype, 'transact', (what) => `etcd: ${what}`, asStep);
instead(EtcdClient.prototype, 'read', (what) => `etcd: ${what}`, asStep);
instead(EtcdClient.prototype, 'openWatch', (what) => `etcd: ${what}`, asStep);
attributeGroups();
const operations = (requests: readonly { readonly operation: string }[]) =>
  `netlink: ${requests.map(({ operation }) => operation).join('; ')}`;
instead(NetlinkSocket.prototype, 'batch', (requests) => operations(requests as never), asStep);
instead(NetlinkSocket.prototype, 'dump', (request) => operations([request as never]), asStep);
attributeNetns();
await run(main);

/** Puts something around a method of a class, so that all its objects have it, whoever makes them. */
function instead<T extends object, K extends keyof T & string>(
  prototype: T,
  name: K,
  describe: (first: unknown) => string,
  around: (what: string, work: () => unknown) => unknown,
): void {
  const method = prototype[name] as Method;
  Object.defineProperty(prototype, name, {
    value: function (this: T, ...args: never[]) {
      return around(describe(args[0]), () => method.apply(this, args));
    },
  });
}

/** A commit is a step of the call whose change is in it: many share one, which is run by whoever was the first. */
function attributeGroups(): void {
  const { submit } = GroupCommit.prototype;
  GroupCommit.prototype.submit = function <T>(this: GroupCommit, change: () => T, signal: AbortSignal): Promise<T> {
    const submitter = calls.getStore();
    const noted = () => {
      submitters = [...submitters, submitter];
      return change();
    };
    return (submit<T>).call(this, noted, signal);
  };
  instead(
    SqliteDatabase.prototype,
    'commit',
    () => 'sqlite: commit',
    (what, work) => {
      const call = submitters.length > 0 ? submitters.find((each) => each !== undefined) : calls.getStore();
      submitters = [];
      return call === undefined ? work() : calls.run(call, () => asStep(what, work));
    },
  );
}

/** Whose namespace it is, only the namespace knows. What is opened in the node's own, once, is no step. */
function attributeNetns(): void {
  const { run } = Netns.prototype;
  Netns.prototype.run = function <T>(this: Netns, action: () => T extends PromiseLike<unknown> ? never : T): T {
    const work = () => (run<T>).call(this, action);
    return this.path.startsWith(POD_NETNS) ? (asStep("netns: work in the Pod's", work) as T) : work();
  };
}

function started(_what: string, work: () => unknown): unknown {
  endUnreached('START');
  return calls.run({ verb: 'START', steps: 0 }, work);
}

/** A coild that did not come to its point ends a while after it should have. */
function endUnreached(verb: Verb): void {
  if (mode.verb === verb) setTimeout(() => process.exit(UNREACHED), AFTER_MS[verb]);
}

/** A call of the plugin, whose steps are counted; the last one is its answer. */
function served(verb: Verb): (what: string, work: () => unknown) => unknown {
  return (what, work) =>
    calls.run({ verb, steps: 0 }, async () => {
      const result = await work();
      endUnreached(verb);
      return asStep(what, () => result);
    });
}

function asStep(what: string, work: () => unknown): unknown {
  const call = calls.getStore();
  if (call === undefined || (what.startsWith(LOOK) && call.last === what)) return work();
  call.last = what;
  const at = call.steps++;
  if (mode.report !== undefined) appendFileSync(mode.report, `${call.verb} ${what}\n`);
  const dieIf = (when: KillPoint['when']) => {
    if (mode.verb === call.verb && mode.at === at && mode.when === when) process.kill(process.pid, 'SIGKILL');
  };
  dieIf('before');
  const result = work();
  if (!(result instanceof Promise)) {
    dieIf('after');
    return result;
  }
  return result.finally(() => dieIf('after'));
}
