import { CniError } from '../cni/cni-error.ts';
import { type AttachmentRequest, parseCniRequest } from '../cni/cni-request.ts';
import type { PodAttacher } from '../cni/pod-attacher.ts';
import { spoolFileName } from '../cni/spooled-del.ts';
import { KeyedLock } from '../ipam/keyed-lock.ts';
import { abortable } from '../process/abortable.ts';
import { Backoff, sleep } from '../process/backoff.ts';
import type { Logger } from '../process/logger.ts';
import { parametersOf } from './cni-parameters.ts';
import { UnsoundSpoolError } from './spool-file.ts';
import { SpoolFolder } from './spool-folder.ts';

/** How long an ADD waits at the start for what is spooled to be tried. */
const FIRST_PASS_MS = 10_000;
/** Of one DEL, as for one that comes by the socket. */
const DEL_MS = 50_000;
const AT_ONCE = 8;

type Verbs = Pick<PodAttacher, 'add' | 'del' | 'check'>;

export interface DelSpoolOptions {
  readonly folder: string;
  /** How often it is looked at; 5000 by default. The plugin also spools where coild runs, but is too slow for it. */
  readonly lookMs?: number;
  /** Between attempts to do what failed. */
  readonly backoff?: Backoff;
}

export interface DelSpoolDeps {
  readonly attacher: Pick<PodAttacher, 'del'>;
  readonly now: () => Date;
  readonly logger: Logger;
}

/** Does the DELs that the plugin spooled while coild did not answer, and removes each once it is done. */
export class DelSpool {
  readonly #folder: SpoolFolder;
  readonly #lookMs: number;
  readonly #backoff: Backoff;
  readonly #deps: DelSpoolDeps;
  readonly #lock = new KeyedLock();
  readonly #firstPass = Promise.withResolvers<void>();
  #complaint = '';

  constructor(options: DelSpoolOptions, deps: DelSpoolDeps) {
    this.#folder = new SpoolFolder(options.folder, deps.now);
    this.#lookMs = options.lookMs ?? 5_000;
    this.#backoff = options.backoff ?? new Backoff({ baseMs: 1_000, maxMs: 30_000 });
    this.#deps = deps;
  }

  /** Runs until `signal` is aborted; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const late = setTimeout(this.#firstPass.resolve, FIRST_PASS_MS);
    while (!signal.aborted) {
      const failed = await this.#pass(signal);
      this.#firstPass.resolve();
      if (failed === 0) this.#backoff.reset();
      const wait = failed === 0 ? sleep(this.#lookMs, signal) : this.#backoff.wait(signal);
      await wait.catch(() => undefined);
    }
    clearTimeout(late);
    this.#firstPass.resolve();
  }

  /**
   * The verbs, but that an ADD comes after what was sent before it: what was spooled before the start is tried first,
   * and a DEL of the same interface is done first, or it would take away what the ADD gives.
   */
  before(attacher: Verbs): Verbs {
    return {
      add: async (request, signal) => {
        await abortable(this.#firstPass.promise, signal);
        const name = spoolFileName(request.containerId, request.ifname);
        if (this.#folder.has(name)) await this.#replay(name, signal);
        return await attacher.add(request, signal);
      },
      del: attacher.del.bind(attacher),
      check: attacher.check.bind(attacher),
    };
  }

  /** Tries each once. @returns how many are to be tried again */
  async #pass(signal: AbortSignal): Promise<number> {
    const names = await this.#list();
    let failed = 0;
    const worker = async () => {
      for (let name = names.pop(); name !== undefined && !signal.aborted; name = names.pop()) {
        const file = this.#folder.pathOf(name);
        try {
          await this.#replay(name, AbortSignal.any([signal, AbortSignal.timeout(DEL_MS)]));
        } catch (error) {
          failed++;
          if (!signal.aborted) this.#deps.logger.warn('cannot do a spooled DEL; will try again', { file, error });
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return failed;
  }

  async #list(): Promise<string[]> {
    try {
      const names = await this.#folder.list();
      this.#complaint = '';
      return names;
    } catch (error) {
      if (this.#complaint !== String(error)) this.#deps.logger.error('cannot read the spool of DELs', { error });
      this.#complaint = String(error);
      return [];
    }
  }

  #replay(name: string, signal: AbortSignal): Promise<void> {
    return this.#lock.run(name, signal, async () => {
      try {
        const file = await this.#folder.read(name);
        if (file === undefined) return;
        const { headers, body } = file.call;
        const call = parseCniRequest(parametersOf(headers), body.toString('utf8'));
        if (call.command !== 'DEL') throw new UnsoundSpoolError(`it is a call of ${call.command}`);
        await this.#del(call.request, signal);
        await this.#folder.remove(name, file);
      } catch (error) {
        if (!(error instanceof UnsoundSpoolError || error instanceof CniError)) throw error;
        // nobody is left to be told, and it would be refused again
        const file = this.#folder.pathOf(`${name}.bad`);
        this.#deps.logger.error('a spooled DEL cannot be done; moved aside', { file, error });
        await this.#folder.setAside(name);
      }
    });
  }

  async #del(request: AttachmentRequest, signal: AbortSignal): Promise<void> {
    const { containerId, ifname, namespace, pod } = request;
    await this.#deps.attacher.del(request, signal);
    this.#deps.logger.info('did a spooled DEL', { namespace, pod, containerId, ifname });
  }
}
