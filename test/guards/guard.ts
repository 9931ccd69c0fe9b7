/** A mechanism that a promise rests on, and how it is taken out. */
export interface Guard {
  /** As docs/reliability.md names it. */
  readonly name: string;
  readonly file: string;
  /** There once; together with `to` the whole removal. */
  readonly from: string;
  readonly to: string;
  /** Files of tests of which one must fail without the guard. */
  readonly tests: readonly string[];
  /** Where not all of these files are to be run: the tests whose names have this in them. */
  readonly only?: string;
  /** Where the tests run the built programs, and not the source. */
  readonly built?: true;
}
