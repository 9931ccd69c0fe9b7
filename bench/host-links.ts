import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 1;

/**
 * Waits until no Pod's link is left on the node but `count`. A plugin that answers a DEL before the link is gone must
 * not have its work counted as the next one's.
 */
export async function untilLinks(count: number): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (hostLinks() !== count) {
    if (performance.now() > deadline) throw new Error(`${hostLinks()} links are on the node instead of ${count}`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** Number of veth links in this process's network namespace; nothing waits for the kernel's rtnl lock to read it. */
function hostLinks(): number {
  return [...readFileSync('/proc/self/net/dev', 'latin1').matchAll(/^ *veth/gm)].length;
}
