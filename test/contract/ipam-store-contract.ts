import { describe } from 'node:test';
import { addressesContract } from './addresses-contract.ts';
import { blocksContract } from './blocks-contract.ts';
import { bootsContract } from './boots-contract.ts';
import { healthContract } from './health-contract.ts';
import { poolRemovalContract } from './pool-removal-contract.ts';
import { poolsContract } from './pools-contract.ts';
import { racesContract } from './races-contract.ts';
import type { StoreFixture } from './store-fixture.ts';
import { watchContract } from './watch-contract.ts';

/**
 * What every IpamStore and BootRecord must do, whatever it keeps its data in. `setup` gives a datastore of its own for each test;
 * everything is judged through the port, mostly by two clients.
 */
export function ipamStoreContract(name: string, setup: () => Promise<StoreFixture>): void {
  describe(name, () => {
    describe('pools', () => poolsContract(setup));
    describe('removal of pools', () => poolRemovalContract(setup));
    describe('blocks', () => blocksContract(setup));
    describe('addresses', () => addressesContract(setup));
    describe('boots', () => bootsContract(setup));
    describe('health', () => healthContract(setup));
    describe('watch', () => watchContract(setup));
    describe('races', () => racesContract(setup));
  });
}
