import { once } from 'node:events';
import type { Lease, LeaseClaim, LeaseStore } from '../../src/controller/lease-store.ts';

/** One Lease, and any number of candidates' ways to it, each of which can be cut. */
export class FakeLeases {
  lease: Lease | undefined;
  #version = 0;

  way(): FakeLeaseWay {
    return new FakeLeaseWay(this);
  }

  write(claim: LeaseClaim): void {
    this.lease = { ...claim, version: String(++this.#version) };
  }
}

export class FakeLeaseWay implements LeaseStore {
  isCut = false;
  /** Whether a change is answered only when its caller has given it up, and carried out after the next read. */
  isLate = false;
  #late: (() => void) | undefined;
  readonly #leases: FakeLeases;

  constructor(leases: FakeLeases) {
    this.#leases = leases;
  }

  async read(): Promise<Lease | undefined> {
    this.#check();
    const { lease } = this.#leases;
    this.#late?.();
    this.#late = undefined;
    return lease;
  }

  async create(claim: LeaseClaim): Promise<boolean> {
    this.#check();
    if (this.#leases.lease) return false;
    this.#leases.write(claim);
    return true;
  }

  async replace(version: string, claim: LeaseClaim, signal: AbortSignal): Promise<boolean> {
    this.#check();
    if (this.isLate) {
      this.isLate = false;
      await once(signal, 'abort');
      this.#late = () => void this.replace(version, claim, signal);
      throw signal.reason;
    }
    if (this.#leases.lease?.version !== version) return false;
    this.#leases.write(claim);
    return true;
  }

  #check(): void {
    if (this.isCut) throw new Error('no route to host');
  }
}
