import { parseCoildAddress } from '../cni/client/coild-address.ts';
import { checkEnvironment, cniHeaders } from '../cni/client/environment.ts';
import { handOverDel, hasSpool } from '../cni/client/hand-over-del.ts';
import { type HandoverDeadline, handOver } from '../cni/client/handover.ts';
import {
  parseNetworkConfiguration,
  readNetworkConfiguration,
  textMember,
} from '../cni/client/network-configuration.ts';
import { print } from '../cni/client/print.ts';
import { CniError } from '../cni/cni-error.ts';
import { answerVersion, DEFAULT_CNI_VERSION, SUPPORTED_CNI_VERSIONS } from '../cni/versions.ts';
import type { ProgramIo } from '../process/program.ts';

const USAGE = `coil is the CNI plugin of Coil, for CNI 0.3.0 to 1.1.0. A container runtime starts it with CNI_COMMAND and
the other CNI variables set and the network configuration on standard input; it hands them to coild.
By hand: echo '{"cniVersion":"1.1.0","name":"k8s","type":"coil"}' | CNI_COMMAND=STATUS /opt/cni/bin/coil
`;

export interface CoilOptions {
  /** From the start to the end of coild's answer, as a whole number. */
  readonly deadlineSeconds: number;
  /** Of it, for a DEL that can be spooled: runtimes give the DELs of a failed ADD a minute in all. */
  readonly delSeconds: number;
}

const OPTIONS: CoilOptions = { deadlineSeconds: 60, delSeconds: 20 };

/** The CNI plugin as `hypercoil coil`: what launcher/coil.c does, to the same words. */
export async function main(io: ProgramIo, options = OPTIONS): Promise<number> {
  const byHand = io.env.CNI_COMMAND === undefined && io.argv.length === 1;
  if (byHand && ['--help', '--version', 'version'].includes(io.argv[0]!))
    return (await print(io.stdout, USAGE)) ? 0 : 1;
  if (!io.env.CNI_COMMAND) io.stderr.write(USAGE);
  const within = (seconds: number): HandoverDeadline => ({
    seconds,
    signal: AbortSignal.any([AbortSignal.timeout(seconds * 1000), io.signal]),
  });
  const answer = await run(io, within(options.deadlineSeconds), within(options.delSeconds));
  const printed = await print(io.stdout, answer.body);
  return printed ? answer.exitStatus : 1;
}

interface Outcome {
  readonly exitStatus: number;
  readonly body: string | Uint8Array;
}

async function run(io: ProgramIo, deadline: HandoverDeadline, delDeadline: HandoverDeadline): Promise<Outcome> {
  let version = DEFAULT_CNI_VERSION;
  try {
    const command = checkEnvironment(io.env);
    const body = await readNetworkConfiguration(io.stdin, deadline.signal);
    // VERSION asks what the plugin is, and some ask it before there is a network.
    const netconf = command === 'VERSION' && body.length === 0 ? {} : parseNetworkConfiguration(body);
    version = answerVersion(netconf.cniVersion);
    const requested = textMember(netconf, 'cniVersion');
    if (command === 'VERSION') return { exitStatus: 0, body: versionInfo(requested ?? DEFAULT_CNI_VERSION) };
    const coild = textMember(netconf, 'coild') ?? '';
    const message = { headers: cniHeaders(io.env), body, env: io.env };
    const address = parseCoildAddress(coild);
    const answer = await (command === 'DEL' && hasSpool(address)
      ? handOverDel(address, message, delDeadline)
      : handOver(address, message, deadline));
    return { exitStatus: answer.status === 200 ? 0 : 1, body: answer.body };
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    return { exitStatus: 1, body: `${JSON.stringify(error.toJson(version))}\n` };
  }
}

/** CNI SPEC.md 1.1.0, section 5 "VERSION Success". */
function versionInfo(cniVersion: string): string {
  return `${JSON.stringify({ cniVersion, supportedVersions: SUPPORTED_CNI_VERSIONS })}\n`;
}
