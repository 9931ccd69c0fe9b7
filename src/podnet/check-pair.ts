import { CoilError } from '../model/error.ts';
import { ownerDifferences, pairDifferences } from './pair-differences.ts';
import type { Attachment } from './pod-network.ts';
import { findLink, isPair, type PairSides } from './veth-pair.ts';

/** @throws {CoilError} check-failed with the first difference; {NetlinkError} */
export async function checkPair(sides: PairSides, attachment: Attachment, signal: AbortSignal): Promise<void> {
  const { hostIfname, ifname, netns } = attachment;
  const host = await findLink(sides.node, hostIfname, signal);
  if (host === undefined) throw new CoilError('check-failed', `${hostIfname}: the link is missing on the node`);
  const container = await findLink(sides.pod, ifname, signal);
  if (container === undefined) throw new CoilError('check-failed', `${ifname}: the link is missing in ${netns}`);
  if (!(await isPair(sides, { host, container }, signal))) {
    throw new CoilError('check-failed', `${ifname} in ${netns} does not lead to ${hostIfname}`);
  }
  // v1 marked nothing: leading into this Pod, it is this Pod's
  const [owner] = host.alias === undefined ? [] : ownerDifferences(host, attachment);
  if (owner !== undefined) throw new CoilError('check-failed', `${hostIfname} on the node: ${owner.what}`);
  const differences = await pairDifferences(sides, { host, container }, attachment, signal);
  const [onHost] = differences.host;
  if (onHost !== undefined) throw new CoilError('check-failed', `${hostIfname} on the node: ${onHost.what}`);
  const [inPod] = differences.container;
  if (inPod !== undefined) throw new CoilError('check-failed', `${ifname} in ${netns}: ${inPod.what}`);
}
