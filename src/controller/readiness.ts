/** What has to work, in the order in which it is told. */
const PARTS = ['leadership', 'nodes', 'datastore'] as const;
export type ReadinessPart = (typeof PARTS)[number];

/** Whether the controller can do its work, and if not, why. */
export class Readiness {
  readonly #problems = new Map<ReadinessPart, string>([['leadership', 'Kubernetes was not asked yet who leads']]);

  /** @param problem undefined where the part works, or is not needed now */
  report(part: ReadinessPart, problem: string | undefined): void {
    if (problem === undefined) this.#problems.delete(part);
    else this.#problems.set(part, problem);
  }

  get problems(): readonly string[] {
    return PARTS.flatMap((part) => this.#problems.get(part) ?? []);
  }
}
