/** A claim to be the leader, as Kubernetes' coordination.k8s.io/v1 Lease has it. */
export interface LeaseClaim {
  /** Empty where the last one gave it up. */
  readonly holder: string;
  /** How long the claim holds after it was last seen to change. */
  readonly durationSeconds: number;
  readonly acquiredAt: Date;
  readonly renewedAt: Date;
  /** How often the holder changed. */
  readonly transitions: number;
}

/** A claim that is recorded. */
export interface Lease extends LeaseClaim {
  /** Changes with every change of the Lease. */
  readonly version: string;
}

/** The port for one Lease. All calls are bounded in time, and throw where the API server does not answer. */
export interface LeaseStore {
  /** Undefined where there is none. */
  read(signal: AbortSignal): Promise<Lease | undefined>;
  /** False where another was faster. */
  create(claim: LeaseClaim, signal: AbortSignal): Promise<boolean>;
  /** Replaces the Lease if it still has `version`; false where it has not. */
  replace(version: string, claim: LeaseClaim, signal: AbortSignal): Promise<boolean>;
}
