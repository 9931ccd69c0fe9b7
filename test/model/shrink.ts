/**
 * A shorter list that fails as well: leaves out ever smaller parts as long as what is left fails (ddmin). Gives up
 * looking after `budgetMs` milliseconds.
 */
export async function shrink<T>(
  failing: readonly T[],
  fails: (list: readonly T[]) => Promise<boolean>,
  budgetMs: number,
): Promise<readonly T[]> {
  const deadline = performance.now() + budgetMs;
  let list = failing;
  for (let size = Math.ceil(list.length / 2); size >= 1; ) {
    let removed = false;
    for (let at = 0; at < list.length; ) {
      if (performance.now() > deadline) return list;
      const rest = list.toSpliced(at, size);
      if (await fails(rest)) {
        list = rest;
        removed = true;
      } else {
        at += size;
      }
    }
    if (size === 1 && !removed) break;
    size = removed ? Math.min(size, Math.ceil(list.length / 2)) : Math.floor(size / 2);
    if (list.length === 0) break;
  }
  return list;
}
