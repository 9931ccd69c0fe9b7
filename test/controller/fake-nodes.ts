import type { NodeNews, NodeSource } from '../../src/controller/node-source.ts';

/** Nodes that a test adds and deletes; news of it can be withheld, and so can answers. */
export class FakeNodes implements NodeSource {
  /** What a list would give. */
  readonly names: Set<string>;
  isReachable = true;
  #news: NodeNews[] = [];
  #more = Promise.withResolvers<void>();

  constructor(...names: string[]) {
    this.names = new Set(names);
  }

  /** Tells all that there are, as after a list. */
  tellAll(): void {
    this.#tell({ kind: 'all', names: new Set(this.names) });
  }

  add(name: string): void {
    this.names.add(name);
    this.#tell({ kind: 'added', name });
  }

  delete(name: string): void {
    this.names.delete(name);
    this.#tell({ kind: 'deleted', name });
  }

  async *watchNodes(signal: AbortSignal): AsyncGenerator<NodeNews, void, undefined> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    while (!signal.aborted) {
      // what is told while the news are taken is told at once afterwards
      const more = this.#more.promise;
      const news = this.#news;
      this.#news = [];
      yield* news;
      await Promise.race([more, aborted]);
    }
  }

  async hasNode(name: string): Promise<boolean> {
    if (!this.isReachable) throw new Error('no route to host');
    return this.names.has(name);
  }

  #tell(news: NodeNews): void {
    this.#news.push(news);
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}
