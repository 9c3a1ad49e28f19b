import { describe, expect, test } from 'vitest'
import { equalBytes } from '../../../core/bytes.ts'
import { VibeTeaError } from '../../../core/errors.ts'
import { epochIdOf } from '../../../core/secrets.ts'
import { Seal, SEAL_BYTES } from '../../../node/log/seal.ts'
import { hex, toHex, vectors } from '../../core/support.ts'

const given = vectors('sealed-block') as {
  read: string
  core: string
  sealed: {
    why: string
    read: string
    core: string
    seq: number
    nonce: string
    block: string
    sealed: string
  }[]
  refused: { why: string; bytes: string; code: string }[]
}

/** The seal of a log for who has these content keys, the first being the present one. */
function sealOf(core: string, reads: readonly string[], nonce = ''): Seal {
  const keys = reads.map(hex)
  const byId = (id: Uint8Array) => keys.find((read) => equalBytes(epochIdOf(read), id)) ?? null
  return new Seal(hex(core), { current: keys[0] ?? null, byId }, () => hex(nonce))
}

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof VibeTeaError) return error.code
    throw error
  }
  return 'opened'
}

describe.each(given.sealed)('$why', ({ read, core, seq, nonce, block, sealed }) => {
  test('is sealed as the vector says', () => {
    expect(toHex(sealOf(core, [read], nonce).seal(hex(block), seq))).toBe(sealed)
    expect(hex(sealed).length).toBe(SEAL_BYTES + hex(block).length)
  })
  test('is opened, also out of a buffer of Node, and by who has other keys besides', () => {
    const others = ['11'.repeat(32), read, '22'.repeat(32)]
    expect(toHex(sealOf(core, [read]).open(hex(sealed), seq))).toBe(block)
    expect(toHex(sealOf(core, others).open(Buffer.from(sealed, 'hex'), seq))).toBe(block)
  })
  test('is opened nowhere else', () => {
    expect(codeOf(() => sealOf(core, [read]).open(hex(sealed), seq + 1))).toBe('wrong_block_key')
    expect(codeOf(() => sealOf('11'.repeat(32), [read]).open(hex(sealed), seq))).toBe('wrong_block_key')
    expect(codeOf(() => sealOf(core, ['11'.repeat(32)]).open(hex(sealed), seq))).toBe('epoch_key_missing')
    expect(codeOf(() => sealOf(core, []).open(hex(sealed), seq))).toBe('epoch_key_missing')
  })
})

describe('a block is refused', () => {
  const seal = sealOf(given.core, [given.read])
  test.each(given.refused)('$why: $code', ({ bytes, code }) =>
    expect(codeOf(() => seal.open(hex(bytes), 0))).toBe(code),
  )
  test('with any byte changed', () => {
    const sealed = hex(given.sealed[0]!.sealed)
    for (let i = 0; i < sealed.length; i++) {
      const changed = Uint8Array.from(sealed)
      changed[i]! ^= 1
      const code = i === 0 ? 'not_sealed' : i < 5 ? 'epoch_key_missing' : 'wrong_block_key'
      expect([i, codeOf(() => seal.open(changed, 0))]).toEqual([i, code])
    }
  })
})

test('who has no content key seals nothing', () =>
  expect(codeOf(() => sealOf(given.core, []).seal(hex('00'), 0))).toBe('no_content_key'))
