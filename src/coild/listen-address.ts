import { CoilError } from '../model/error.ts';

export interface ListenAddress {
  /** IP address or name; empty for all addresses. */
  readonly host: string;
  readonly port: number;
}

/** Reads `HOST:PORT` as Go's net.Listen takes it: `127.0.0.1:9383`, `[::1]:9383`, `:9383`. @throws {CoilError} invalid-argument */
export function parseListenAddress(flag: string, text: string): ListenAddress {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65535) {
    throw new CoilError(
      'invalid-argument',
      `${flag} ${JSON.stringify(text)} is not HOST:PORT, such as 127.0.0.1:9383 or [::1]:9383`,
    );
  }
  return { host: match[1] ?? match[2] ?? '', port };
}
