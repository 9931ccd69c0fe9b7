/** Whether it is the kernel's name for a boot: a UUID, as /proc/sys/kernel/random/boot_id has it. */
export function isBootId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
