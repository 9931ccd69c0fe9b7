import type { CommandOptions } from './command.ts';
import type { Node } from './node.ts';

/** RTPROT_BIRD of linux/rtnetlink.h */
const BIRD = 12;
/** What coild marks its routes with, --protocol-id. */
const COIL = 30;

interface KernelRoute {
  readonly dst: string;
  readonly gateway?: string;
  /** Absent for the main one. */
  readonly table?: string;
}

/** The blocks that the node's coild exports: `ip route show table 119`, which fails where there has been none yet. */
export async function exportedBlocks({ netns }: Node, options: CommandOptions): Promise<readonly string[]> {
  const routes = parse(await netns.ip(`-json -4 route show table all proto ${COIL}`, options));
  return routes.filter(({ table }) => table === '119').map(({ dst }) => dst);
}

/** The blocks that the node's BIRD has learnt from the `other`, as the kernel has them. */
export async function learntBlocks({ netns }: Node, other: Node, options: CommandOptions): Promise<readonly string[]> {
  const routes = parse(await netns.ip(`-json -4 route show proto ${BIRD}`, options));
  return routes.filter(({ gateway }) => gateway === other.address).map(({ dst }) => dst);
}

function parse(json: string): readonly KernelRoute[] {
  return JSON.parse(json);
}
