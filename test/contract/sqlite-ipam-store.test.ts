import { ipamStoreContract } from './ipam-store-contract.ts';
import { SqliteFixture } from './sqlite-fixture.ts';

ipamStoreContract('SqliteIpamStore', async () => new SqliteFixture());
