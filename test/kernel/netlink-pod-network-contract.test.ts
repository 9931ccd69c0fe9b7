import { podNetworkContract } from '../contract/pod-network-contract.ts';
import { needsRoot } from './kernel-fixture.ts';
import { KernelPodNetworkFixture } from './netlink-pod-network-fixture.ts';

podNetworkContract({ open: KernelPodNetworkFixture.open, skip: needsRoot });
