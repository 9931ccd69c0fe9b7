/**
 * The port for the boot that each node's coild last ran in, which outlives coild and the boot. Every call is one atomic
 * step or has no effect, ends with `signal` or after the implementation's own deadline, and may throw CoilError
 * store-unavailable.
 */
export interface BootRecord {
  /**
   * The kernel's name for that boot; undefined where none is recorded.
   * @throws {CoilError} corrupt-data that names the key
   */
  readBoot(node: string, signal: AbortSignal): Promise<string | undefined>;
  writeBoot(node: string, bootId: string, signal: AbortSignal): Promise<void>;
}
