import { styleText } from 'node:util';
import { Interrupted } from './stop.ts';

/** A step that did not come to its end; the cause says why. */
export class StepFailure extends Error {
  constructor(step: string, cause: unknown) {
    super(step, { cause });
  }
}

/** Tells on standard output what is done. Each step is a line, which grows as it gets on, on a terminal or in a file. */
export class Progress {
  #steps = 0;

  /**
   * @param text what the step does
   * @param body does it, and calls `tick` for every part of it that is done
   * @throws {StepFailure} where `body` throws
   */
  async step<T>(text: string, body: (tick: () => void) => Promise<T>): Promise<T> {
    const start = performance.now();
    this.show(`${styleText('bold', `${String(++this.#steps).padStart(2)}.`)} ${text} `);
    try {
      const result = await body(() => this.show('.'));
      this.show(` ${styleText('green', 'ok')}${styleText('dim', `, ${seconds(start)}`)}\n`);
      return result;
    } catch (error) {
      const [style, word] =
        error instanceof Interrupted ? (['yellow', 'interrupted'] as const) : (['red', 'FAILED'] as const);
      this.show(` ${styleText(style, word)}${styleText('dim', `, ${seconds(start)}`)}\n`);
      throw new StepFailure(text, error);
    }
  }

  show(text: string): void {
    process.stdout.write(text);
  }
}

function seconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(2)} s`;
}
