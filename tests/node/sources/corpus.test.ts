import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Assistant, Event } from '../../../core/events.ts'
import { weight } from '../../../core/events.ts'
import { projectName } from '../../../core/shapes.ts'
import { ADAPTERS } from '../../../node/sources/adapters.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { nativeBlake2b } from '../../../node/sources/native-hash.ts'
import type { Adapter } from '../../../node/sources/port.ts'
import { Projects } from '../../../node/sources/projects.ts'
import { collected, testRule } from './adapter-acceptance.ts'
import type { Truth } from './corpus-truth.ts'
import { ARGUED, asFar, countOf, MEASURES } from './corpus-truth.ts'
import { textsOf } from './fuzz/secrets.ts'

/**
 * Counts over real session files against a truth that was counted by another program. The files are other people's and
 * not part of the project: `VIBETEA_CORPUS` names their folder. Without it only the counting itself is tested.
 */

/** Which of some texts stand in the events, as they are or as they would stand in JSON. */
function leaked(events: readonly Event[], secrets: readonly { s: string }[]): string[] {
  // Each text once: of a hundred thousand events most say the same.
  const raw = [...new Set(events.flatMap((event) => textsOf(event)).map(({ value }) => value))].join('\n')
  const once = JSON.stringify(raw)
  return secrets.flatMap(({ s }) => {
    const escaped = JSON.stringify(s).slice(1, -1)
    return [s, escaped].some((form) => raw.includes(form) || once.includes(form)) ? s : []
  })
}

test('a text that stands in an event is found, raw and escaped', () => {
  const event = { id: 'say "tea"\n' } as Event
  expect(leaked([event], [{ s: 'say "tea"\n' }, { s: 'coffee' }])).toEqual(['say "tea"\n'])
})

const arguedOf = (path: string) => ARGUED.find(({ files }) => path.includes(files))

const corpus = process.env.VIBETEA_CORPUS
if (corpus) {
  const truths = JSON.parse(readFileSync(join(corpus, 'TRUTH.json'), 'utf8')) as Record<string, Truth>
  const secrets = Object.values(truths).flatMap((truth) => truth.secrets)
  const rule = testRule()
  const projects = new Projects({
    tagKey: new Uint8Array(32),
    hash: nativeBlake2b,
    homeDirectory: '/nowhere',
    runGit: () => Promise.resolve(null),
  })
  const now = Date.parse('2027-01-01T00:00:00Z')
  const read = (path: string, adapters = ADAPTERS) =>
    collected(readBatch([join(corpus, path)], { adapters, projects, rule, now }))
  const fromFile = new Map<string, Promise<Event[]>>()
  const eventsIn = (path: string): Promise<Event[]> => {
    const events = fromFile.get(path) ?? read(path)
    fromFile.set(path, events)
    return events
  }

  const measured = Object.entries(MEASURES).filter(([assistant]) =>
    ADAPTERS.some((each) => each.assistant === assistant),
  )
  describe.each(measured)('%s', (assistant, measure) => {
    const paths = Object.keys(truths).filter(
      (path) => path.startsWith(`${assistant}/`) && (assistant !== 'claude' || path.endsWith('.jsonl')),
    )

    test.each(paths)('has everything that the truth counts: %s', async (path) => {
      const truth = {
        ...measure.counts(truths[path]!),
        ...arguedOf(path)?.counts,
      }
      expect(asFar(countOf(await eventsIn(path), measure), truth)).toEqual(truth)
    })

    test.each(paths)('has the truth’s sessions: %s', async (path) => {
      const named = arguedOf(path)?.sessions ?? measure.sessions(truths[path]!)
      const sessions = named.length > 0 ? named : [basename(path).replace(/\.jsonl?$/, '')]
      const found = new Set((await eventsIn(path)).map(({ payload }) => payload.sessionId))
      const ids = new Set(sessions.map((id) => rule.sessionId(assistant as Assistant, id)))
      expect(found).toEqual(found.size > 0 ? ids : new Set())
    })

    test.each(paths)('has the truth’s projects: %s', async (path) => {
      const known = (arguedOf(path)?.projects ?? measure.projects(truths[path]!)).map(projectName)
      const used = new Set((await eventsIn(path)).map(({ payload }) => payload.project))
      // Who changes the directory within a session stays in the project where it began.
      if (known.length > 1) expect(known).toEqual(expect.arrayContaining([...used]))
      else if (used.size > 0) expect(used).toEqual(new Set(known.length > 0 ? known : ['project']))
    })

    test('lets none of a file’s secrets pass', async () => {
      for (const path of paths) expect(leaked(await eventsIn(path), truths[path]!.secrets), path).toEqual([])
    })

    test('has each thing once over the whole folder, however many files repeat it', async () => {
      const heaviest = new Map<string, Event>()
      for (const path of paths) {
        for (const event of await eventsIn(path)) {
          const before = heaviest.get(event.id)
          if (!before || weight(event) > weight(before)) heaviest.set(event.id, event)
        }
      }
      const whole = await eventsIn(assistant)
      expect(new Set(whole.map(({ id }) => id)).size).toBe(whole.length)
      expect(countOf(whole)).toEqual(countOf([...heaviest.values()]))
      expect(whole).toEqual([...whole].sort(byTimeAndId))
    })
  })

  test('claude has as many calls and failures as its records name, however many files repeat them', async () => {
    const paths = Object.keys(truths).filter((path) => /^claude\/.*\.jsonl$/.test(path))
    const { tools, results } = countOf(await eventsIn('claude'))
    const calls = Object.values(tools).reduce((a, b) => a + b, 0)
    expect({ calls, failures: results.failed }).toEqual(namesIn(paths.map((path) => join(corpus, path))))
  })

  test('no secret of any assistant passes where all is read at once', async () => {
    const found = new Set(leaked(await read('.'), secrets))
    expect([...found].filter((secret) => !isName(secret))).toEqual([])
  })

  test.each(readdirSync(corpus).filter((name) => !/\./.test(name)))(
    'each file of %s is read by its own adapter alone',
    async (assistant) => {
      for (const path of filesIn(corpus, assistant)) {
        const readers: string[] = []
        for (const adapter of ADAPTERS)
          await read(path, [noting(adapter, () => readers.push(adapter.assistant))])
        const own = ADAPTERS.some((each) => each.assistant === assistant) ? [assistant] : []
        expect(readers.length === 0 && (await eventsIn(path)).length === 0 ? own : readers, path).toEqual(own)
      }
    },
  )
}

function filesIn(corpus: string, folder: string): string[] {
  const entries = readdirSync(join(corpus, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name).slice(corpus.length + 1))
}

/** An adapter that says when it has recognised a file. */
function noting(adapter: Adapter, note: () => void): Adapter {
  return {
    ...adapter,
    recognises: (head) => {
      const form = adapter.recognises(head)
      if (form) note()
      return form
    },
  }
}

/** A short word of one file can be another file's base name or branch. */
function isName(secret: string): boolean {
  return /^[A-Za-z0-9._-]{1,24}$/.test(secret)
}

function byTimeAndId(a: Event, b: Event): number {
  return a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.id < b.id) ? -1 : 1
}

/**
 * Distinct calls and failed calls by the records alone, without any of the code that is tested. An id like `toolu_1`
 * (hand-made files have them, and so do proxies) is another call in another session.
 */
function namesIn(paths: readonly string[]): { calls: number; failures: number } {
  const calls = new Set<string>()
  const failures = new Set<string>()
  for (const path of paths) {
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      // Two records on one line: the second was appended to a line without its end.
      for (const part of line.replaceAll('}{"', '}\n{"').split('\n')) {
        let record: { type?: string; sessionId?: string; message?: { content?: unknown } }
        try {
          record = JSON.parse(part) as typeof record
        } catch {
          // What cannot be read holds no call.
          continue
        }
        const content = record.message?.content
        if (!Array.isArray(content)) continue
        const session = record.sessionId ?? basename(path)
        for (const { type, id, tool_use_id: resultOf, is_error: isError } of content as Block[]) {
          if (record.type === 'assistant' && type === 'tool_use' && id) calls.add(keyOf(id, session))
          if (record.type === 'user' && isError === true && resultOf) failures.add(keyOf(resultOf, session))
        }
      }
    }
  }
  return { calls: calls.size, failures: failures.size }
}

interface Block {
  type?: string
  id?: string
  tool_use_id?: string
  is_error?: boolean
}

function keyOf(id: string, session: string): string {
  return id.replace(/^[a-z]+_/, '').length >= 16 ? id : `${session} ${id}`
}
