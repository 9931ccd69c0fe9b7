import { attachmentLinksContract } from './attachment-links-contract.ts';
import { podAttachContract } from './pod-attach-contract.ts';
import { podDetachContract } from './pod-detach-contract.ts';
import type { PodNetworkSetup } from './pod-network-fixture.ts';

/** What every implementation of PodNetwork promises, and of AttachmentLinks. */
export function podNetworkContract(setup: PodNetworkSetup): void {
  podAttachContract(setup);
  podDetachContract(setup);
  attachmentLinksContract(setup);
}
