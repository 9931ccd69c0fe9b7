import type { NodeNews, NodeSource } from '../controller/node-source.ts';
import { Backoff } from '../process/backoff.ts';
import type { Logger } from '../process/logger.ts';
import type { KubeClient } from './kube-client.ts';
import { KubeError } from './kube-error.ts';
import { listObjects } from './object-list.ts';
import { SilenceError, untilSilent } from './until-silent.ts';
import { type ObjectMetadata, type WatchEvent, watchEvents } from './watch-events.ts';

const PATH = '/api/v1/nodes';
/** Only what an object is called: a Node's status is long, and changes all the time. A server that cannot sends all. */
const METADATA_ALONE = { Accept: `${metadataAs('PartialObjectMetadata')},application/json` };
const METADATA_LIST = { Accept: `${metadataAs('PartialObjectMetadataList')},application/json` };
/** A watch that lasted so long was none that failed at once. */
const STEADY_MS = 5_000;
/** The version of a watch is too old: what came after it is forgotten. */
const GONE = 410;

export interface KubeNodeSourceOptions {
  /** How long a watch is asked for, in seconds. A shorter one notices sooner that nobody is at the other end. */
  readonly watchSeconds?: number;
  /** Beyond that, how long a watch may be silent. */
  readonly silenceMs?: number;
  /** After so long, Nodes are listed anew: a watch can lose events if the API server's own data was restored. */
  readonly relistMs?: number;
  readonly backoff?: Backoff;
}

export interface KubeNodeSourceDeps {
  readonly client: Pick<KubeClient, 'ask' | 'stream'>;
  readonly logger: Logger;
  /** Monotonic, in milliseconds. */
  readonly clock: () => number;
}

/**
 * The Nodes by list and watch. The API server ends every watch sooner or later; the next one begins where it ended, or
 * with a list where that is too long ago.
 */
export class KubeNodeSource implements NodeSource {
  readonly #options: Required<KubeNodeSourceOptions>;
  readonly #deps: KubeNodeSourceDeps;

  constructor(options: KubeNodeSourceOptions, deps: KubeNodeSourceDeps) {
    const defaults = { watchSeconds: 60, silenceMs: 10_000, relistMs: 600_000 };
    this.#options = { ...defaults, backoff: new Backoff({ baseMs: 200, maxMs: 5_000 }), ...options };
    this.#deps = deps;
  }

  async *watchNodes(signal: AbortSignal): AsyncGenerator<NodeNews, void, undefined> {
    const { backoff, relistMs } = this.#options;
    const { logger, clock } = this.#deps;
    const position = new Position();
    while (!signal.aborted) {
      try {
        if (position.version === undefined || clock() - position.listedAt > relistMs) {
          const names = await this.#list(position, signal);
          logger.debug('listed the Nodes', { nodes: names.size });
          yield { kind: 'all', names };
        }
        const openedAt = clock();
        for await (const event of this.#watch(position, signal)) {
          backoff.reset();
          if (event.type === 'ADDED') yield { kind: 'added', name: event.object.metadata.name };
          if (event.type === 'DELETED') yield { kind: 'deleted', name: event.object.metadata.name };
        }
        if (clock() - openedAt > STEADY_MS) backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        this.#interrupted(error, position);
      }
      await backoff.wait(signal).catch(() => undefined);
    }
  }

  async hasNode(name: string, signal: AbortSignal): Promise<boolean> {
    // a list of one: that there is no such Node is then an answer, not the 404 of whoever stands in between
    const query = { fieldSelector: `metadata.name=${name}` };
    const { client } = this.#deps;
    for await (const { items } of listObjects<ObjectMetadata>(
      client,
      { path: PATH, query, headers: METADATA_LIST },
      signal,
    )) {
      if (items.some(({ metadata }) => metadata.name === name)) return true;
    }
    return false;
  }

  async #list(position: Position, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    let listed = '';
    const pages = listObjects<ObjectMetadata>(this.#deps.client, { path: PATH, headers: METADATA_LIST }, signal);
    for await (const { items, version } of pages) {
      for (const { metadata } of items) names.add(metadata.name);
      listed = version;
    }
    position.version = listed;
    position.listedAt = this.#deps.clock();
    return names;
  }

  /** Ends when the API server ends it. */
  async *#watch(position: Position, signal: AbortSignal): AsyncGenerator<WatchEvent, void, undefined> {
    const { watchSeconds, silenceMs } = this.#options;
    const query = {
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: position.version ?? '',
      timeoutSeconds: String(watchSeconds),
    };
    const closing = new AbortController();
    const request = { method: 'GET', path: PATH, query, headers: METADATA_ALONE } as const;
    try {
      const answer = await this.#deps.client.stream(request, AbortSignal.any([signal, closing.signal]));
      for await (const event of untilSilent(watchEvents(answer), watchSeconds * 1000 + silenceMs)) {
        position.version = event.object.metadata.resourceVersion;
        yield event;
      }
      this.#deps.logger.debug('the API server ended the watch of Nodes; going on');
    } finally {
      closing.abort(new Error('the watch is over'));
    }
  }

  #interrupted(error: unknown, position: Position): void {
    const { logger } = this.#deps;
    if (KubeError.hasStatus(error, GONE)) {
      position.version = undefined;
      logger.info('the API server does not remember what came after the last news of Nodes; listing them anew');
    } else if (error instanceof SilenceError) {
      logger.info('the watch of Nodes was silent for too long; opening it anew', { error });
    } else {
      logger.warn('cannot follow the Nodes of Kubernetes; trying again', { error });
    }
  }
}

/** Up to where the Nodes are known. */
class Position {
  version: string | undefined;
  listedAt = 0;
}

function metadataAs(kind: string): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1`;
}
