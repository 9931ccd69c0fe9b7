import type { FastifyInstance, FastifyRequest } from 'fastify';
import { quoted } from '../cni/quoted.ts';
import type { Allocation, AllocationRequest, PodAddresses, ReleaseRequest } from '../ipam/node-ipam.ts';
import { CoilError } from '../model/error.ts';
import type { IpAddress, IpFamily } from '../model/ip-address.ts';
import { isRecord } from '../model/json.ts';
import type { NodeStatus } from './node-status.ts';
import { HttpError } from './rest-failure.ts';

export interface RestIpam {
  allocate(request: AllocationRequest, signal: AbortSignal): Promise<Allocation>;
  release(request: ReleaseRequest, signal: AbortSignal): Promise<readonly IpAddress[]>;
  find(request: ReleaseRequest, signal: AbortSignal): Promise<PodAddresses | undefined>;
  status(signal: AbortSignal): Promise<NodeStatus>;
}

/** As long as a DNS name; v1 took what it was given. */
const MAX_NAME = 253;
const CONTROL = /\p{Cc}/u;
const FAMILIES: Readonly<Record<string, IpFamily>> = { ipv4: 4, ipv6: 6 };

/** v1's REST API. A request is given `deadline()` to be answered. */
export function addRestApi(app: FastifyInstance, ipam: RestIpam, deadline: () => AbortSignal): void {
  app.get('/status', async () => ({ ...(await ipam.status(deadline())), status: 200 }));

  app.post('/ip', async (request) => {
    const wanted = parseNewIp(request.body);
    const { addresses, existed } = await ipam.allocate(wanted, deadline());
    if (existed) throw new CoilError('address-in-use', 'conflicted');
    return { address: String(addresses[0]), status: 200 };
  });

  app.all('/ip/*', async (request) => {
    const key = parsePodKey(request);
    if (request.method === 'GET') {
      const found = await ipam.find({ containerId: key.containerId }, deadline());
      if (!found) throw new HttpError(404, 'requested resource is not found');
      return { address: String(found.addresses[0]), status: 200 };
    }
    if (request.method !== 'DELETE') throw new HttpError(405, 'method not allowed');
    const [address] = await ipam.release(key, deadline());
    return { address: address === undefined ? '' : String(address), status: 200 };
  });
}

function parseNewIp(body: unknown): AllocationRequest {
  const json = parseBody(body);
  const text = (member: string, missing: string): string => {
    const value = json[member] ?? '';
    if (typeof value !== 'string') throw badRequest(`${member} is not a string`);
    if (value === '') throw badRequest(missing);
    if (value.length > MAX_NAME || CONTROL.test(value)) {
      throw badRequest(`${member} has more than ${MAX_NAME} characters, or a control character such as a line break`);
    }
    return value;
  };
  const namespace = text('pod-namespace', 'no pod namespace');
  const pod = text('pod-name', 'no pod name');
  const containerId = text('container-id', 'no container-id');
  const type = json['address-type'] ?? 'ipv4';
  const family = typeof type === 'string' ? FAMILIES[type === '' ? 'ipv4' : type] : undefined;
  if (family === undefined) throw badRequest(`address-type ${quoted(type)} is neither ipv4 nor ipv6`);
  return { namespace, pod, containerId, families: [family] };
}

function parseBody(body: unknown): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(String(body ?? ''));
  } catch (error) {
    throw badRequest((error as Error).message);
  }
  if (!isRecord(json)) throw badRequest('the body is not a JSON object');
  return json;
}

/** `/ip/<namespace>/<pod>/<container id>`, whose last part may hold slashes, as v1 reads it. */
function parsePodKey(request: FastifyRequest): Required<Omit<ReleaseRequest, 'ifname'>> {
  const [namespace, pod, ...rest] = String((request.params as { '*': string })['*']).split('/');
  const containerId = rest.join('/');
  if (!namespace || !pod || !containerId) throw new HttpError(400, 'invalid request');
  return { namespace, pod, containerId };
}

function badRequest(message: string): HttpError {
  return new HttpError(400, `invalid request: ${message}`);
}
