/** How long `make soak` is to run, in milliseconds: MINUTES in the environment, which may be a fraction. */
export function soakMs(): number {
  const minutes = Number(process.env.MINUTES ?? 10);
  if (!Number.isFinite(minutes) || minutes <= 0) throw new Error(`MINUTES is not a time: ${process.env.MINUTES}`);
  return minutes * 60_000;
}

/** For what still has to end afterwards. */
export const SOAK_MARGIN_MS = 300_000;

/** A seed that no run had before; it is printed with what fails. */
export function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
