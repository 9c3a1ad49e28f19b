import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VibeTeaError } from '../../../core/errors.ts'
import { Seal, SEAL_BYTES } from '../../../node/log/seal.ts'
import { SEED } from '../../core/support.ts'
import { keysOf, random, READ } from './team.ts'

const CORE = new Uint8Array(32).fill(1)

/** The code of the error that opening throws. */
function refusal(seal: Seal, sealed: Uint8Array, seq: number): string | null {
  try {
    seal.open(sealed, seq)
    return null
  } catch (error) {
    return error instanceof VibeTeaError ? error.code : String(error)
  }
}

describe('A sealed block', () => {
  test(`opens in its log, at its place, unchanged, and nowhere else [seed ${SEED}]`, () => {
    const seal = new Seal(CORE, keysOf(READ), random)
    const elsewhere = new Seal(new Uint8Array(32).fill(2), keysOf(READ), random)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.maxSafeNat(), fc.nat(), (block, seq, at) => {
        const sealed = seal.seal(block, seq)
        expect(sealed.length).toBe(block.length + SEAL_BYTES)
        expect(seal.open(sealed, seq)).toEqual(block)
        expect(refusal(seal, sealed, seq === 0 ? 1 : seq - 1)).toBe('wrong_block_key')
        expect(refusal(elsewhere, sealed, seq)).toBe('wrong_block_key')
        const changed = Uint8Array.from(sealed)
        changed[at % changed.length]! ^= 1
        expect(refusal(seal, changed, seq)).not.toBeNull()
      }),
      { seed: SEED },
    )
  })

  test('opens under each epoch whose key is known, and new ones are sealed under the newest', () => {
    const newer = new Uint8Array(32).fill(6)
    const old = new Seal(CORE, keysOf(READ), random).seal(Uint8Array.of(1), 0)
    const both = new Seal(CORE, keysOf(newer, READ), random)
    expect(both.open(old, 0)).toEqual(Uint8Array.of(1))
    const fresh = both.seal(Uint8Array.of(2), 1)
    expect(both.open(fresh, 1)).toEqual(Uint8Array.of(2))
    expect(refusal(new Seal(CORE, keysOf(READ), random), fresh, 1)).toBe('epoch_key_missing')
  })

  test('cannot be made by who holds no content key', () => {
    expect(() => new Seal(CORE, keysOf(), random).seal(Uint8Array.of(1), 0)).toThrow(
      expect.objectContaining({ code: 'no_content_key' }),
    )
  })
})
