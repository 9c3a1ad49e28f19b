import { readFileSync } from 'node:fs'
import { encodeBlock, PRIVATE_SCOPE } from '../../core/blocks.ts'
import type { Event } from '../../core/events.ts'
import { zlibCodec } from '../../node/log/codec.ts'
import type { Figure } from './table.ts'

/** Run from `dist`; the vectors are where they are. */
const VECTORS = new URL('../../../tests/core/vectors/events.json', import.meta.url)

/** Bytes of a block that holds one event, with the preset dictionary and without. */
export function smallBlocks(): Figure[] {
  const { cases } = JSON.parse(readFileSync(VECTORS, 'utf8')) as { cases: { event: Event }[] }
  const sign = () => new Uint8Array(64)
  const withoutDictionary = {
    ...zlibCodec,
    deflate: (body: Uint8Array) => zlibCodec.deflate(body, null),
  }
  const bytesWith = (codec: typeof zlibCodec) =>
    cases.reduce((sum, { event }) => sum + encodeBlock([event], 0, PRIVATE_SCOPE, sign, codec).length, 0) /
    cases.length
  const measured = bytesWith(zlibCodec)
  const bare = bytesWith(withoutDictionary)
  return [
    {
      what: 'block of one event, with the signature, B',
      measured: measured.toFixed(0),
      bare: `${bare.toFixed(0)} (no dictionary)`,
      ratio: (measured / bare).toFixed(2),
      target: 'below 1',
    },
  ]
}
