import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsent, put } from '../src/store/etcd/transaction.ts';
import { compile } from './compile.ts';
import type { ProgramCall, Timed } from './program-call.ts';
import { median } from './statistics.ts';

/** What no plugin can be faster than, in milliseconds: medians. */
export interface Floor {
  /** To start an empty static executable, and to wait for its end. */
  readonly spawn: number;
  /** A transaction of etcd from Node with one compare and one put, which etcd writes to the disk before it answers. */
  readonly etcd: number;
}

export interface FloorOptions {
  readonly etcdUrl: string;
  /** For what is compiled. */
  readonly folder: string;
  readonly count: number;
}

export async function measureFloor(
  { etcdUrl, folder, count }: FloorOptions,
  run: (call: ProgramCall) => Promise<Timed>,
): Promise<Floor> {
  const source = join(folder, 'empty.c');
  await writeFile(source, 'int main(void) { return 0; }\n');
  const executable = await compile(source, folder);
  const spawns: number[] = [];
  for (let i = 0; i < count; i++) spawns.push((await run({ executable, args: [], env: {}, input: '{}' })).ms);
  return { spawn: median(spawns), etcd: median(await transactions(etcdUrl, count)) };
}

async function transactions(url: string, count: number): Promise<number[]> {
  // not before it is needed: the more memory this process has, the longer it takes to make another
  const { EtcdClient } = await import('../src/store/etcd/etcd-client.ts');
  await using etcd = new EtcdClient({ endpoints: [url] });
  const signal = new AbortController().signal;
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const key = `/bench/${i}`;
    const request = { compare: [isAbsent(key)], success: [put(key, 'x'.repeat(200))] };
    const start = performance.now();
    await etcd.transact('measure a transaction', request, signal);
    times.push(performance.now() - start);
  }
  return times;
}
