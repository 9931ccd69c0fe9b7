import { AddressFamily, fullLength } from './address-family.ts';
import { MessageFlag } from './message.ts';
import type { Request } from './request.ts';
import { decodeRule, encodeRule, RuleAction, type RuleMessage } from './rule-codec.ts';

// RTM_*, linux/rtnetlink.h
const NEW_RULE = 32;
const DELETE_RULE = 33;
const GET_RULE = 34;

export interface Rule {
  /** One of `AddressFamily`. */
  readonly family: number;
  readonly table: number;
  readonly priority?: number;
  readonly source?: Uint8Array;
  /** That of a single address where absent. */
  readonly sourceLength?: number;
  readonly destination?: Uint8Array;
  readonly destinationLength?: number;
  readonly inputLink?: string;
  readonly outputLink?: string;
  readonly mark?: number;
  readonly protocol?: number;
}

function message(rule: Rule): RuleMessage {
  return {
    ...rule,
    action: RuleAction.toTable,
    flags: 0,
    sourceLength: rule.source === undefined ? 0 : (rule.sourceLength ?? fullLength(rule.source)),
    destinationLength: rule.destination === undefined ? 0 : (rule.destinationLength ?? fullLength(rule.destination)),
  };
}

function request(verb: string, rule: Rule, type: number, flags: number): Request {
  const version = rule.family === AddressFamily.inet6 ? '-6 ' : '';
  const operation = `ip ${version}rule ${verb} priority ${rule.priority ?? 'any'} lookup ${rule.table}`;
  return { operation, type, flags, body: encodeRule(message(rule)) };
}

/** `ip rule add … lookup TABLE`; EEXIST where the very same is there */
export function addRule(rule: Rule): Request {
  return request('add', rule, NEW_RULE, MessageFlag.create | MessageFlag.exclusive);
}

/** `ip rule delete … lookup TABLE`: the first that has everything that is said; ENOENT where none has */
export function deleteRule(rule: Rule): Request {
  return request('delete', rule, DELETE_RULE, 0);
}

/** `ip rule show`; to be dumped */
export function listRules(family: number): Request<RuleMessage> {
  const blank = { family, action: 0, table: 0, flags: 0, sourceLength: 0, destinationLength: 0 };
  return { operation: 'ip rule show', type: GET_RULE, flags: 0, body: encodeRule(blank), decode: decodeRule };
}
