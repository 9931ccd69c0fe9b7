import {
  bytesAttribute,
  bytesOf,
  decodeAttributes,
  textAttribute,
  textOf,
  u8Attribute,
  u8Of,
  u32Attribute,
  u32Of,
} from './attributes.ts';
import { concat, readU8, readU32, writeU32 } from './native-bytes.ts';
import { tableByte } from './route-codec.ts';

/** FR_ACT_*, linux/fib_rules.h */
export const RuleAction = { unspecified: 0, toTable: 1, blackhole: 6 } as const;

/** A policy routing rule, as in an RTM_NEWRULE, RTM_DELRULE or RTM_GETRULE message. */
export interface RuleMessage {
  /** One of `AddressFamily`. */
  readonly family: number;
  readonly action: number;
  readonly table: number;
  readonly flags: number;
  readonly sourceLength: number;
  readonly source?: Uint8Array | undefined;
  readonly destinationLength: number;
  readonly destination?: Uint8Array | undefined;
  /** Rules are tried from the lowest priority to the highest. */
  readonly priority?: number | undefined;
  readonly inputLink?: string | undefined;
  readonly outputLink?: string | undefined;
  readonly mark?: number | undefined;
  readonly markMask?: number | undefined;
  /** Who made the rule, as of a route. */
  readonly protocol?: number | undefined;
}

// FRA_*, linux/fib_rules.h
const DESTINATION = 1;
const SOURCE = 2;
const INPUT_LINK = 3;
const PRIORITY = 6;
const MARK = 10;
const TABLE = 15;
const MARK_MASK = 16;
const OUTPUT_LINK = 17;
const PROTOCOL = 21;

/** struct fib_rule_hdr: u8 family, dst_len, src_len, tos, table, res1, res2, action; u32 flags */
const HEADER = 12;

export function encodeRule(rule: RuleMessage): Uint8Array {
  const header = new Uint8Array(HEADER);
  header.set([rule.family, rule.destinationLength, rule.sourceLength, 0, tableByte(rule.table), 0, 0, rule.action]);
  writeU32(header, 8, rule.flags);
  const parts: Uint8Array[] = [header];
  if (rule.destination !== undefined) parts.push(bytesAttribute(DESTINATION, rule.destination));
  if (rule.source !== undefined) parts.push(bytesAttribute(SOURCE, rule.source));
  if (rule.inputLink !== undefined) parts.push(textAttribute(INPUT_LINK, rule.inputLink));
  if (rule.outputLink !== undefined) parts.push(textAttribute(OUTPUT_LINK, rule.outputLink));
  if (rule.priority !== undefined) parts.push(u32Attribute(PRIORITY, rule.priority));
  if (rule.mark !== undefined) parts.push(u32Attribute(MARK, rule.mark));
  if (rule.markMask !== undefined) parts.push(u32Attribute(MARK_MASK, rule.markMask));
  if (rule.protocol !== undefined) parts.push(u8Attribute(PROTOCOL, rule.protocol));
  if (rule.table !== 0) parts.push(u32Attribute(TABLE, rule.table));
  return concat(parts);
}

/** @throws {NetlinkError} EBADMSG */
export function decodeRule(body: Uint8Array): RuleMessage {
  const attributes = decodeAttributes(body, HEADER);
  return {
    family: readU8(body, 0),
    action: readU8(body, 7),
    table: u32Of(attributes, TABLE) ?? readU8(body, 4),
    flags: readU32(body, 8),
    sourceLength: readU8(body, 2),
    source: bytesOf(attributes, SOURCE),
    destinationLength: readU8(body, 1),
    destination: bytesOf(attributes, DESTINATION),
    priority: u32Of(attributes, PRIORITY),
    inputLink: textOf(attributes, INPUT_LINK),
    outputLink: textOf(attributes, OUTPUT_LINK),
    mark: u32Of(attributes, MARK),
    markMask: u32Of(attributes, MARK_MASK),
    protocol: u8Of(attributes, PROTOCOL),
  };
}
