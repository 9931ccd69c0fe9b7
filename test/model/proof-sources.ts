import type { ReclaimSources } from '../../src/coild/create-reclaim.ts';
import type { Gate } from './gate.ts';
import type { ModelNode } from './model-node.ts';
import type { Sandbox } from './sandbox.ts';

/** What a node's kernel, its container runtime and the API server say of its sandboxes; each question waits at the gate. */
export function proofSources(
  node: ModelNode,
  { gate, sandboxes }: { readonly gate: Gate; readonly sandboxes: () => readonly Sandbox[] },
): Required<Pick<ReclaimSources, 'links' | 'sandboxes' | 'podUids'>> {
  const ask = <T>(source: 'links' | 'runtime' | 'api', signal: AbortSignal, answer: () => Promise<T>) =>
    gate.call({ medium: 'proof', name: `ask the ${source}`, signal }, async () => {
      if (source !== 'links' && node.silent.has(source)) throw new Error(`the ${source} does not answer`);
      return await answer();
    });
  return {
    links: {
      look: (signal) => ask('links', signal, () => node.links.look(new AbortController().signal)),
    },
    sandboxes: {
      listSandboxes: (signal) =>
        ask('runtime', signal, async () =>
          sandboxes().flatMap(({ containerId, known }) =>
            known === undefined ? [] : [{ id: containerId, ready: known === 'ready' }],
          ),
        ),
    },
    podUids: {
      uidsOf: (_, name, signal) =>
        ask('api', signal, async () => {
          const present = sandboxes().filter(({ pod, hasPod }) => pod === name && hasPod);
          return new Set(present.map(({ podUid }) => podUid));
        }),
    },
  };
}
