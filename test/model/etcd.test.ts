import { modelTest } from './model-test.ts';

modelTest('etcd', 3_000);
