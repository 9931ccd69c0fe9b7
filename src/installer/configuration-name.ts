/** As libcni lists them (containernetworking/cni libcni/conf.go, ConfFiles): containerd, CRI-O and kubelet read these. */
const EXTENSIONS = ['.conf', '.conflist', '.json'];
const ASIDE = /^(.+)\.coil-disabled(?:\.([1-9]\d{0,5}))?$/;

/** Whether container runtimes read a file of that name in net.d. */
export function isConfigurationName(name: string): boolean {
  return EXTENSIONS.some((extension) => name.endsWith(extension));
}

/** A name under which runtimes do not read a configuration: `NAME.coil-disabled`, then `NAME.coil-disabled.2` and so on. */
export function asideName(name: string, number = 1): string {
  return `${name}.coil-disabled${number === 1 ? '' : `.${number}`}`;
}

/** Which configuration a file is, that was moved aside; undefined where that was not done to it. */
export function parseAsideName(aside: string): { readonly name: string; readonly number: number } | undefined {
  const [, name, number = '1'] = ASIDE.exec(aside) ?? [];
  return name !== undefined && isConfigurationName(name) ? { name, number: Number(number) } : undefined;
}
