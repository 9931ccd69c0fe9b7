/** Nothing came for longer than it may. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
}

/**
 * The items of `source`, for as long as they come. The source is left to whoever opened it, who has to close it.
 * @throws {SilenceError} where the next item takes longer than `ms`
 */
export async function* untilSilent<T>(source: AsyncIterable<T>, ms: number): AsyncGenerator<T, void, undefined> {
  const items = source[Symbol.asyncIterator]();
  for (;;) {
    const silence = Promise.withResolvers<never>();
    const timer = setTimeout(() => silence.reject(new SilenceError(`nothing came for ${ms} ms`)), ms);
    const item = await Promise.race([items.next(), silence.promise]).finally(() => clearTimeout(timer));
    if (item.done) return;
    yield item.value;
  }
}
