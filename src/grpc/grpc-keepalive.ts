import type { ClientHttp2Session } from 'node:http2';

/**
 * Finds out that a connection died without a word: where nothing came for a while, though a call is under way, a ping
 * has to be answered, or the session is destroyed. (A server may take pings without a call for an attack.)
 */
export class GrpcKeepalive {
  readonly #session: ClientHttp2Session;
  readonly #intervalMs: number;
  readonly #timer: NodeJS.Timeout;
  #bytesSeen = -1;
  #calls = 0;
  #isProbing = false;

  /** @param intervalMs of silence, before a ping; it must be answered in half of that */
  constructor(session: ClientHttp2Session, intervalMs: number) {
    this.#session = session;
    this.#intervalMs = intervalMs;
    this.#timer = setInterval(() => this.#check(), intervalMs).unref();
    session.once('close', () => clearInterval(this.#timer));
  }

  /** A call begins. */
  begin(): void {
    this.#calls++;
  }

  end(): void {
    this.#calls--;
  }

  /** Asks for a sign of life now. */
  probe(): void {
    if (this.#isProbing || this.#session.destroyed) return;
    this.#isProbing = true;
    const timeoutMs = Math.ceil(this.#intervalMs / 2);
    const silent = new Error(`no sign of life within ${timeoutMs} ms`);
    const timer = setTimeout(() => this.#session.destroy(silent), timeoutMs).unref();
    const onAnswer = () => {
      clearTimeout(timer);
      this.#isProbing = false;
    };
    if (!this.#session.ping(onAnswer)) onAnswer();
  }

  #check(): void {
    const bytes = this.#session.destroyed ? 0 : (this.#session.socket.bytesRead ?? 0);
    if (bytes === this.#bytesSeen && this.#calls > 0) this.probe();
    this.#bytesSeen = bytes;
  }
}
