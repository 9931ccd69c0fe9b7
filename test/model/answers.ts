import { CoilError } from '../../src/model/error.ts';
import type { Sandbox, SandboxCall } from './sandbox.ts';
import { recordsOf, type Truth } from './truth.ts';
import { promise } from './violation.ts';

/** What an undisturbed call may fail with, where the kernel takes all. */
const REASONS = ['out-of-addresses'] as const;
/** So is a Pod told over the REST API that has an address already. */
const REST_REASONS = [...REASONS, 'address-in-use'] as const;

/** Takes note of an ADD that was answered with addresses. @throws {Violation} */
export function added(call: SandboxCall, addresses: readonly string[], truth: Truth): void {
  const { sandbox } = call;
  sandbox.calls.delete(call);
  promise(addresses.length > 0, () => `ADD of ${sandbox.containerId} was answered without an address`);
  if (!sandbox.isNew) sandbox.known = 'ready';
  // a node that lost its blocks, or a DEL at the same time, may have taken them already
  if (call.isDisturbed || call.isBehind || call.beside.has('DEL')) {
    // without the datastore, a node cannot know which of its blocks are not its own any more
    if (call.isBehind && sandbox.node.hasJournal) sandbox.isRevoked = true;
    if (sandbox.state !== 'live') sandbox.state = 'either';
    return;
  }
  if (sandbox.state === 'live') {
    const before = sandbox.addresses.join(' ');
    promise(before === addresses.join(' '), () => `${sandbox.containerId} has ${before}, and got ${addresses} besides`);
  }
  sandbox.state = 'live';
  sandbox.addresses = addresses;
  sandbox.hasLink = !sandbox.isRest && call.beside.size === 0 && !call.hasRival;
  for (const address of addresses)
    promise(
      truth.records.has(address),
      () => `${address} of ${sandbox.containerId} was acknowledged and is not recorded`,
    );
}

/** Takes note of a DEL that was answered. @throws {Violation} */
export function deleted(call: SandboxCall, truth: Truth): void {
  const { sandbox } = call;
  sandbox.calls.delete(call);
  if (call.beside.has('ADD')) return;
  sandbox.die({ known: undefined, hasPod: false });
  sandbox.state = 'gone';
  sandbox.isRevoked = false;
  promiseNoRecord(sandbox, truth, 'after its DEL');
}

/** Takes note of a call that was answered with an error. @throws {Violation} */
export function failed(call: SandboxCall, error: unknown, truth: Truth): void {
  const { sandbox, verb } = call;
  sandbox.calls.delete(call);
  if (sandbox.known && sandbox.state !== 'live') sandbox.known = 'stopped';
  if (call.isDisturbed || call.mayFail || call.isBehind) {
    if (sandbox.state === 'gone') sandbox.state = 'either';
    return;
  }
  const reasons = sandbox.isRest ? REST_REASONS : REASONS;
  const isExpected = call.isRefused || (verb === 'ADD' && reasons.some((code) => CoilError.is(error, code)));
  promise(isExpected, () => `${verb} of ${sandbox.containerId} failed for no reason: ${String(error)}`);
  if (verb === 'ADD' && call.beside.size === 0 && sandbox.state === 'gone')
    promiseNoRecord(sandbox, truth, 'after its ADD failed');
}

function promiseNoRecord(sandbox: Sandbox, truth: Truth, when: string): void {
  const [left] = recordsOf(truth, sandbox.containerId);
  promise(left === undefined, () => `${left} of ${sandbox.containerId} is still recorded ${when}`);
}
