import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CniError } from './cni-error.ts';
import { type CniParameters, parseCniRequest } from './cni-request.ts';

const parameters: CniParameters = {
  command: 'ADD',
  containerId: 'c0ffee',
  netns: '/run/netns/pod',
  ifname: 'eth0',
  args: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=c0ffee',
};
const config = { cniVersion: '0.3.1', name: 'k8s', type: 'coil' };
const stdin = JSON.stringify(config);

test('what the runtime says is read', () => {
  assert.deepEqual(parseCniRequest(parameters, stdin), {
    command: 'ADD',
    request: {
      config: { cniVersion: '0.3.1', name: 'k8s', prevResult: undefined },
      containerId: 'c0ffee',
      netns: '/run/netns/pod',
      ifname: 'eth0',
      namespace: 'default',
      pod: 'web-0',
    },
  });
});

test('a DEL needs neither a namespace nor a Pod', () => {
  for (const netns of ['', undefined]) {
    const { request } = parseCniRequest({ ...parameters, command: 'DEL', netns, args: undefined }, stdin);
    assert.deepEqual(request, {
      config: { cniVersion: '0.3.1', name: 'k8s', prevResult: undefined },
      containerId: 'c0ffee',
      netns: undefined,
      ifname: 'eth0',
      namespace: undefined,
      pod: undefined,
    });
  }
});

test("the Pod's UID is read where it is one, and no Pod fails for it", () => {
  const uidOf = (uid: string) => {
    const { request } = parseCniRequest({ ...parameters, args: `${parameters.args};K8S_POD_UID=${uid}` }, stdin);
    return 'podUid' in request ? request.podUid : undefined;
  };
  for (const uid of ['7d1e4d2c-3f0c-4c35-9f0a-111122223333', '0b8f6c3f2e9ad1c4', 'a'.repeat(128)])
    assert.equal(uidOf(uid), uid);
  for (const uid of ['', '../etc', 'a b', 'a"}', '-a', 'a'.repeat(129), 'é']) assert.equal(uidOf(uid), undefined);
});

test('CHECK has the result that the runtime kept', () => {
  const prevResult = { cniVersion: '1.0.0', ips: [] };
  const read = parseCniRequest({ ...parameters, command: 'CHECK' }, JSON.stringify({ ...config, prevResult }));
  assert.ok(read.command === 'CHECK');
  assert.deepEqual(read.request.prevResult, prevResult);
});

test('STATUS needs the configuration only', () => {
  const none = { containerId: undefined, netns: undefined, ifname: undefined, args: undefined };
  assert.equal(parseCniRequest({ command: 'STATUS', ...none }, stdin).command, 'STATUS');
});

const with_ = (changed: Partial<CniParameters>, body: unknown = config) =>
  [{ ...parameters, ...changed }, typeof body === 'string' ? body : JSON.stringify(body)] as const;

const REFUSED: Record<string, [ReturnType<typeof with_>, number, RegExp]> = {
  'no command': [with_({ command: undefined }), 4, /CNI_COMMAND "" is not known/],
  'an unknown command': [with_({ command: 'add' }), 4, /CNI_COMMAND "add" is not known/],
  'all variables missing': [
    with_({ containerId: '', netns: undefined, ifname: '' }),
    4,
    /CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME/,
  ],
  'CHECK without a namespace': [with_({ command: 'CHECK', netns: '' }), 4, /missing: CNI_NETNS/],
  'DEL without an interface': [with_({ command: 'DEL', ifname: '' }), 4, /missing: CNI_IFNAME/],
  'a container ID that is a path': [
    with_({ containerId: '../../etc/passwd' }),
    4,
    /CNI_CONTAINERID "\.\.\/\.\.\/etc\/passwd"/,
  ],
  'a container ID that begins with a dash': [with_({ containerId: '-rf' }), 4, /CNI_CONTAINERID/],
  'a container ID that ends with a line break': [with_({ containerId: 'a\n' }), 4, /CNI_CONTAINERID "a\\n"/],
  'a container ID of 201 characters': [with_({ containerId: 'a'.repeat(201) }), 4, /at most 200/],
  'an interface of 16 bytes': [with_({ ifname: 'a'.repeat(16) }), 4, /CNI_IFNAME/],
  'an interface of 8 characters in 16 bytes': [with_({ ifname: 'ä'.repeat(8) }), 4, /CNI_IFNAME/],
  'an interface that the kernel would number': [with_({ ifname: 'eth%d' }), 4, /CNI_IFNAME "eth%d"/],
  'an interface called ..': [with_({ ifname: '..' }), 4, /CNI_IFNAME/],
  'an interface with a slash': [with_({ ifname: 'a/b' }), 4, /CNI_IFNAME/],
  'an interface with white space': [with_({ ifname: 'a b' }), 4, /CNI_IFNAME/],
  'a namespace that is not a path': [with_({ netns: 'netns/pod' }), 4, /CNI_NETNS "netns\/pod"/],
  'arguments that are no pairs': [with_({ args: 'a=b;c' }), 4, /CNI_ARGS has a part that is not KEY=VALUE: "c"/],
  'no Pod': [
    with_({ args: 'K8S_POD_NAMESPACE=default' }),
    4,
    /CNI_ARGS lacks K8S_POD_NAME$|CNI_ARGS lacks K8S_POD_NAME:/,
  ],
  'no arguments': [with_({ args: undefined }), 4, /lacks K8S_POD_NAMESPACE and K8S_POD_NAME/],
  'a Pod that is a path': [with_({ args: 'K8S_POD_NAMESPACE=a;K8S_POD_NAME=../b' }), 4, /K8S_POD_NAME "\.\.\/b"/],
  'a namespace in capitals': [with_({ args: 'K8S_POD_NAMESPACE=A;K8S_POD_NAME=b' }), 4, /K8S_POD_NAMESPACE "A"/],
  'no JSON': [with_({}, '{"cniVersion":'), 6, /not JSON/],
  'an empty configuration': [with_({}, ''), 6, /not JSON/],
  'a list': [with_({}, []), 6, /not a JSON object/],
  'no version': [with_({}, { name: 'k8s' }), 1, /no cniVersion is not supported: supported: 0\.3\.0, 0\.3\.1/],
  'an unknown version': [with_({}, { ...config, cniVersion: '9.0.0' }), 1, /cniVersion "9\.0\.0" is not supported/],
  'a version that is a number': [with_({}, { ...config, cniVersion: 1 }), 1, /cniVersion 1 is not supported/],
  'no name': [with_({}, { cniVersion: '1.0.0' }), 7, /has no name/],
  'a name with a slash': [with_({}, { ...config, name: 'a/b' }), 7, /name "a\/b"/],
  'a prevResult that is a list': [with_({}, { ...config, prevResult: [] }), 7, /prevResult is not an object/],
  'a CHECK without prevResult': [with_({ command: 'CHECK' }), 7, /prevResult is missing: .* result of ADD/],
  'a CHECK whose prevResult is null': [with_({ command: 'CHECK' }, { ...config, prevResult: null }), 7, /is missing/],
  'a prevResult in an ADD': [with_({}, { ...config, prevResult: {} }), 7, /prevResult.*first plugin/],
  'an address that is asked for': [
    with_({}, { ...config, runtimeConfig: { ips: ['10.0.0.1/32'] } }),
    2,
    /runtimeConfig\.ips.*10\.0\.0\.1/,
  ],
};

for (const [what, [request, code, message]] of Object.entries(REFUSED)) {
  test(`${what} is refused with code ${code}`, () => {
    assert.throws(
      () => parseCniRequest(...request),
      (error) => error instanceof CniError && error.code === code && message.test(error.message),
    );
  });
}

test('port mappings and the like are for other plugins of the chain', () => {
  const body = { ...config, runtimeConfig: { portMappings: [{ hostPort: 80 }], ips: [] } };
  assert.equal(parseCniRequest(parameters, JSON.stringify(body)).command, 'ADD');
});

test('property: whatever comes in, it is read or refused, and nothing else', () => {
  const text = fc.option(
    fc.oneof(fc.string(), fc.constantFrom('ADD', 'DEL', 'eth0', '/run/netns/x', 'K8S_POD_NAME=a')),
    { nil: undefined },
  );
  const any = fc.record({ command: text, containerId: text, netns: text, ifname: text, args: text });
  fc.assert(
    fc.property(any, fc.oneof(fc.json(), fc.string(), fc.constant(stdin)), (candidate, body) => {
      try {
        parseCniRequest(candidate, body);
      } catch (error) {
        assert.ok(error instanceof CniError, String(error));
        assert.notEqual(error.msg, '');
      }
    }),
  );
});
