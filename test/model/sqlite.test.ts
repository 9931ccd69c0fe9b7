import { modelTest } from './model-test.ts';

modelTest('sqlite', 12_000);
