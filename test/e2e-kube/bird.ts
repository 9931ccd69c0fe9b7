import { readFile } from 'node:fs/promises';
import { CONTROL_ADDRESS } from './addresses.ts';

const MANUAL = new URL('../../docs/operations.md', import.meta.url);
const ROUTER_AS = 64600;

/** The recipe of docs/operations.md, which is written for a node with address 192.0.2.1 in AS 64601. */
export async function nodeBird(index: number, address: string): Promise<string> {
  const [, recipe] = /^```bird\n(.*?)^```$/ms.exec(await readFile(MANUAL, 'utf8')) ?? [];
  if (!recipe?.includes(`neighbor ${CONTROL_ADDRESS} as ${ROUTER_AS};`)) throw new Error('docs/ has no such recipe');
  return recipe.replace('router id 192.0.2.1;', `router id ${address};`).replace('as 64601;', `as ${nodeAs(index)};`);
}

/** The network's router: takes each node's routes, and tells the other ones. */
export function routerBird(addresses: readonly string[]): string {
  const neighbors = addresses.map(
    (address, i) => `protocol bgp node${i + 1} {
  local ${CONTROL_ADDRESS} as ${ROUTER_AS};
  neighbor ${address} as ${nodeAs(i + 1)};
  passive;
  graceful restart;
  ipv4 { import all; export all; };
}
`,
  );
  return `router id ${CONTROL_ADDRESS};
protocol device { scan time 10; }
protocol kernel { ipv4 { import none; export all; }; }
${neighbors.join('')}`;
}

function nodeAs(index: number): number {
  return ROUTER_AS + index;
}
