import { constants } from 'node:os';

const NAMES = new Map(Object.entries(constants.errno).map(([name, errno]) => [errno, name]));
// two names for one number: keep the one that rtnetlink's own documentation uses
NAMES.set(constants.errno.EAGAIN, 'EAGAIN').set(constants.errno.EOPNOTSUPP, 'EOPNOTSUPP');

/** What a symbolic code says to a reader; the kernel's own message, where there is one, says more. */
const MEANINGS: Readonly<Record<string, string>> = {
  EPERM: 'not permitted; CAP_NET_ADMIN is needed, and CAP_SYS_ADMIN for setns',
  ENOENT: 'not found',
  ESRCH: 'not found',
  EBADF: 'the socket is closed',
  EAGAIN: 'no answer in time',
  EEXIST: 'exists already',
  ENODEV: 'no such interface',
  EINVAL: 'refused as invalid',
  EBADMSG: 'malformed message',
  ENOBUFS: 'answers were lost, the receive buffer was full',
  EINTR: 'the table changed too often while it was read',
  ENETUNREACH: 'network is unreachable',
  EADDRNOTAVAIL: 'address not found',
  EOPNOTSUPP: 'not supported by this kernel',
};

export interface KernelReport {
  /** The kernel's own words (NLMSGERR_ATTR_MSG), e.g. "Nexthop has invalid gateway". */
  readonly message?: string | undefined;
  /** Where in the request the offending attribute stands (NLMSGERR_ATTR_OFFS), in bytes from its header. */
  readonly offset?: number | undefined;
}

/** A system call or a netlink request failed. */
export class NetlinkError extends Error {
  override readonly name = 'NetlinkError';
  /** What was asked for, as the `ip` command that does the same, or the name of the system call. */
  readonly operation: string;
  /** Positive, as in errno.h. */
  readonly errno: number;
  /** Its symbolic name, e.g. `EEXIST`. */
  readonly code: string;
  readonly report: KernelReport;

  constructor(operation: string, errno: number, report: KernelReport = {}, options?: ErrorOptions) {
    const code = NAMES.get(errno) ?? `errno ${errno}`;
    const meaning = report.message ?? MEANINGS[code];
    super(`${operation}: ${meaning === undefined ? code : `${meaning} (${code})`}`, options);
    this.operation = operation;
    this.errno = errno;
    this.code = code;
    this.report = report;
  }

  /** Whether `error` is a NetlinkError, and, where codes are given, has one of them. */
  static is(error: unknown, ...codes: readonly string[]): error is NetlinkError {
    return error instanceof NetlinkError && (codes.length === 0 || codes.includes(error.code));
  }

  /** For bytes that are not what they should be. */
  static malformed(what: string): NetlinkError {
    return new NetlinkError('decode', constants.errno.EBADMSG, { message: `malformed message: ${what}` });
  }
}
