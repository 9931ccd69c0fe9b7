import { blockExporterContract } from '../contract/block-exporter-contract.ts';
import { needsRoot } from './kernel-fixture.ts';
import { KernelBlockExporterFixture } from './netlink-block-exporter-fixture.ts';

blockExporterContract({ open: KernelBlockExporterFixture.open, skip: needsRoot, runs: 20 });
