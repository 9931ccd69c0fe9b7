import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runMain } from '../../test/run-main.ts';
import { main } from './coild.ts';

const REFUSED: Record<string, RegExp> = {
  '--cri-socket=containerd.sock': /--cri-socket takes the absolute path of a unix socket, not "containerd\.sock"/,
  '--cri-socket=unix://relative': /--cri-socket takes/,
  '--cri-socket=http://127.0.0.1:1': /--cri-socket takes/,
  '--reclaim=yes': /--reclaim takes one of on, dry-run, off, not "yes"/,
  '--reclaim-grace=100ms': /--reclaim-grace takes a duration from 500ms/,
  '--reclaim-grace=5': /--reclaim-grace takes a duration/,
};
for (const [flag, message] of Object.entries(REFUSED)) {
  test(`${flag} is refused before anything is opened`, async () => {
    const { status, stderr } = await runMain(main, [flag, '--store=sqlite:/nonexistent/coil.db'], {
      env: { COIL_NODE_NAME: 'node1' },
    });
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
  });
}
