import type { IpPrefix } from '../model/ip-prefix.ts';
import { getLink } from '../netlink/links.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import type { RouteMessage } from '../netlink/route-codec.ts';
import { appendRoute, deleteRoute, listRoutes } from '../netlink/routes.ts';
import { SerialQueue } from '../netlink/serial-queue.ts';
import type { BlockExporter, RefusedBlock, SyncOptions, SyncReport } from './block-exporter.ts';
import { blockOf, deletionOf, type ExportTable, exportedRoute, FAMILIES, isRight } from './exported-route.ts';
import { networkError, translated } from './network-error.ts';
import { NodeSide } from './node-side.ts';

export interface NetlinkBlockExporterOptions extends Partial<ExportTable> {
  /** Path of the node's network namespace; the process's own where absent. */
  readonly nodeNetns?: string;
}

/** Metrics that are tried where the kernel does not take a route beside another's: IPv6's own default, and above. */
const METRICS = { first: 1025, last: 1032 } as const;

/**
 * A node's blocks as routes in a kernel table of their own (119, protocol 30, unless told otherwise). The kernel
 * filters them by protocol, so that others' routes there are not even seen. Where another has a route to a block:
 * IPv4 keeps both, ours behind it with the same metric; IPv6 does too, save where it leads to `lo` as well, which makes
 * it the same route for the kernel (EEXIST), whatever the protocol: then ours gets a metric of its own, 1025 or above.
 */
export class NetlinkBlockExporter implements BlockExporter, AsyncDisposable {
  readonly #table: ExportTable;
  readonly #node: NodeSide;
  readonly #turns = new SerialQueue();
  /** As of the last sync; undefined where that failed, or there was none. */
  #exported: ReadonlySet<string> | undefined;
  #loopback: number | undefined;

  constructor(options: NetlinkBlockExporterOptions = {}) {
    this.#table = { tableId: options.tableId ?? 119, protocolId: options.protocolId ?? 30 };
    this.#node = new NodeSide(options.nodeNetns);
  }

  sync(desired: readonly IpPrefix[], signal: AbortSignal, options: SyncOptions = {}): Promise<SyncReport> {
    const { tableId } = this.#table;
    return this.#turns.run(
      () => translated(`cannot export blocks in table ${tableId}`, () => this.#sync(desired, signal, options)),
      signal,
    );
  }

  async close(): Promise<void> {
    await this.#turns.idle();
    await this.#node[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #sync(
    desired: readonly IpPrefix[],
    signal: AbortSignal,
    { isGrowing = false }: SyncOptions,
  ): Promise<SyncReport> {
    const before = this.#exported;
    this.#exported = undefined;
    // a namespace has one for ever
    this.#loopback ??= (await this.#node.socket.request(getLink('lo'), signal)).index;
    const wanted = new Map(desired.map((block) => [block.toString(), block]));
    const report =
      isGrowing && before && [...before].every((block) => wanted.has(block))
        ? await this.#add(
            [...wanted.values()].filter((block) => !before.has(block.toString())),
            this.#loopback,
            signal,
          )
        : await this.#compare(wanted, this.#loopback, signal);
    const refused = new Set(report.refused.map(({ block }) => block.toString()));
    this.#exported = new Set([...wanted.keys()].filter((block) => !refused.has(block)));
    return report;
  }

  /** Each look at what is there would wait in line for the kernel's rtnl lock, with whoever else makes links just then. */
  async #add(added: readonly IpPrefix[], loopback: number, signal: AbortSignal): Promise<SyncReport> {
    return { ...(await this.#addAll(added, loopback, signal)), removed: [] };
  }

  async #compare(wanted: ReadonlyMap<string, IpPrefix>, loopback: number, signal: AbortSignal): Promise<SyncReport> {
    const { socket } = this.#node;
    const exported = new Set<string>();
    const surplus: RouteMessage[] = [];
    for (const route of await this.#routes(signal)) {
      const block = blockOf(route).toString();
      if (isRight(route, loopback) && wanted.has(block) && !exported.has(block)) exported.add(block);
      else surplus.push(route);
    }
    const missing = [...wanted.values()].filter((block) => !exported.has(block.toString()));
    // first what is missing: a block whose route is replaced stays exported meanwhile
    const additions = await this.#addAll(missing, loopback, signal);
    for (const { error } of await socket.batch(surplus.map(deletionOf).map(deleteRoute), signal))
      if (error !== undefined && !NetlinkError.is(error, 'ESRCH')) throw error;
    const removed = new Map(surplus.map((route) => [blockOf(route).toString(), blockOf(route)]));
    return { ...additions, removed: [...removed.values()].filter((block) => !wanted.has(block.toString())) };
  }

  async #routes(signal: AbortSignal): Promise<RouteMessage[]> {
    const filter = { table: this.#table.tableId, protocol: this.#table.protocolId };
    const routes: RouteMessage[] = [];
    for (const { family } of FAMILIES) {
      routes.push(...(await listRoutes(this.#node.socket, family, filter, signal)));
    }
    return routes;
  }

  /** All are tried. */
  async #addAll(
    blocks: readonly IpPrefix[],
    loopback: number,
    signal: AbortSignal,
  ): Promise<Pick<SyncReport, 'added' | 'refused'>> {
    const refused: RefusedBlock[] = [];
    let missing = blocks;
    for (let priority = METRICS.first - 1; missing.length > 0 && priority <= METRICS.last; priority++) {
      const metric = priority < METRICS.first ? {} : { priority };
      const requests = missing.map((block) =>
        appendRoute({ ...exportedRoute(block, loopback, this.#table), ...metric }),
      );
      const outcomes = await this.#node.socket.batch(requests, signal);
      const isTaken = (i: number) => priority < METRICS.last && NetlinkError.is(outcomes[i]?.error, 'EEXIST');
      for (const [i, block] of missing.entries()) {
        const error = outcomes[i]?.error;
        if (error !== undefined && !isTaken(i)) refused.push({ block, error: this.#refusal(block, error) });
      }
      missing = missing.filter((_, i) => isTaken(i));
    }
    return { added: blocks.filter((block) => !refused.some((one) => one.block === block)), refused };
  }

  #refusal(block: IpPrefix, error: Error): Error {
    return networkError(`cannot export block ${block} in table ${this.#table.tableId}`, error);
  }
}
