import type { Readable } from 'node:stream';
import { KubeError } from './kube-error.ts';

/** What every object has; a watch may be asked for no more. */
export interface ObjectMetadata {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
}

export interface WatchEvent {
  /** A bookmark tells a version alone. */
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: ObjectMetadata;
}

interface ErrorEvent {
  readonly type: 'ERROR';
  /** A Status. */
  readonly object: { readonly message?: string; readonly code?: number };
}

/**
 * The events of a watch's answer, a JSON object a line; one that is not whole when the answer ends is no event.
 * @throws {KubeError} with the status that the API server ended the watch with; 410 where the version is too old
 */
export async function* watchEvents(answer: Readable): AsyncGenerator<WatchEvent, void, undefined> {
  let rest = '';
  for await (const text of answer.setEncoding('utf8')) {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield read(line);
  }
}

function read(line: string): WatchEvent {
  const event = JSON.parse(line) as WatchEvent | ErrorEvent;
  if (event.type !== 'ERROR') return event;
  const { message = 'no reason given', code = 500 } = event.object;
  throw new KubeError(`the API server ended a watch: ${message}`, { status: code });
}
