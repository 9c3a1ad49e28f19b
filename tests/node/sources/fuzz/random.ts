/** Randomness that a number repeats: mulberry32. */
export interface Random {
  /** From 0 up to, not with, `limit`. */
  below: (limit: number) => number
  one: <T>(of: readonly T[]) => T
  /** Lower-case letters. */
  letters: (count: number) => string
}

/** Print the seed where a test fails, and give it here to have it again. */
export function random(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    one: (of) => of[below(of.length)]!,
    letters: (count) => Array.from({ length: count }, () => String.fromCharCode(97 + below(26))).join(''),
  }
}

/** The seed of this run: that of `FUZZ_SEED`, or another each time. */
export function seedOfRun(): number {
  return Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
}
