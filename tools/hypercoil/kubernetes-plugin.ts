import type { Plugin } from 'esbuild';

/**
 * Of the Kubernetes client we use what reads its configuration. That module names the API's generated classes, which are
 * 800 modules, in a method that nobody calls; the executable does without them.
 */
export const kubernetesPlugin: Plugin = {
  name: 'kubernetes-configuration-alone',
  setup({ onLoad }) {
    onLoad({ filter: /\/node_modules\/@kubernetes\/client-node\/dist\/gen\/index\.js$/ }, () => ({
      contents: GENERATED,
      loader: 'js',
    }));
  },
};

const GENERATED = `
  export function createConfiguration() {
    throw new Error('the executable has no classes of the Kubernetes API');
  }
  export const ServerConfiguration = createConfiguration;
`;
