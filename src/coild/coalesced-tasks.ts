/** Runs tasks by key, different ones side by side; of one key one at a time, and once more where it was asked for meanwhile. */
export class CoalescedTasks {
  readonly #underWay = new Map<string, { again: boolean }>();
  #idle = Promise.withResolvers<void>();

  constructor() {
    this.#idle.resolve();
  }

  /** @param task must not throw */
  run(key: string, task: () => Promise<void>): void {
    const running = this.#underWay.get(key);
    if (running !== undefined) {
      running.again = true;
      return;
    }
    if (this.#underWay.size === 0) this.#idle = Promise.withResolvers<void>();
    void this.#repeat(key, task);
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#idle.promise;
  }

  async #repeat(key: string, task: () => Promise<void>): Promise<void> {
    const running = { again: true };
    this.#underWay.set(key, running);
    try {
      while (running.again) {
        running.again = false;
        await task();
      }
    } finally {
      this.#underWay.delete(key);
      if (this.#underWay.size === 0) this.#idle.resolve();
    }
  }
}
