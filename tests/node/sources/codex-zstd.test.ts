import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codex } from '../../../node/sources/codex/adapter.ts'
import { linesOf } from '../../../node/sources/zstd.ts'
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

  /** A frame of one block that is not compressed; its window in powers of 2 (RFC 8878, 3.1.1). */
  const frame = (content: string, { window = 20, isLast = true } = {}) => {
    const header = (content.length << 3) | (isLast ? 1 : 0)
    const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0, (window - 10) << 3, header & 255, header >> 8, header >> 16]
    return Buffer.concat([Buffer.from(bytes), Buffer.from(content)])
  }

  test('that ends within a line gives that line only where it is a record by itself', () => {
    const record = '{"type":"event_msg"}'
    const unended = (content: string) => text(frame(content, { isLast: false }))
    expect(text(frame(`${record}\n${record}`))).toEqual([record, record])
    expect(unended(`${record}\n{"type":"ev`)).toEqual([record, '\0'])
    expect(unended(`${record}\n${record}`)).toEqual([record, record, '\0'])
  })

  test('that asks for more memory than zstd itself gives is left alone', () => {
    expect(text(frame('{"tea":1}', { window: 27 }))).toEqual(['{"tea":1}'])
    expect(text(frame('{"tea":1}', { window: 28 }))).toEqual(['\0'])
  })
})
