import assert from 'node:assert/strict';
import { IpAddress } from '../../src/model/ip-address.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import type { RunningPod } from './pod-object.ts';

/** @throws where a Pod has another address than one of the subnet */
export function assertInSubnet(subnet: string, pods: readonly RunningPod[]): void {
  const prefix = IpPrefix.parse(subnet);
  for (const { name, node, ip } of pods)
    assert.ok(prefix.contains(IpAddress.parse(ip)), `${name} on ${node} has ${ip}, which is not in ${subnet}`);
}
