/** What a runtime can ask of a plugin, in CNI_COMMAND (CNI SPEC.md 1.1.0, section 2 "CNI operations"). */
export const CNI_COMMANDS = ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'VERSION'] as const;

export type CniCommand = (typeof CNI_COMMANDS)[number];

/** Whether `value` is a command; they are in capitals, and there are no others. */
export function isCniCommand(value: string): value is CniCommand {
  return CNI_COMMANDS.some((command) => command === value);
}
