/** How long to wait before trying again. */

/** The shortest ceiling of a pause, and the one of the first. Milliseconds. */
export const FIRST = 1_000;
/** The longest pause, milliseconds. */
export const LONGEST = 30_000;

/**
 * A pause with full jitter, milliseconds: anything from nothing up to a ceiling that doubles with each failure in a row,
 * so that a thousand clients that lost the same server do not come back at the same moment.
 */
export function pause(failures: number, random: () => number): number {
  const ceiling = Math.min(LONGEST, FIRST * 2 ** Math.min(Math.max(failures - 1, 0), 10));
  return Math.round(random() * ceiling);
}
