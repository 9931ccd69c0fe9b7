import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestNetns } from './kernel-fixture.ts';

/**
 * What the kernel announces of links, addresses and routes in a namespace while `action` runs, as `ip monitor` prints
 * it. Two bridges that it makes itself mark beginning and end, so that nothing is early or late.
 */
export async function announcements(netns: TestNetns, action: () => Promise<void>): Promise<string[]> {
  const child = spawn('ip', ['-n', netns.name, '-oneline', 'monitor', 'link', 'address', 'route'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const seen: string[] = [];
  const marks = { 'ct-begin': Promise.withResolvers<void>(), 'ct-end': Promise.withResolvers<void>() };
  createInterface(child.stdout).on('line', (line) => {
    seen.push(line);
    for (const [name, mark] of Object.entries(marks)) if (line.includes(`${name}:`)) mark.resolve();
  });
  try {
    // the monitor may not listen yet: the mark is made until it is seen
    const begun = Promise.race([marks['ct-begin'].promise, exited]).then(() => true);
    let listening = false;
    while (!listening) {
      await netns.ip('link add ct-begin type bridge');
      listening = await Promise.race([begun, new Promise<boolean>((resolve) => setTimeout(resolve, 100, false))]);
      await netns.ip('link delete ct-begin');
    }
    await action();
    await netns.ip('link add ct-end type bridge');
    await Promise.race([marks['ct-end'].promise, exited]);
    await netns.ip('link delete ct-end');
  } finally {
    child.kill();
    await exited;
  }
  return seen.filter((line) => !/ct-(begin|end)|^Deleted \d+: (?=ct-)/.test(line));
}
