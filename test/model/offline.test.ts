import { modelTest } from './model-test.ts';

modelTest('sqlite', 20_000, true);
