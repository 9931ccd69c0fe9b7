export interface DemoErrorOptions extends ErrorOptions {
  /** Log files that tell more, the most telling first. */
  readonly logs?: readonly string[];
}

/** Why the demo cannot go on, in words for whoever runs it. */
export class DemoError extends Error {
  readonly logs: readonly string[];

  constructor(message: string, { logs = [], ...options }: DemoErrorOptions = {}) {
    super(message, options);
    this.logs = logs;
  }
}
