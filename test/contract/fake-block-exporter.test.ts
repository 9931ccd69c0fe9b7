import { type BlockExporterFixture, blockExporterContract } from './block-exporter-contract.ts';
import { FakeBlockExporter } from './fake-block-exporter.ts';

async function open(): Promise<BlockExporterFixture> {
  const exporter = new FakeBlockExporter();
  return {
    exporter,
    addForeignRoute: async (block) => exporter.addForeignRoute(block),
    removeRoute: async (block) => exporter.removeRoute(block),
    print: async () => String(exporter),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

blockExporterContract({ open, runs: 100 });
