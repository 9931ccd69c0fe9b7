/** A datastore for one test. */
export interface CoilctlFixture extends AsyncDisposable {
  /** The flags by which coilctl finds it. */
  readonly flags: readonly string[];
}

/** What the suites run on. */
export interface CoilctlSetup {
  /** A datastore in the state of test/golden/v1-etcd.jsonl. */
  readonly v1: () => Promise<CoilctlFixture>;
  readonly empty: () => Promise<CoilctlFixture>;
}

/** Of one test, in milliseconds. */
export const TIMEOUT_MS = 60_000;
