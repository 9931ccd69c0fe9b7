import type { Plan } from './plan.ts';
import { FORWARDING_SYSCTLS, type Sysctls } from './sysctls.ts';

const ON = '1';

/** What makes the kernel forward. Writes nothing where it does: in an unprivileged container it could not. */
export async function planForwarding(sysctls: Sysctls): Promise<Plan> {
  const settings = await Promise.all(
    FORWARDING_SYSCTLS.map(async (name) => ({ name, value: await sysctls.read(name) })),
  );
  const withoutIpv6 = settings.filter(({ name, value }) => value === undefined && name.startsWith('net.ipv6.'));
  const off = settings.filter((setting) => setting.value !== ON && !withoutIpv6.includes(setting));
  return {
    steps: off.map(({ name }) => ({ do: 'set-sysctl', name, value: ON })),
    notices: withoutIpv6.map(({ name }) => ({ level: 'info', message: 'the kernel has no IPv6', fields: { name } })),
  };
}
