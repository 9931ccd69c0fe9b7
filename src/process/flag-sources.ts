import { type ConfigFile, type ConfigSpec, findConfigFile, readConfigFile } from './config-file.ts';
import type { Flag, Flags, FlagValues } from './flag.ts';
import type { ProgramIo } from './program.ts';
import { UsageError } from './usage-error.ts';

/** What was given on the command line, by the names of the flags. */
export type GivenFlags = ReadonlyMap<string, string>;

/** Where the values of flags come from: flag beats environment beats configuration file beats default. */
export interface FlagSources {
  readonly given: GivenFlags;
  readonly env: ProgramIo['env'];
  readonly file?: ConfigFile | undefined;
}

/** A value as it was written, and what it was written in: `--etcd-timeout`, `COILCTL_TIMEOUT`, `timeout in FILE`. */
interface Found {
  readonly text: string | undefined;
  readonly origin: string;
}

/** Looks for the configuration file that the flag of `config` names, or else in the home folder. @throws {UsageError} */
export async function openSources(
  { config, flags }: { readonly config?: ConfigSpec; readonly flags: Flags },
  { given, env }: FlagSources,
): Promise<FlagSources> {
  if (config === undefined) return { given, env };
  const named = given.get(config.flag);
  if (named === '') throw new UsageError(`--${config.flag} takes the name of a file`);
  const path = named ?? findConfigFile(config, env.HOME);
  return { given, env, ...(path === undefined ? {} : { file: await readConfigFile(path, flags) }) };
}

/** Reads every flag from its source. @throws {UsageError} naming the source */
export function readFlags<F extends Flags>(flags: F, sources: FlagSources): FlagValues<F> {
  const values = Object.entries(flags).map(([name, flag]) => {
    const { text, origin } = find(name, flag, sources);
    return [name, flag.read(text, origin)];
  });
  return Object.fromEntries(values) as FlagValues<F>;
}

/** Which of `names` were given elsewhere than on the command line, and where: `COILCTL_TIMEOUT`, `timeout in FILE`. */
export function originsOf(flags: Flags, names: readonly string[], sources: FlagSources): string[] {
  const origins = names.map((name) => find(name, flags[name]!, sources).origin);
  return origins.filter((origin, i) => origin !== `--${names[i]}`);
}

/** An empty variable is as good as none. */
function find(name: string, { env: variable, member, default: fallback }: Flag<unknown>, sources: FlagSources): Found {
  const { given, env, file } = sources;
  if (given.has(name)) return { text: given.get(name), origin: `--${name}` };
  if (variable !== undefined && env[variable]) return { text: env[variable], origin: variable };
  const text = member === undefined ? undefined : file?.values.get(member);
  if (text !== undefined) return { text, origin: `${member} in ${file!.path}` };
  return { text: fallback, origin: `--${name}` };
}
