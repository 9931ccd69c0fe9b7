import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { NodeUnderTest } from './node-under-test.ts';

export interface Status {
  readonly pods: Readonly<Record<string, string>>;
  readonly 'unrecorded-addresses'?: readonly Readonly<Record<string, string>>[];
  readonly datastore: {
    readonly state: string;
    readonly reason: string;
    readonly 'pending-writes': number;
    readonly 'lost-addresses': readonly object[];
  };
}

/** The body of coild's answer to a GET at its socket. */
export async function askCoild({ socket }: NodeUnderTest, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  request({ socketPath: socket, path, agent: false }, (response) => {
    text(response).then(resolve, reject);
  })
    .on('error', reject)
    .end();
  return await promise;
}

export async function statusOf(node: NodeUnderTest): Promise<Status> {
  return JSON.parse(await askCoild(node, '/status')) as Status;
}
