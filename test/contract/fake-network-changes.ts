import type { NetworkChange, NetworkChanges } from '../../src/podnet/network-changes.ts';

/** Changes that a test makes up. */
export class FakeNetworkChanges implements NetworkChanges {
  /** Errors that the next watches end with, at once. */
  readonly failures: Error[] = [];
  readonly #told: NetworkChange[] = [];
  #wake = Promise.withResolvers<void>();

  /** What is not said is untouched. */
  tell(change: Partial<Extract<NetworkChange, { kind: 'known' }>> | 'unknown'): void {
    const none = new Set<string>();
    const known = {
      kind: 'known' as const,
      exportedRoutes: false,
      destinations: none,
      links: none,
      deletedLinks: none,
    };
    this.#told.push(change === 'unknown' ? { kind: 'unknown' } : { ...known, ...change });
    this.#wake.resolve();
  }

  async *watch(signal: AbortSignal): AsyncGenerator<NetworkChange> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    yield { kind: 'unknown' };
    const aborted = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => aborted.resolve());
    while (!signal.aborted) {
      yield* this.#told.splice(0);
      this.#wake = Promise.withResolvers();
      if (this.#told.length === 0) await Promise.race([this.#wake.promise, aborted.promise]);
    }
  }
}
