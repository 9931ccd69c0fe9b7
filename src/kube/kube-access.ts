import type { Agent, RequestOptions } from 'node:http';

/** What a request to the API server needs beside its path. */
export type Credentials = Pick<RequestOptions, 'agent' | 'headers' | 'auth'> & { readonly agent: Agent };

/** An API server, and how to be let in. */
export interface KubeAccess {
  /** `https://HOST:PORT`, perhaps with a path; http where a proxy on this machine is meant. */
  readonly server: string;
  /** Asked for every request, since tokens are short-lived. */
  readonly credentials: () => Promise<Credentials>;
  readonly close: () => void;
}
