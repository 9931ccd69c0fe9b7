import { CoilError, type CoilErrorCode } from '../model/error.ts';
import { CNI_CODE, type CniCode, CniError } from './cni-error.ts';

/** What each of Coil's errors is to a container runtime. */
const CODES: Readonly<Record<CoilErrorCode, CniCode>> = {
  'invalid-argument': CNI_CODE.invalidNetworkConfig,
  'corrupt-data': CNI_CODE.internal,
  'pool-not-found': CNI_CODE.tryAgainLater,
  'pool-exists': CNI_CODE.internal,
  'pool-in-use': CNI_CODE.internal,
  'subnet-not-found': CNI_CODE.internal,
  'subnet-in-use': CNI_CODE.internal,
  'block-not-found': CNI_CODE.internal,
  'out-of-blocks': CNI_CODE.tryAgainLater,
  'out-of-addresses': CNI_CODE.tryAgainLater,
  'address-not-found': CNI_CODE.internal,
  'address-live': CNI_CODE.tryAgainLater,
  'address-in-use': CNI_CODE.internal,
  conflict: CNI_CODE.tryAgainLater,
  'store-not-found': CNI_CODE.internal,
  'store-unavailable': CNI_CODE.tryAgainLater,
  'netns-not-found': CNI_CODE.invalidNetns,
  'link-exists': CNI_CODE.invalidEnvironment,
  network: CNI_CODE.io,
  'check-failed': CNI_CODE.checkFailed,
  overloaded: CNI_CODE.tryAgainLater,
  internal: CNI_CODE.internal,
};

/** Any error, as a container runtime is to see it. */
export function toCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  if (CoilError.is(error)) {
    return new CniError(CODES[error.code], error.message, causesOf(error), { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new CniError(CNI_CODE.internal, 'coild failed in a way that it should not; please report it', message, {
    cause: error,
  });
}

/** The messages of what led to `error`, but for what its own message says already. */
function causesOf(error: Error): string {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    if (!error.message.includes(cause.message)) causes.push(cause.message);
  }
  return causes.join(': ');
}
