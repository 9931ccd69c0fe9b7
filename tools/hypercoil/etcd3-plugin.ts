import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const READS_PROTO = /\.loadSync\)\(`\$\{__dirname\}\/\.\.\/proto\/rpc\.proto`/;

/** etcd3 parses its protocol file from beside its own module whenever it starts; here it gets it parsed, as JSON. */
export const etcd3Plugin: Plugin = {
  name: 'etcd3-protocol-as-json',
  setup({ onLoad }) {
    onLoad({ filter: /\/node_modules\/etcd3\/lib\/connection-pool\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      if (!READS_PROTO.test(source))
        throw new Error(`${path} no longer reads rpc.proto as expected; see ${import.meta.filename}`);
      const folder = join(path, '../../proto');
      return {
        contents: source.replace(READS_PROTO, () => `.fromJSON)(${JSON.stringify(protocol(path, folder))}`),
        loader: 'js',
        watchFiles: ['rpc.proto', 'kv.proto', 'auth.proto'].map((name) => join(folder, name)),
      };
    });
  },
};

/** The protocol, read by the very parser that etcd3 (whose module is `importer`) would use, with the same options. */
function protocol(importer: string, folder: string): unknown {
  const loader = createRequire(importer).resolve('@grpc/proto-loader');
  const protobuf = createRequire(loader)('protobufjs') as Protobuf;
  return new protobuf.Root().loadSync(join(folder, 'rpc.proto'), { keepCase: true }).resolveAll().toJSON();
}

interface Protobuf {
  Root: new () => { loadSync(file: string, options: { keepCase: boolean }): { resolveAll(): { toJSON(): unknown } } };
}
