import { CoilError } from '../../model/error.ts';
import { IpPrefix } from '../../model/ip-prefix.ts';
import { isRecord, parseJson } from '../../model/json.ts';
import { isNodeName } from '../../model/node-name.ts';
import { readValue } from './block-document.ts';
import { readInto } from './read-into.ts';
import type { KeyValue } from './transaction.ts';

/**
 * The value of an `acquire/` key: a node that waits for a block, until `block` is its answer. Whoever holds the block
 * document answers for all who wait, so that a thousand nodes do not overwrite one document a thousand times each.
 */
export interface WaitingRequest {
  readonly key: string;
  /** Of its last change. */
  readonly revision: number;
  readonly node: string;
  /** Whether it is to have none rather than the last one of a subnet. */
  readonly isSpare: boolean;
  /** null: no block is free. Undefined: there is no answer yet. */
  readonly block: IpPrefix | null | undefined;
}

export function formatRequest({ node, isSpare }: Pick<WaitingRequest, 'node' | 'isSpare'>): string {
  return JSON.stringify(isSpare ? { node, spare: true } : { node });
}

export function formatAnswer(node: string, block: IpPrefix | null): string {
  return JSON.stringify({ node, block });
}

/** @throws {CoilError} corrupt-data that names the key */
export function readRequest({ key, value, revision }: KeyValue): WaitingRequest {
  return readValue(key, () => {
    const json = parseJson(value);
    if (!isRecord(json) || typeof json.node !== 'string' || !isNodeName(json.node))
      throw new CoilError('corrupt-data', 'a request for a block is a JSON object with the name of a node');
    return { key, revision, node: json.node, isSpare: json.spare === true, block: readAnswer(json.block) };
  });
}

/** Those that can be read. The others are left alone, and go into `unreadable`; without that, one is thrown. */
export function readRequests(entries: readonly KeyValue[], unreadable: CoilError[] | undefined): WaitingRequest[] {
  const requests: WaitingRequest[] = [];
  for (const entry of entries) readInto(unreadable, () => requests.push(readRequest(entry)));
  return requests;
}

function readAnswer(text: unknown): WaitingRequest['block'] {
  if (text === undefined || text === null) return text;
  const block = typeof text === 'string' ? IpPrefix.tryParse(text) : undefined;
  if (block) return block;
  throw new CoilError(
    'corrupt-data',
    `the answer to a request is a block, or null: ${JSON.stringify(text)} is neither`,
  );
}
