import type { NodeNews } from '../../src/controller/node-source.ts';
import type { KubeNodeSource } from '../../src/kube/kube-node-source.ts';
import { RecordingLogger } from '../../src/process/recording-logger.ts';

/** What a source tells, for as long as this is not disposed of. */
export class NodeFollower implements AsyncDisposable {
  readonly news: NodeNews[] = [];
  readonly logger = new RecordingLogger();
  readonly #stop = new AbortController();
  #following: Promise<void> | undefined;

  start(source: KubeNodeSource): void {
    this.#following = this.#follow(source);
  }

  has(kind: 'added' | 'deleted', node: string): boolean {
    return this.news.some((one) => one.kind === kind && one.name === node);
  }

  async #follow(source: KubeNodeSource): Promise<void> {
    for await (const one of source.watchNodes(this.#stop.signal)) this.news.push(one);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }
}
