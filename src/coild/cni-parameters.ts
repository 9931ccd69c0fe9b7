import type { IncomingHttpHeaders } from 'node:http';
import type { CniParameters } from '../cni/cni-request.ts';

/** A call's variables, from the headers that carry them. HTTP knows only Latin-1; the bytes are the environment's. */
export function parametersOf(headers: IncomingHttpHeaders): CniParameters {
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' ? Buffer.from(value, 'latin1').toString('utf8') : undefined;
  };
  return {
    command: header('cni-command'),
    containerId: header('cni-containerid'),
    netns: header('cni-netns'),
    ifname: header('cni-ifname'),
    args: header('cni-args'),
  };
}
