import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codex } from '../../../node/sources/codex/adapter.ts'
import { linesOf } from '../../../node/sources/codex/zstd.ts'
import { documentDrafts } from '../../../node/sources/documents.ts'

const HOME = fileURLToPath(new URL('fixtures/codex', import.meta.url))
const NAME = 'rollout-2025-09-20T10-00-00-0c0ffee0-1dea-4d0e-8a5e-7ea0cafe0001.jsonl'
const CUPS = `${HOME}/archived_sessions/${NAME}`
/** What the program `zstd` makes of CUPS with -19. */
const PRESSED = `${HOME}/sessions/2025/09/20/${NAME}.zst`

describe('a compressed rollout', () => {
  const whole = readFileSync(PRESSED)
  const plain = readFileSync(CUPS, 'utf8')
  const text = (bytes: Buffer) => [...linesOf(bytes)].map((each) => each.toString())

  test('is read as the lines that were compressed', () => {
    expect(`${text(whole).join('\n')}\n`).toBe(plain)
  })

  test('can be of several frames', () => {
    expect(text(Buffer.concat([whole, whole]))).toEqual([...text(whole), ...text(whole)])
  })

  test('that is cut off or damaged gives what can be read, and counts as one line that cannot', () => {
    const read = (bytes: Buffer) => {
      const reader = codex.open({ path: PRESSED, sessionId: 'x' })
      return { drafts: [...documentDrafts(codex, reader, bytes)].flat(), invalid: reader.invalidLines }
    }
    const all = read(whole)
    expect(all.invalid).toBe(0)
    for (const cut of [0.3, 0.9]) {
      expect(read(whole.subarray(0, whole.length * cut)).invalid).toBe(1)
      // The first frame is whole, the second is not.
      const { drafts, invalid } = read(Buffer.concat([whole, whole.subarray(0, whole.length * cut)]))
      expect(drafts.slice(0, all.drafts.length)).toEqual(all.drafts)
      expect(invalid).toBe(1)
    }
    expect(read(Buffer.concat([whole, Buffer.from('no frame, but eighteen bytes')])).invalid).toBe(1)
  })

  test('never breaks the reading, whatever its bytes are', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }), (at, noise) => {
        const damaged = Buffer.from(whole)
        damaged.set(noise.subarray(0, whole.length - at), at)
        expect(text(damaged).length).toBeLessThan(2000)
      }),
      { numRuns: 300 },
    )
  })

  test('that asks for more memory than zstd itself gives is left alone', () => {
    const greedy = Buffer.from(whole)
    greedy[4]! &= ~0x20
    greedy[5] = 31 << 3
    expect([...linesOf(greedy)]).toHaveLength(1)
  })
})
