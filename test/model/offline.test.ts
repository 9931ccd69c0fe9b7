import { modelTest } from './model-test.ts';

modelTest('sqlite', 6_000, true);
