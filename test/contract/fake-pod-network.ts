import { CoilError } from '../../src/model/error.ts';
import { IpAddress } from '../../src/model/ip-address.ts';
import { LiveAddressError } from '../../src/model/live-address-error.ts';
import type { AttachmentLinks, LinksView } from '../../src/podnet/attachment-links.ts';
import { isOwnerAlias, ownerAlias } from '../../src/podnet/owner-alias.ts';
import type { AttachedLinks, Attachment, AttachRequest, Detachment, PodNetwork } from '../../src/podnet/pod-network.ts';
import { unclaimedLinks } from '../../src/podnet/unclaimed-links.ts';

interface FakeLink {
  readonly links: AttachedLinks;
  /** Container ID and interface of the owner; undefined where nobody says, as with v1. */
  readonly owner: string | undefined;
  /** Where the other end is: namespace and name; undefined where that is nowhere that counts. */
  readonly peer: { readonly netns: string; readonly ifname: string } | undefined;
  /** Addresses that the node routes to it. */
  readonly routes: Set<string>;
}

/**
 * A node's links and namespaces in memory, with the promises of PodNetwork. Deletion takes a turn of the event loop,
 * or until `releaseDeletions` where they are held.
 */
export class FakePodNetwork implements PodNetwork, AttachmentLinks {
  /** Errors that the next calls fail with, before they change anything. */
  readonly failures: Error[] = [];
  /** Every call: `attach c1/eth0`. */
  readonly calls: string[] = [];
  readonly #namespaces = new Map<string, Set<string>>();
  readonly #links = new Map<string, FakeLink>();
  readonly #deletions = new Map<string, Promise<void>>();
  #gate: PromiseWithResolvers<void> | undefined;
  #macs = 0;

  constructor(namespaces: Iterable<string> = []) {
    for (const path of namespaces) this.addNetns(path);
  }

  addNetns(path: string): void {
    this.#namespaces.set(path, new Set());
  }

  /** With it go the pairs that have an end in it. */
  deleteNetns(path: string): void {
    this.#namespaces.delete(path);
    for (const [name, { peer }] of this.#links) if (peer?.netns === path) this.#links.delete(name);
  }

  /** An interface in a Pod that somebody else made. */
  addForeignLink(netns: string, ifname: string): void {
    this.#namespaces.get(netns)?.add(ifname);
  }

  /** A pair as v1 made it, or as an attach that was killed left it. */
  addPair(attachment: Attachment, owner: string | undefined): void {
    const { addresses, hostIfname, ifname, netns } = attachment;
    this.#namespaces.get(netns)?.add(ifname);
    this.#links.set(hostIfname, {
      links: { host: this.#link(hostIfname), container: this.#link(ifname) },
      owner,
      peer: { netns, ifname },
      routes: new Set(addresses.map(String)),
    });
  }

  /** A link on the node whose other end is in no Pod. */
  addHostLink(name: string, owner: string | undefined): void {
    const links = { host: this.#link(name), container: this.#link('peer') };
    this.#links.set(name, { links, owner, peer: undefined, routes: new Set() });
  }

  /** A link of the node, as it is now. */
  link(name: string): Pick<FakeLink, 'owner' | 'routes'> | undefined {
    return this.#links.get(name);
  }

  /** Names of all links of the node. */
  get links(): readonly string[] {
    return [...this.#links.keys()];
  }

  /** Names of the interfaces of a Pod; undefined where there is no such namespace. */
  interfaces(netns: string): ReadonlySet<string> | undefined {
    return this.#namespaces.get(netns);
  }

  removeRoute(hostIfname: string, address: IpAddress): void {
    this.#links.get(hostIfname)?.routes.delete(String(address));
  }

  /** Deletions stay under way until `releaseDeletions`. */
  holdDeletions(): void {
    this.#gate ??= Promise.withResolvers();
  }

  releaseDeletions(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  async attach(request: AttachRequest, signal: AbortSignal): Promise<AttachedLinks> {
    this.#begin(`attach ${ownerOf(request)}`, signal);
    await this.#deletions.get(request.hostIfname);
    signal.throwIfAborted();
    const { hostIfname, ifname, netns } = request;
    const interfaces = this.#interfaces(netns);
    const addresses = typeof request.addresses === 'function' ? await request.addresses() : request.addresses;
    const attachment = { ...request, addresses };
    const link = this.#links.get(hostIfname);
    const joined = link?.peer?.netns === netns && link.peer.ifname === ifname;
    if (interfaces.has(ifname) && !joined) throw new CoilError('link-exists', `${netns} has ${ifname} already`);
    for (const [name, { owner, routes }] of this.#links) {
      const held = owner !== undefined && name !== hostIfname && addresses.find((each) => routes.has(String(each)));
      if (held) throw new LiveAddressError(held, `${held} is in use: link ${name}, of ${owner}, has a route to it`);
    }
    if (joined && link.owner === undefined) {
      this.#links.set(hostIfname, { ...link, owner: ownerOf(attachment) });
    } else if (!joined || link.owner !== ownerOf(attachment)) {
      if (link !== undefined) request.requireLeftOver?.();
      this.#delete(hostIfname);
      this.addPair(attachment, ownerOf(attachment));
    }
    for (const { routes } of this.#links.values()) for (const address of addresses) routes.delete(String(address));
    const attached = this.#links.get(hostIfname)!;
    for (const address of addresses) attached.routes.add(String(address));
    return attached.links;
  }

  async detach(detachment: Detachment, signal: AbortSignal): Promise<void> {
    this.#begin(`detach ${ownerOf(detachment)}`, signal);
    const { addresses, hostIfname } = detachment;
    const link = this.#links.get(hostIfname);
    if (link === undefined || !this.#owns(link, detachment)) return;
    for (const address of addresses) link.routes.delete(String(address));
    const turn = this.#gate?.promise ?? new Promise<void>((resolve) => setImmediate(resolve));
    const deletion = turn.then(() => {
      if (this.#links.get(hostIfname) === link) this.#delete(hostIfname);
      this.#deletions.delete(hostIfname);
    });
    this.#deletions.set(hostIfname, deletion);
  }

  async check(attachment: Attachment, signal: AbortSignal): Promise<void> {
    this.#begin(`check ${ownerOf(attachment)}`, signal);
    const { addresses, hostIfname, ifname, netns } = attachment;
    const interfaces = this.#interfaces(netns);
    const fail = (what: string): never => {
      throw new CoilError('check-failed', what);
    };
    const link = this.#links.get(hostIfname) ?? fail(`${hostIfname}: the link is missing on the node`);
    if (!interfaces.has(ifname)) fail(`${ifname}: the link is missing in ${netns}`);
    if (link.peer?.netns !== netns) fail(`${ifname} in ${netns} does not lead to ${hostIfname}`);
    if (link.owner !== undefined && link.owner !== ownerOf(attachment))
      fail(`${hostIfname}: the link belongs to ${link.owner}`);
    const missing = addresses.find((address) => !link.routes.has(String(address)));
    if (missing !== undefined) fail(`${hostIfname} on the node: route ${missing} is missing`);
  }

  async look(signal: AbortSignal): Promise<LinksView> {
    this.#begin('look', signal);
    const links = [...this.#links].map(([name, { owner, routes }]) => ({ name, owner, routes: new Set(routes) }));
    return {
      has: ({ containerId, ifname, hostIfname, addresses }) =>
        links.some(
          ({ name, owner, routes }) =>
            (owner === undefined ? name === hostIfname : owner === ownerAlias(containerId, ifname)) ||
            addresses.some((address) => routes.has(String(address))),
        ),
      unclaimed: (claims) =>
        unclaimedLinks(
          links.flatMap(({ name, owner = '', routes }) =>
            isOwnerAlias(owner) ? [{ name, owner, addresses: [...routes].map(IpAddress.parse) }] : [],
          ),
          claims,
        ),
    };
  }

  async settled(): Promise<void> {
    while (this.#deletions.size > 0) await Promise.all(this.#deletions.values());
  }

  /** A line a link of the node, and a line a namespace. */
  toString(): string {
    const links = [...this.#links].map(([name, { owner, peer, routes }]) =>
      [name, owner ?? '-', peer === undefined ? '-' : `${peer.netns}:${peer.ifname}`, ...[...routes].sort()].join(' '),
    );
    const namespaces = [...this.#namespaces].map(([path, names]) => [path, ...[...names].sort()].join(' '));
    return [...links.sort(), ...namespaces.sort()].map((line) => `${line}\n`).join('');
  }

  #begin(call: string, signal: AbortSignal): void {
    this.calls.push(call);
    signal.throwIfAborted();
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }

  #interfaces(netns: string): Set<string> {
    const interfaces = this.#namespaces.get(netns);
    if (interfaces === undefined) throw new CoilError('netns-not-found', `no network namespace at ${netns}`);
    return interfaces;
  }

  #owns(link: FakeLink, detachment: Detachment): boolean {
    if (link.owner !== undefined) return link.owner === ownerOf(detachment);
    const { addresses, ifname, netns } = detachment;
    if (netns !== undefined && this.#namespaces.has(netns)) {
      return link.peer?.netns === netns && link.peer.ifname === ifname;
    }
    return addresses.some((address) => link.routes.has(String(address)));
  }

  #delete(name: string): void {
    const peer = this.#links.get(name)?.peer;
    this.#links.delete(name);
    if (peer !== undefined) this.#namespaces.get(peer.netns)?.delete(peer.ifname);
  }

  #link(name: string): AttachedLinks['host'] {
    this.#macs++;
    return { name, mac: `02:00:00:00:00:${(this.#macs & 255).toString(16).padStart(2, '0')}`, mtu: 1500 };
  }
}

function ownerOf({ containerId, ifname }: Pick<Attachment, 'containerId' | 'ifname'>): string {
  return `${containerId}/${ifname}`;
}
