/** A promise of docs/design.md, section 5, that was broken. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** @throws {Violation} */
export function promise(holds: boolean, what: () => string): asserts holds {
  if (!holds) throw new Violation(what());
}
