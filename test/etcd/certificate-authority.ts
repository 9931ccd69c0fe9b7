import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Files of a certificate and its key, in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Issues certificates that are valid for a day, in a folder that is gone after dispose. */
export class CertificateAuthority implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(await mkdtemp(join(tmpdir(), 'coil-ca-')));
    try {
      await authority.#request('ca', '-addext', 'keyUsage=critical,keyCertSign');
      return authority;
    } catch (error) {
      await authority[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What to trust, in PEM. */
  get cert(): string {
    return this.#files('ca').cert;
  }

  /** A certificate of this common name, for clients, and for servers on this machine's loopback and at `addresses`. */
  async issue(name: string, ...addresses: readonly string[]): Promise<KeyPair> {
    const { cert, key } = this.#files('ca');
    const subjects = ['127.0.0.1', ...addresses].map((address) => `IP:${address}`);
    const extensions = [
      'basicConstraints=critical,CA:FALSE',
      `subjectAltName=${[...subjects, 'DNS:localhost'].join(',')}`,
    ];
    return await this.#request(name, '-CA', cert, '-CAkey', key, ...extensions.flatMap((one) => ['-addext', one]));
  }

  async #request(name: string, ...flags: readonly string[]): Promise<KeyPair> {
    const { cert, key } = this.#files(name);
    const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const files = ['-keyout', key, '-out', cert];
    await run('openssl', ['req', '-x509', ...algorithm, '-days', '1', '-subj', `/CN=${name}`, ...flags, ...files]);
    return { cert, key };
  }

  #files(name: string): KeyPair {
    return { cert: join(this.#folder, `${name}.pem`), key: join(this.#folder, `${name}-key.pem`) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
