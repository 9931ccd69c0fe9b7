import type { CniVersion } from './versions.ts';

/**
 * The numbers that a CNI error carries (CNI SPEC.md 1.1.0, section 5 "Error"). `invalidNetns` is not in the
 * specification's table but in the Go library's (containernetworking/cni pkg/types, ErrInvalidNetNS).
 *
 * `unknownContainer` tells the runtime that nothing is left to clean up, and makes it skip DEL: a failed ADD never
 * answers with it.
 */
export const CNI_CODE = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  invalidEnvironment: 4,
  io: 5,
  decode: 6,
  invalidNetworkConfig: 7,
  invalidNetns: 8,
  tryAgainLater: 11,
  pluginNotAvailable: 50,
  limitedConnectivity: 51,
  // from 100 on, the numbers are the plugin's own
  checkFailed: 100,
  internal: 101,
} as const;

/** One of CNI_CODE's numbers. */
export type CniCode = (typeof CNI_CODE)[keyof typeof CNI_CODE];

/** The error object that a plugin prints on standard output (CNI SPEC.md 1.1.0, section 5 "Error"). */
export interface CniErrorJson {
  readonly cniVersion: CniVersion;
  readonly code: CniCode;
  readonly msg: string;
  readonly details?: string;
}

/** An error as a container runtime sees it. */
export class CniError extends Error {
  override readonly name = 'CniError';
  readonly code: CniCode;
  /** One short sentence: what is wrong. Runtimes show it in the Pod's events. */
  readonly msg: string;
  /** What led to it and what to do about it; empty where `msg` says it all. */
  readonly details: string;

  constructor(code: CniCode, msg: string, details = '', options?: ErrorOptions) {
    super(details === '' ? msg : `${msg}: ${details}`, options);
    this.code = code;
    this.msg = msg;
    this.details = details;
  }

  /** What to print, in the version of the request. */
  toJson(cniVersion: CniVersion): CniErrorJson {
    const head = { cniVersion, code: this.code, msg: this.msg };
    return this.details === '' ? head : { ...head, details: this.details };
  }
}
