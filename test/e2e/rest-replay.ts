import type { HttpRequest } from './http-errand.ts';

/** A request of v1's REST API, and its answer. */
export interface RestStep {
  readonly request: HttpRequest;
  readonly status: number;
  /** The members besides `status` and, of a failure, `request_id`. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Pools that the replay is made with: name, first subnet, size of a block. */
export const POOLS = [
  ['single', '192.0.2.7/32', 0],
  ['dual', '10.64.0.0/24', 4],
] as const;
/** Added to pool `dual`. */
export const SECOND_SUBNET = 'fd00:64::/120';

const get = (path: string, status: number, body: object): RestStep => ({
  request: { path },
  status,
  body: { ...body },
});
const send = (method: string, path: string, status: number, body: object): RestStep => ({
  request: { method, path },
  status,
  body: { ...body },
});
const post = (body: object | string, status: number, answer: object, headers = {}): RestStep => ({
  request: { method: 'POST', path: '/ip', headers, body: typeof body === 'string' ? body : JSON.stringify(body) },
  status,
  body: { ...answer },
});
const pod = (namespace: string, name: string, container: string, type?: unknown) => ({
  'pod-namespace': namespace,
  'pod-name': name,
  'container-id': container,
  ...(type === undefined ? {} : { 'address-type': type }),
});
const given = (address: string) => ({ address });
const failed = (error: string) => ({ error });
const NOT_FOUND = failed('requested resource is not found');
const NOT_ALLOWED = failed('method not allowed');
const INVALID = failed('invalid request');
const full = (pool: string) => failed(`out of address blocks: no more blocks in pool ${pool}`);

/** Requests that are made one after the other of a node without addresses. */
export const REPLAY: readonly RestStep[] = [
  get('/status', 200, { 'address-blocks': {}, pods: {} }),
  post(pod('default', 'web-0', 'c0'), 200, given('10.11.0.0')),
  post(pod('default', 'web-0', 'c0'), 409, failed('conflicted')),
  post(pod('default', 'web-1', 'c1', 'ipv4'), 200, given('10.11.0.1'), { 'Content-Type': 'text/plain' }),
  post(pod('dual', 'web-2', 'c2'), 200, given('10.64.0.0')),
  post(pod('dual', 'web-3', 'c3', 'ipv6'), 200, given('fd00:64::')),
  post(pod('dual', 'web-4', 'c4', ''), 200, given('10.64.0.1')),
  post(pod('default', 'web-5', 'c5', 'ipv6'), 503, full('default')),
  post(pod('single', 'web-6', 'c6'), 200, given('192.0.2.7')),
  post(pod('single', 'late', 'c7'), 503, full('single')),
  get('/ip/default/web-0/c0', 200, given('10.11.0.0')),
  get('/ip/dual/web-3/c3', 200, given('fd00:64::')),
  get('/ip/default/none/none', 404, NOT_FOUND),
  get('/status', 200, {
    'address-blocks': {
      default: ['10.11.0.0/24'],
      dual: ['10.64.0.0/28', 'fd00:64::/124'],
      single: ['192.0.2.7/32'],
    },
    pods: { c0: '10.11.0.0', c1: '10.11.0.1', c2: '10.64.0.0', c3: 'fd00:64::', c4: '10.64.0.1', c6: '192.0.2.7' },
  }),
  send('DELETE', '/ip/default/web-0/c0', 200, given('10.11.0.0')),
  send('DELETE', '/ip/default/web-0/c0', 200, given('')),
  send('DELETE', '/ip/default/none/none', 200, given('')),
  send('DELETE', '/ip/single/web-6/c6', 200, given('192.0.2.7')),
  get('/ip/default/web-0/c0', 404, NOT_FOUND),
];

/** Requests that change nothing. */
export const REFUSED: readonly RestStep[] = [
  post({ 'pod-namespace': 'default' }, 400, failed('invalid request: no pod name')),
  post({ 'pod-name': 'web' }, 400, failed('invalid request: no pod namespace')),
  post({ 'pod-namespace': 'default', 'pod-name': 'web' }, 400, failed('invalid request: no container-id')),
  post(pod('', 'web', 'x'), 400, failed('invalid request: no pod namespace')),
  post(pod('default', 'web', ''), 400, failed('invalid request: no container-id')),
  post({ ...pod('default', 'web', 'x'), 'pod-name': 7 }, 400, failed('invalid request: pod-name is not a string')),
  ...['ipv5', 4, null, ['ipv4']].map((type) =>
    type === null
      ? post(pod('none', 'web', '', type), 400, failed('invalid request: no container-id'))
      : post(
          pod('default', 'web', 'x', type),
          400,
          failed(`invalid request: address-type ${JSON.stringify(type)} is neither ipv4 nor ipv6`),
        ),
  ),
  post('[]', 400, failed('invalid request: the body is not a JSON object')),
  post('null', 400, failed('invalid request: the body is not a JSON object')),
  // refused for what it announces: the client need not send it, and cannot be cut off while it does
  post('{}', 413, failed('Request body is too large'), { 'Content-Length': '1048576' }),
  send('PUT', '/ip', 405, NOT_ALLOWED),
  get('/ip', 405, NOT_ALLOWED),
  send('DELETE', '/ip', 405, NOT_ALLOWED),
  send('POST', '/status', 405, NOT_ALLOWED),
  get('/cni', 405, NOT_ALLOWED),
  send('PUT', '/ip/default/web-1/c1', 405, NOT_ALLOWED),
  send('POST', '/ip/default/web-1/c1', 405, NOT_ALLOWED),
  get('/nope', 404, NOT_FOUND),
  get('/', 404, NOT_FOUND),
  get('/status/', 404, NOT_FOUND),
  get('/ip/', 400, INVALID),
  get('/ip/a/b', 400, INVALID),
  send('DELETE', '/ip/a/b', 400, INVALID),
  send('DELETE', '/ip//web-1/c1', 400, INVALID),
  send('DELETE', '/ip/default//c1', 400, INVALID),
  send('DELETE', '/ip/default/web-1/', 400, INVALID),
  get('/ip/%zz/web-1/c1', 400, INVALID),
];
