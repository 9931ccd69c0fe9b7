import { built } from '../e2e/built.ts';
import { testExamples } from './console-examples.ts';
import { exampleShell } from './example-shell.ts';

testExamples(new URL('../../docs/hypercoil.md', import.meta.url), async () => exampleShell(await built()));
