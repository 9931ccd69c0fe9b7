/**
 * The versions of the CNI specification that Coil speaks, oldest first.
 *
 * 0.1.0 and 0.2.0 are left out: their result has room for one address of each family and for no interface, and no
 * runtime that Kubernetes supports asks for them.
 */
export const SUPPORTED_CNI_VERSIONS = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

/** A version of the CNI specification that Coil speaks. */
export type CniVersion = (typeof SUPPORTED_CNI_VERSIONS)[number];

/** What Coil answers in when the request names no version, or one that Coil does not speak. */
export const DEFAULT_CNI_VERSION: CniVersion = '1.1.0';

/** Whether `value`, as it came from a network configuration, is a version that Coil speaks. */
export function isSupportedCniVersion(value: unknown): value is CniVersion {
  return SUPPORTED_CNI_VERSIONS.some((version) => version === value);
}

/** The version that an answer is given in: the request's where Coil speaks it, else the default. */
export function answerVersion(requested: unknown): CniVersion {
  return isSupportedCniVersion(requested) ? requested : DEFAULT_CNI_VERSION;
}
