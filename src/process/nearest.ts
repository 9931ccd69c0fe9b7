/** How many letters may be wrong in a word that is still recognized. */
const MAX_DISTANCE = 3;

/** The one of `words` that `text` was most likely meant to be: at most three, and less than half, of its letters differ. */
export function nearest(text: string, words: readonly string[]): string | undefined {
  const ranked = words
    .map((word) => ({ word, distance: distance(text.toLowerCase(), word) }))
    .filter(({ word, distance: d }) => d <= MAX_DISTANCE && 2 * d < word.length)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.word;
}

/** Levenshtein's: letters to insert, to leave out or to replace. One row of the table at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (letter === b[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
