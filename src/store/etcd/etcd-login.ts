import { abortable } from '../../process/abortable.ts';

/**
 * The token of a user, empty where none is asked for. Those who need one at the same time share a login, which no single
 * one of them can end.
 */
export class EtcdLogin {
  readonly #authenticate: () => Promise<string>;
  #token: string | undefined;
  #underWay: Promise<string> | undefined;

  /** @param authenticate asks etcd for a token, in bounded time */
  constructor(authenticate: () => Promise<string>) {
    this.#authenticate = authenticate;
  }

  /** @param ended makes the signal that ends the wait; it is made only where there is a wait */
  async token(ended: () => AbortSignal): Promise<string> {
    if (this.#token !== undefined) return this.#token;
    this.#underWay ??= this.#login();
    return await abortable(this.#underWay, ended());
  }

  /** The token that etcd refused is asked for anew, unless that has happened already. */
  forget(token: string): void {
    if (this.#token === token) this.#token = undefined;
  }

  async #login(): Promise<string> {
    try {
      this.#token = await this.#authenticate();
      return this.#token;
    } finally {
      this.#underWay = undefined;
    }
  }
}
