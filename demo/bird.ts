import { writeFile } from 'node:fs/promises';
import { Daemon } from './daemon.ts';
import type { DemoRun } from './demo-run.ts';
import type { Node } from './node.ts';

/** Starts BIRD on `node`, with BGP to `peer`. */
export async function startBird(run: DemoRun, node: Node, peer: Node): Promise<void> {
  const config = run.path(`${node.name}-bird.conf`);
  await writeFile(config, birdConfig(node, peer));
  const line = ['bird', '-f', '-c', config, '-s', birdSocket(run, node)] as const;
  await Daemon.start(run, { title: `BIRD of ${node.name}`, netns: node.netns, line, log: logName(node) });
}

/** Path of the file that it logs to. */
export function birdLog(run: DemoRun, node: Node): string {
  return run.path(logName(node));
}

function logName({ name }: Node): string {
  return `${name}-bird.log`;
}

/** What birdc takes after -s. */
export function birdSocket(run: DemoRun, { name }: Node): string {
  return run.path(`${name}-bird.sock`);
}

/**
 * What an administrator configures once, beside the site's own: the table that Coil exports to is read into one of
 * BIRD's, BGP carries it, and what comes from the peer goes to the kernel's main table. All times are as short as can
 * be, for the demo's sake.
 */
function birdConfig(node: Node, peer: Node): string {
  return `log stderr all;
router id ${node.address};
debug protocols { states };
ipv4 table coil;

protocol device { scan time 1; }

protocol kernel from_coil {
  kernel table 119;
  learn;
  scan time 1;
  ipv4 { table coil; import all; export none; };
}

protocol pipe {
  table coil;
  peer table master4;
  import none;
  export all;
}

protocol kernel to_main {
  ipv4 { import none; export where source = RTS_BGP; };
}

protocol bgp {
  local ${node.address} as ${node.as};
  neighbor ${peer.address} as ${peer.as};
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 2;
  ipv4 { import all; export where proto = "from_coil"; };
}
`;
}
