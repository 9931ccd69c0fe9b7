/** A budget of the product's, as a multiple of what the reference plugins take in the same run. */
export interface Target {
  readonly what: string;
  /** Coil's median divided by the reference plugins'. */
  readonly ratio: number;
  /** What must be met; undefined for what is only hoped for yet. */
  readonly limit: number;
  /** What is aimed at. */
  readonly stretch: number;
}

export const LIMITS = {
  add: { limit: 0.6, stretch: 0.5 },
  del: { limit: 0.3, stretch: 0.15 },
} as const;

export function isMet({ ratio, limit }: Target): boolean {
  return ratio <= limit;
}

/** One line of the report. */
export function describeTarget(target: Target): string {
  const { what, ratio, limit, stretch } = target;
  const verdict = isMet(target) ? 'met' : 'MISSED';
  const stretched = ratio <= stretch ? 'met' : 'missed';
  return `${what}: ${ratio.toFixed(2)} × ptp + host-local; target ${limit}: ${verdict}; stretch ${stretch}: ${stretched}`;
}
