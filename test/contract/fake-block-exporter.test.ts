import { type BlockExporterFixture, blockExporterContract } from './block-exporter-contract.ts';
import { FakeBlockExporter } from './fake-block-exporter.ts';

async function open(): Promise<BlockExporterFixture> {
  const exporter = new FakeBlockExporter();
  return {
    exporter,
    addForeignRoute: async (block) => exporter.addForeignRoute(block),
    removeRoute: async (block) => exporter.removeRoute(block),
    switchIpv6: async (isOn) => {
      if (isOn) exporter.refusedFamilies.delete(6);
      else exporter.refusedFamilies.add(6);
    },
    print: async () => String(exporter),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

blockExporterContract({ open, runs: 100 });
