import type { Event } from '../../../../core/events.ts'
import { weight } from '../../../../core/events.ts'
import type { Draft, RuleOptions } from '../../../../core/rule.ts'
import { Rule } from '../../../../core/rule.ts'
import { documentDrafts } from '../../../../node/sources/documents.ts'
import { LineSplitter } from '../../../../node/sources/lines.ts'
import { nativeBlake2b } from '../../../../node/sources/native-hash.ts'
import type { Adapter } from '../../../../node/sources/port.ts'
import type { Line } from '../../../../node/sources/tail-port.ts'

export const TEST_SOURCE = 'teapot-ybndrf'

/** A session file as an adapter is given it. */
export interface Sample {
  path: string
  bytes: Buffer
}

/** A machine that shares nothing and shows every base name. */
export function ruleOptions(): RuleOptions {
  return {
    source: TEST_SOURCE,
    idKey: new Uint8Array(32).fill(7),
    hash: nativeBlake2b,
    rules: { allowedExtensions: null, shares: () => 'private', fileTag: () => 'yyyyyyyyyyyy' },
  }
}

/** The rule of such a machine. */
export function testRule(): Rule {
  return new Rule(ruleOptions())
}

const PROJECT = { name: 'teahouse', root: '/home/ada/teahouse', rootCommit: 'c0ffee' }

/** Each id once, the heaviest, as everyone keeps it. */
export function kept(drafts: Iterable<Draft>, rule = testRule()): Map<string, Event> {
  const events = new Map<string, Event>()
  for (const draft of drafts) {
    const event = rule.event(draft, PROJECT)
    if (!event) continue
    const before = events.get(event.id)
    if (!before || weight(event) > weight(before)) events.set(event.id, event)
  }
  return events
}

/** A file's lines, its bytes given in pieces of such sizes. */
export function linesOf(bytes: Buffer, chunkSize: () => number = () => bytes.length || 1): Line[] {
  const splitter = new LineSplitter()
  const lines: Line[] = []
  for (let at = 0; at < bytes.length;) {
    const size = chunkSize()
    lines.push(...splitter.push(bytes.subarray(at, at + size)))
    at += size
  }
  const rest = splitter.rest()
  return rest ? [...lines, rest] : lines
}

/** How tests name the session of records that name none. */
export const UNNAMED = 'the-file'

/** What some lines of a file give, with what is held at their end. */
export function draftsOfLines(adapter: Adapter, path: string, lines: readonly Line[]): Draft[] {
  const reader = adapter.open({ path, sessionId: UNNAMED })
  const drafts = lines.flatMap(({ bytes, start }) => reader.read(bytes, start))
  return [...drafts, ...reader.flush()]
}

/** What a document gives; without `isSilent` not what is held at its end. */
export function draftsOfDocument(adapter: Adapter, { path, bytes }: Sample, isSilent = true): Draft[] {
  const reader = adapter.open({ path, sessionId: UNNAMED })
  const drafts = [...documentDrafts(adapter, reader, bytes)].flat()
  return isSilent ? [...drafts, ...reader.flush()] : drafts
}
