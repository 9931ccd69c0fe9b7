/** The API server refused a request, or did not answer it. The message names the request. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  /** HTTP status of the answer; undefined where there was none. */
  readonly status: number | undefined;

  constructor(message: string, options: ErrorOptions & { readonly status?: number } = {}) {
    super(message, options);
    this.status = options.status;
  }

  /** Whether the API server answered with one of these HTTP statuses. */
  static hasStatus(error: unknown, ...statuses: readonly number[]): error is KubeError {
    return error instanceof KubeError && error.status !== undefined && statuses.includes(error.status);
  }
}
