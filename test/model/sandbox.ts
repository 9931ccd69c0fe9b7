import { hostIfname } from '../../src/podnet/host-ifname.ts';
import type { ModelNode } from './model-node.ts';
import { GRACE_MS } from './model-reclaim.ts';

/** A call for a sandbox that is under way. */
export interface SandboxCall {
  readonly verb: 'ADD' | 'DEL';
  readonly sandbox: Sandbox;
  readonly abort: AbortController;
  /** Something that it needs failed, or its node lost blocks, while it was under way. */
  isDisturbed: boolean;
  /** The datastore failed, which its node can do without: it may fail, but where it does not, all holds. */
  mayFail: boolean;
  /** The kernel refused something while it was under way. */
  isRefused: boolean;
  /** Its node did not know all that the datastore held while it was under way. */
  isBehind: boolean;
  /** Another sandbox of the same Pod was attached at the same time: which of them has the link is open. */
  hasRival: boolean;
  /** Verbs of other calls for the same sandbox that were under way at the same time. */
  readonly beside: Set<'ADD' | 'DEL'>;
}

/**
 * What has to be so of a Pod's sandbox, by the answers that its runtime got. 'live': it was told its addresses, which
 * are its own until a DEL begins. 'gone': it was told that nothing is left. 'either': a call failed, or two contrary
 * ones were under way at once, so that the next one decides.
 */
export class Sandbox {
  readonly node: ModelNode;
  readonly pod: string;
  readonly containerId: string;
  readonly podUid: string;
  /** Its addresses are asked for by v1's REST API, without a network. */
  readonly isRest: boolean;
  state: 'live' | 'gone' | 'either' = 'gone';
  addresses: readonly string[] = [];
  /** Whether its link has to be there: it is the last of its Pod's sandboxes that was attached. */
  hasLink = false;
  /** Its addresses were taken by somebody who has the power to, and may be another's, while it runs on with them. */
  isRevoked = false;
  readonly calls = new Set<SandboxCall>();
  /** What its container runtime says of it; undefined where that does not know it. */
  known: 'ready' | 'stopped' | undefined;
  /** Its runtime makes it still, and tells of it after a while only; v1's plugin makes the link after the answer. */
  isNew = false;
  #ageMs = 0;
  /** Whether the API server has its Pod. */
  hasPod = false;
  /** It ended with a boot of its node, after one that is recorded; and no link since can be taken for its own. */
  isFromBefore = false;

  constructor(node: ModelNode, { pod, index, isRest }: { pod: string; index: number; isRest: boolean }) {
    this.node = node;
    this.isRest = isRest;
    this.pod = pod;
    this.containerId = `${node.name}-${pod}-${index}`;
    this.podUid = `uid-of-${this.containerId}`;
  }

  begin(verb: 'ADD' | 'DEL'): SandboxCall {
    const call: SandboxCall = {
      verb,
      sandbox: this,
      abort: new AbortController(),
      isDisturbed: this.node.isCutOff && !this.node.hasJournal,
      mayFail: this.node.isCutOff,
      isRefused: false,
      isBehind: false,
      hasRival: false,
      beside: new Set(),
    };
    for (const other of this.calls) {
      other.beside.add(verb);
      call.beside.add(other.verb);
    }
    this.calls.add(call);
    if (verb === 'DEL') {
      this.takeDown();
      this.isNew = false;
      if (this.known) this.known = 'stopped';
    } else {
      this.isFromBefore = false;
      this.hasPod = true;
      if (this.known === undefined && !this.isNew) this.#ageMs = 0;
      this.isNew = this.isRest && this.known === undefined;
    }
    return call;
  }

  /** The kernel has no link of it any more. Where others have forgotten it too, that are two proofs that it is gone. */
  unlink(): void {
    this.hasLink = false;
    if (this.known === undefined || !this.hasPod) this.doubt();
  }

  /** Whatever it was told before, nothing is promised of it until the next call. */
  doubt(): void {
    if (this.state === 'live') this.state = 'either';
  }

  /** Somebody who may does so. */
  takeDown(): void {
    this.doubt();
    this.hasLink = false;
  }

  /** Its Pod's link, if there is one, may be its own, as nobody has set it up. */
  get hasUnclaimedLink(): boolean {
    const link = this.node.links.link(hostIfname('default', this.pod, 'eth0'));
    return link !== undefined && link.owner === undefined;
  }

  /** So much time passes; whatever the runtime does takes less than a grace. */
  grow(ms: number): void {
    this.#ageMs += ms;
    if (!this.isNew || this.#ageMs < GRACE_MS / 2) return;
    this.known = 'ready';
    this.isNew = false;
  }

  /** It is gone, and no DEL tells of it. */
  die({ known, hasPod }: Pick<Sandbox, 'known' | 'hasPod'>): void {
    this.takeDown();
    this.isNew = false;
    this.known = known;
    this.hasPod = hasPod;
  }

  /** The call gets no answer any more. */
  cut(call: SandboxCall): void {
    this.calls.delete(call);
    if (this.state === 'gone') this.state = 'either';
    // it may have got as far as the routes, with an address that its node had lost
    if (call.isBehind && this.node.hasJournal) this.isRevoked = true;
  }

  /** Somebody took its addresses: nothing is promised of it until the next call. */
  revoke(): void {
    this.takeDown();
    this.isRevoked = true;
    for (const call of this.calls) call.isDisturbed = true;
  }
}
