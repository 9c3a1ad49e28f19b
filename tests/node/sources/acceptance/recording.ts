import type { Event, Tokens } from '../../../../core/events.ts'
import { weight } from '../../../../core/events.ts'
import { LineSplitter } from '../../../../node/sources/lines.ts'
import type { Adapter } from '../../../../node/sources/port.ts'
import { Recorder } from '../../../../node/sources/recorder.ts'
import type { Sample } from './reading.ts'
import { testRule, UNNAMED } from './reading.ts'

/** What a log and its index keep: each id once, the heaviest. */
class Memory {
  readonly events = new Map<string, Event>()

  append(events: readonly Event[]): void {
    for (const event of events) {
      const before = this.events.get(event.id)
      if (!before || weight(event) > weight(before)) this.events.set(event.id, event)
    }
  }

  async known(ids: readonly string[]): Promise<Map<string, Tokens | null>> {
    const known = new Map<string, Tokens | null>()
    for (const id of ids) {
      const payload = this.events.get(id)?.payload
      if (payload) known.set(id, 'tokens' in payload ? payload.tokens : null)
    }
    return known
  }

  async openSessions(): Promise<Map<string, Event[]>> {
    const bySession = new Map<string, Event[]>()
    for (const event of this.events.values()) {
      const { sessionId } = event.payload
      bySession.set(sessionId, [...(bySession.get(sessionId) ?? []), event])
    }
    return bySession
  }

  async sessionEvents(ids: readonly string[]): Promise<Map<string, Event[]>> {
    const all = await this.openSessions()
    return new Map(ids.flatMap((id) => (all.has(id) ? [[id, all.get(id)!]] : [])))
  }
}

/** So many bytes come; then, perhaps, nothing more for a while, or the node is killed and started anew. */
export interface Arrival {
  bytes: number
  then: 'goes on' | 'falls silent' | 'is killed'
}

/** Long after every sample. */
const LATER = Date.parse('2030-01-01T00:00:00Z')

/**
 * Everything that is recorded of a file of lines, whose bytes arrive as told and the rest at once: through the real
 * splitter and recorder, with cursors as the tailer keeps them. The sessions end, so that their sums are there too.
 */
export async function recordedOf(
  adapter: Adapter,
  { path, bytes }: Sample,
  arrivals: readonly Arrival[],
): Promise<Map<string, Event>> {
  const memory = new Memory()
  const start = async () => {
    const recorder = new Recorder({
      rule: testRule(),
      projects: { peek: () => ({ name: 'teahouse' }), resolve: () => Promise.resolve({ name: 'teahouse' }) },
      recorded: memory,
      append: async (events) => memory.append(events),
      settled: () => Promise.resolve(),
      now: () => LATER,
    })
    await recorder.start()
    return { recorder, reader: adapter.open({ path, sessionId: UNNAMED }), splitter: new LineSplitter() }
  }
  let { recorder, reader, splitter } = await start()
  let end = 0
  let resumeAt = 0
  const take = async (to: number): Promise<void> => {
    const lines = splitter.push(bytes.subarray(splitter.end, to))
    for (const line of lines) {
      const drafts = reader.read(line.bytes, line.start)
      if (line.start >= resumeAt) await recorder.record(drafts)
    }
  }
  const readToEnd = async (): Promise<void> => {
    await take(bytes.length)
    const rest = splitter.rest()
    if (rest) await recorder.record(reader.read(rest.bytes, rest.start))
    await recorder.record(reader.flush())
  }
  for (const arrival of arrivals) {
    end = Math.min(bytes.length, end + arrival.bytes)
    await take(end)
    if (arrival.then === 'falls silent') await recorder.record(reader.flush())
    if (arrival.then !== 'is killed') continue
    resumeAt = Math.max(resumeAt, reader.heldFrom ?? splitter.lineStart)
    ;({ recorder, reader, splitter } = await start())
    await take(end)
  }
  // A file of which all was dealt with is not read again.
  if (resumeAt < bytes.length || bytes.length === 0) await readToEnd()
  await recorder.goLive(() => false)
  return memory.events
}
