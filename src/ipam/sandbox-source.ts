/** A Pod's sandbox, as the container runtime has it. */
export interface Sandbox {
  /** What the runtime gives as CNI_CONTAINERID. */
  readonly id: string;
  /** It runs; one that does not may have lost its network already. */
  readonly ready: boolean;
}

/** The port for the container runtime's memory. */
export interface SandboxSource {
  /** All that it has now, but for those that it is still making. @throws where it cannot be asked */
  listSandboxes(signal: AbortSignal): Promise<readonly Sandbox[]>;
}
