import type { IpPrefix } from '../../src/model/ip-prefix.ts';
import { NetlinkBlockExporter } from '../../src/podnet/netlink-block-exporter.ts';
import type { BlockExporterFixture } from '../contract/block-exporter-contract.ts';
import { command, TestNetns } from './kernel-fixture.ts';

interface IpRoute {
  readonly dst: string;
  readonly protocol: string;
}

/** A node in a namespace of its own, with the port on rtnetlink; protocol 44 stands for a routing daemon. */
export class KernelBlockExporterFixture implements BlockExporterFixture {
  readonly exporter: NetlinkBlockExporter;
  readonly node: TestNetns;

  private constructor(node: TestNetns) {
    this.node = node;
    this.exporter = new NetlinkBlockExporter({ nodeNetns: node.path });
  }

  static async open(): Promise<KernelBlockExporterFixture> {
    const node = await TestNetns.create();
    await node.ip('link set lo up');
    return new KernelBlockExporterFixture(node);
  }

  readonly addForeignRoute = async (block: IpPrefix): Promise<void> => {
    await this.node.ip(`route add ${block} dev lo table 119 proto 44`);
  };

  readonly removeRoute = async (block: IpPrefix): Promise<void> => {
    await this.node.ip(`route delete ${block} table 119 proto 30`);
  };

  readonly switchIpv6 = async (isOn: boolean): Promise<void> => {
    const setting = `net.ipv6.conf.all.disable_ipv6=${isOn ? 0 : 1}`;
    await command('nsenter', `--net=${this.node.path}`, 'sysctl', '-qw', setting);
  };

  readonly print = async (): Promise<string> => {
    const lines: string[] = [];
    for (const [family, length] of [
      ['-4', 32],
      ['-6', 128],
    ] as const) {
      for (const { dst, protocol } of await this.#routes(family)) {
        const block = dst.includes('/') ? dst : `${dst}/${length}`;
        lines.push(`${block} ${protocol === '30' ? 'own' : 'foreign'}`);
      }
    }
    return lines
      .sort()
      .map((line) => `${line}\n`)
      .join('');
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.exporter.close();
    await this.node[Symbol.asyncDispose]();
  }

  async #routes(family: '-4' | '-6'): Promise<IpRoute[]> {
    try {
      return JSON.parse((await this.node.ip(`-json ${family} route show table 119`)) || '[]') as IpRoute[];
    } catch (error) {
      // what `ip` says of a table that was never used
      if (String(error).includes('FIB table does not exist')) return [];
      throw error;
    }
  }
}
