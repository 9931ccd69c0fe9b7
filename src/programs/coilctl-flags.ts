import { type Flag, optionalTextFlag } from '../process/flag.ts';
import { LOG_FLAGS } from '../process/log-flags.ts';
import { STORE_FLAGS } from './store-options.ts';

type StoreFlagName = keyof typeof STORE_FLAGS;

/** The configuration file's members are v1's, and `store`. */
const MEMBERS: Readonly<Record<StoreFlagName, string>> = {
  store: 'store',
  'etcd-endpoints': 'endpoints',
  'etcd-prefix': 'prefix',
  'etcd-timeout': 'timeout',
  'etcd-username': 'username',
  'etcd-password': 'password',
  'etcd-tls-ca': 'tls-ca-file',
  'etcd-tls-cert': 'tls-cert-file',
  'etcd-tls-key': 'tls-key-file',
};

/** The configuration file is `.coilctl` in the home folder, or what --config names. */
export const COILCTL_CONFIG = { flag: 'config', name: '.coilctl' } as const;

export const COILCTL_FLAGS = {
  config: optionalTextFlag({
    describe: 'Configuration file; without it, .coilctl.yml, .yaml, .json or .toml in the home folder',
    takes: 'file',
  }),
  ...withMembers(STORE_FLAGS),
  ...LOG_FLAGS,
} as const;

/** Each flag with its member, `tls-ca-file`, and the variable of the same name, `COILCTL_TLS_CA_FILE`. */
function withMembers<F extends Readonly<Record<StoreFlagName, Flag<unknown>>>>(flags: F): F {
  const configured = Object.entries(flags).map(([name, flag]) => {
    const member = MEMBERS[name as StoreFlagName];
    const inline = member.startsWith('tls-') ? { inline: member.replace(/-file$/, '') } : {};
    return [name, { ...flag, member, ...inline, env: `COILCTL_${member.toUpperCase().replaceAll('-', '_')}` }];
  });
  return Object.fromEntries(configured) as F;
}
