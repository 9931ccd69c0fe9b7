import { setImmediate as turn } from 'node:timers/promises';
import type { FullAttachmentRequest } from '../../src/cni/cni-request.ts';
import { CoilError } from '../../src/model/error.ts';
import type { OpenedStore } from '../../src/store/open-store.ts';
import { added, deleted, failed } from './answers.ts';
import type { LateChange, SentEnd } from './coild-store.ts';
import type { ModelFixture } from './datastores.ts';
import type { HeldCall } from './gate.ts';
import { type ModelCoild, ModelNode, requestFor } from './model-node.ts';
import { OrderChecks } from './order-checks.ts';
import { Sandbox, type SandboxCall } from './sandbox.ts';
import { NOTHING, readTruth, type Truth, withJournals } from './truth.ts';

type Verb = 'ADD' | 'DEL';

/** Of each node; the others are attached by CNI. */
const REST_POD = 1;

export interface WorldOptions {
  readonly nodes: number;
  /** Pods of each node; each has two sandboxes, one after the other as a rule. */
  readonly pods: number;
  readonly restMs: number;
  /** Folder for the nodes' journals; undefined where they have none. */
  readonly journals?: string | undefined;
  /** How each coild opens the datastore, for terms of its own; by default, all share the test's way to it. */
  readonly openFor?: ModelFixture['openFor'];
}

/** Nodes over one datastore, what their Pods were promised, and a clock that stands. */
export class World {
  readonly store: OpenedStore;
  readonly nodes: readonly ModelNode[];
  readonly sandboxes: readonly Sandbox[];
  /** Calls of processes that are gone, or that were given up: the datastore may still carry them out. */
  readonly late: { readonly node: ModelNode; readonly name: string; readonly make: LateChange }[] = [];
  /** What happened, a line each. */
  readonly log: string[] = [];
  /** Nodes that somebody else took something from, and that have not heard of it. */
  readonly behind = new Set<ModelNode>();
  /** Whether what is made at this moment is one of the late calls. */
  isMakingLate = false;
  /** How often the owner of a block changed. */
  readonly ownerships = new Map<string, number>();
  /** Nodes from which somebody else took something since their coild began. */
  readonly #hasLostAddresses = new Set<ModelNode>();
  /** How often a block has come to a node, or gone from it. */
  readonly #ownershipsOf = new Map<string, number>();
  #now = 0;
  /** Scans and garbage collections under way. */
  readonly #rounds = new Map<ModelCoild, number>();
  /** What stands in the datastore. */
  stored: Truth = NOTHING;
  /** The same, with what the nodes' journals have to tell it. */
  truth: Truth = NOTHING;
  readonly #hasTerms: boolean;
  #isStale = true;
  #failure: unknown;

  constructor(store: OpenedStore, { nodes, pods, restMs, journals, openFor }: WorldOptions) {
    this.store = store;
    this.#hasTerms = openFor !== undefined;
    const order = new OrderChecks(this);
    const deps = {
      openFor: openFor ?? (() => ({ store })),
      restMs,
      journals,
      observer: {
        allocating: order.allocating.bind(order),
        freed: order.freed.bind(order),
        releasing: order.releasing.bind(order),
        released: order.released.bind(order),
        changed: () => this.changed(),
        asking: this.#asking.bind(this),
        ownerships: (node: string) => this.#ownershipsOf.get(node) ?? 0,
      },
      exporting: order.exporting.bind(order),
      refused: this.#refusedByLink.bind(this),
      sandboxesOf: this.sandboxesOf.bind(this),
      clock: () => this.now,
    };
    this.nodes = Array.from({ length: nodes }, (_, i) => new ModelNode(`node${i + 1}`, deps));
    this.sandboxes = this.nodes.flatMap((node) =>
      Array.from({ length: 2 * pods }, (_, i) => {
        const pod = i >> 1;
        return new Sandbox(node, { pod: `${node.name}-pod${pod}`, index: i & 1, isRest: pod === REST_POD });
      }),
    );
  }

  /** All calls that are held, of all nodes. */
  get held(): readonly { readonly node: ModelNode; readonly call: HeldCall }[] {
    return this.nodes.flatMap((node) => (node.coild?.gate.calls ?? []).map((call) => ({ node, call })));
  }

  /** All calls for sandboxes that are under way. */
  get calls(): readonly SandboxCall[] {
    return this.sandboxes.flatMap(({ calls }) => [...calls]);
  }

  isIdle(node: ModelNode): boolean {
    const coild = node.coild!;
    const isAsked = this.calls.some(({ sandbox }) => sandbox.node === node);
    return !isAsked && !this.#rounds.has(coild) && !coild.reclaim.isLooking;
  }

  sandboxesOf(node: ModelNode): readonly Sandbox[] {
    return this.sandboxes.filter((sandbox) => sandbox.node === node);
  }

  /** In milliseconds. */
  get now(): number {
    return this.#now;
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const sandbox of this.sandboxes) sandbox.grow(ms);
  }

  /** Begins a call for a sandbox. The node's coild must run. */
  begin(verb: 'ADD' | 'DEL', sandbox: Sandbox): void {
    const { node, pod } = sandbox;
    const coild = node.coild!;
    const call = sandbox.begin(verb);
    call.isBehind = this.behind.has(node);
    call.mayFail ||= coild.offline?.isOffline ?? false;
    const request = requestFor(sandbox);
    const { signal } = call.abort;
    if (verb === 'ADD') {
      for (const other of this.sandboxes) if (other.pod === pod && other !== sandbox) compete(call, other);
      if (node.links.interfaces(request.netns) === undefined) node.links.addNetns(request.netns);
    }
    const asked = sandbox.isRest ? rest(coild, verb, request, signal) : cni(coild, verb, request, signal);
    asked.then(
      (addresses) =>
        this.#answered(call, () => (verb === 'ADD' ? added(call, addresses, this.truth) : deleted(call, this.truth))),
      (error: unknown) => this.#answered(call, () => failed(call, error, this.truth)),
    );
  }

  scan(coild: ModelCoild, keepMs: number): void {
    this.#during(coild, coild.scan(keepMs));
  }

  /** CNI's GC, by a runtime that has these. */
  collect(coild: ModelCoild, valid: readonly Sandbox[]): void {
    this.#during(coild, coild.collect(valid));
  }

  #during(coild: ModelCoild, round: Promise<void>): void {
    this.#rounds.set(coild, (this.#rounds.get(coild) ?? 0) + 1);
    const over = () => {
      const left = this.#rounds.get(coild)! - 1;
      if (left === 0) this.#rounds.delete(coild);
      else this.#rounds.set(coild, left);
    };
    round.then(over, over);
  }

  /** What goes on at this node is not to be judged by its failing. */
  disturb(node: ModelNode): void {
    for (const call of this.calls) {
      if (call.sandbox.node !== node) continue;
      if (node.hasJournal) call.mayFail = true;
      else call.isDisturbed = true;
    }
  }

  /** The kernel of this node refused something. */
  refuse(node: ModelNode): void {
    for (const call of this.calls) if (call.sandbox.node === node) call.isRefused = true;
    this.#leaveLinks(node);
  }

  /** Links that are not set up yet may stay as they are. */
  #leaveLinks(node: ModelNode): void {
    for (const sandbox of this.sandboxesOf(node)) if (sandbox.hasUnclaimedLink) sandbox.isFromBefore = false;
  }

  /** The next coild, which finds no record of this boot, knows by the link alone that a Pod has come with it. */
  async #doubtUnlinked(node: ModelNode): Promise<void> {
    const last = await this.store.readBoot(node.name, AbortSignal.timeout(10_000));
    if (last === undefined || last === node.bootId) return;
    for (const sandbox of this.sandboxesOf(node)) if (!sandbox.hasLink) sandbox.doubt();
  }

  /** As it may where a Pod lives there with an address that is not recorded for it any more. */
  #refusedByLink({ links }: ModelNode, containerId: string): void {
    const hasUnrecorded = [...links.links].some((name) => {
      const { owner, routes } = links.link(name)!;
      const isTheirs = (address: string) => owner === `${this.truth.records.get(address)?.assignment.containerId}/eth0`;
      return ![...routes].every(isTheirs);
    });
    if (!hasUnrecorded) return;
    for (const call of this.calls) if (call.sandbox.containerId === containerId) call.isRefused = true;
  }

  /** Ends a node's coild as kill -9 does. */
  async kill(node: ModelNode): Promise<void> {
    for (const call of this.calls) if (call.sandbox.node === node) call.sandbox.cut(call);
    this.#rounds.delete(node.coild!);
    this.#leaveLinks(node);
    await this.#doubtUnlinked(node);
    // what an administrator did, and the node has heard of, is longer ago than the journal waits for other news
    if (this.#hasLostAddresses.delete(node)) node.coild!.flush();
    for (const call of node.kill()) await this.leave(node, call, 'killed');
    // with a journal, its next one begins with what this one knew
    if (!node.hasJournal) this.behind.delete(node);
  }

  /** Has a call leave its coild, which hears nothing more of it: it may be carried out late. */
  async leave(node: ModelNode, { name, send }: HeldCall, end: SentEnd): Promise<void> {
    const make = await send?.(end);
    if (make) this.late.push({ node, name, make });
  }

  /** Lets a node's code go on until it waits for something outside. @throws what was found wrong meanwhile */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) await turn();
    for (const node of this.nodes)
      for (const call of node.coild?.gate.takeAborted() ?? [])
        if (this.#hasTerms) await this.leave(node, call, 'aborted');
    if (this.#isStale) {
      const truth = await readTruth(this.store);
      for (const block of new Set([...this.stored.owners.keys(), ...truth.owners.keys()])) {
        const owners = [this.stored.owners.get(block), truth.owners.get(block)];
        if (owners[0] === owners[1]) continue;
        count(this.ownerships, block);
        for (const owner of owners) if (owner !== undefined) count(this.#ownershipsOf, owner);
      }
      this.stored = truth;
      this.#isStale = false;
    }
    this.truth = withJournals(this.stored, this.nodes);
    for (const node of this.behind) if (node.coild?.store.watch?.isHeard(this.stored)) this.behind.delete(node);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Anything in the datastore may be another now. */
  changed(): void {
    this.#isStale = true;
  }

  /** Without terms, changes that a node has given up are done before what it asks for next, or never. */
  #asking(node: string): () => void {
    if (this.#hasTerms) return () => undefined;
    const given = this.late.filter(
      (late) => late.node.name === node && /^(allocate|free|release|writeBoot)/.test(late.name),
    );
    return () => {
      if (this.isMakingLate) return;
      for (const late of given) if (this.late.includes(late)) this.late.splice(this.late.indexOf(late), 1);
    };
  }

  /** Somebody else took something from a node; until it hears of it, it answers from what it knew. */
  lost(node: ModelNode): void {
    this.changed();
    if (node.coild) this.#hasLostAddresses.add(node);
    if (node.coild || node.hasJournal) this.behind.add(node);
  }

  /** A promise that was found broken where nobody could throw. */
  blame(failure: unknown): void {
    this.#failure ??= failure;
  }

  /** Judged when all that led to the answer has been read from the datastore. */
  #answered(call: SandboxCall, judge: () => void): void {
    // a process that is gone answers nobody
    if (!call.sandbox.calls.has(call)) return;
    this.log.push(`  ${call.verb} of ${call.sandbox.containerId} was answered`);
    try {
      judge();
    } catch (error) {
      this.blame(error);
    }
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** An ADD for one sandbox of a Pod takes the link from the other. */
function compete(call: SandboxCall, other: Sandbox): void {
  other.unlink();
  for (const rival of other.calls) {
    if (rival.verb !== 'ADD') continue;
    rival.hasRival = true;
    call.hasRival = true;
  }
}

async function cni(
  { attacher, offline }: ModelCoild,
  verb: Verb,
  request: FullAttachmentRequest,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (verb === 'ADD') return (await attacher.add(request, signal)).addresses.map(String);
  await attacher.del(request, signal);
  offline?.detached(request);
  return [];
}

async function rest(
  { ipam }: ModelCoild,
  verb: Verb,
  { containerId, namespace, pod }: FullAttachmentRequest,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (verb === 'ADD') {
    const { addresses, existed } = await ipam.allocate({ containerId, namespace, pod }, signal);
    if (existed) throw new CoilError('address-in-use', 'conflicted');
    return addresses.map(String);
  }
  return (await ipam.release({ containerId, namespace, pod }, signal)).map(String);
}
