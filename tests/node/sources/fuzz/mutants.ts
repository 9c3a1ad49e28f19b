import { basename } from 'node:path'
import type { Draft, Fact } from '../../../../core/rule.ts'
import { parseWholeLine } from '../../../../node/sources/json-line.ts'
import type { Adapter, Reader, SessionFile } from '../../../../node/sources/port.ts'
import { withReader } from './with-reader.ts'

type Change = (reader: Reader, file: SessionFile) => Partial<Reader>

/** Changes each draft, or leaves it out. */
function ofDrafts(change: (draft: Draft, offset: number, file: SessionFile) => Draft | null): Change {
  return (reader, file) => ({
    read: (line, offset) => reader.read(line, offset).flatMap((draft) => change(draft, offset, file) ?? []),
    flush: () => reader.flush().flatMap((draft) => change(draft, -1, file) ?? []),
  })
}

const ofFacts = (change: (fact: Fact, offset: number) => Fact | null): Change =>
  ofDrafts((draft, offset) => {
    const fact = change(draft.fact, offset)
    return fact && { ...draft, fact }
  })

/** What every reader of the mutant remembers of all files: made anew for each use. */
function remembering(): Change {
  const seen = new Set<string>()
  return ofDrafts((draft) => {
    const name = JSON.stringify(draft)
    if (seen.has(name)) return null
    seen.add(name)
    return draft
  })
}

const CHANGES: Readonly<Record<string, () => Change>> = {
  'drops what it holds at the end': () => (reader) => ({
    flush: () => {
      reader.flush()
      return []
    },
  }),
  'holds back the last of what it found': () => (reader) => {
    let last: Draft[] = []
    return {
      read: (line, offset) => {
        const found = [...last, ...reader.read(line, offset)]
        last = found.slice(-1)
        return found.slice(0, -1)
      },
    }
  },
  'never says that it holds something': () => () => ({ heldFrom: null }),
  'counts every token twice': () =>
    ofFacts((fact) => {
      if (fact.type !== 'response') return fact
      const { input, output, cacheRead, cacheWrite } = fact.tokens
      const tokens = {
        input: input * 2,
        output: output * 2,
        cacheRead: cacheRead * 2,
        cacheWrite: cacheWrite * 2,
      }
      return { ...fact, tokens }
    }),
  'counts what came from the cache as input too': () =>
    ofFacts((fact) => {
      if (fact.type !== 'response') return fact
      return { ...fact, tokens: { ...fact.tokens, input: fact.tokens.input + fact.tokens.cacheRead } }
    }),
  'names a response by where it stands': () =>
    ofFacts((fact, offset) => (fact.type === 'response' ? { ...fact, messageId: `at ${offset}` } : fact)),
  'names a call by where it stands': () =>
    ofFacts((fact, offset) => (fact.type === 'tool' ? { ...fact, callId: `at ${offset}` } : fact)),
  'takes failures for successes': () =>
    ofFacts((fact) =>
      fact.type === 'tool' && fact.status === 'failed' ? { ...fact, status: 'completed' } : fact,
    ),
  'tells of no start of a call': () =>
    ofFacts((fact) => (fact.type === 'tool' && fact.status === 'started' ? null : fact)),
  'takes every file for a session': () =>
    ofDrafts((draft, _, file) => ({ ...draft, sessionId: `file ${basename(file.path)}` })),
  'calls a tool what a person said': () =>
    ofFacts((fact) =>
      fact.type === 'prompt'
        ? {
            type: 'tool',
            tool: fact.text.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 99),
            callId: 'c',
            status: 'started',
          }
        : fact,
    ),
  'trusts that a name, an id or a time is a text': () => (reader) => ({
    read: (line, offset) => {
      const isText = (name: string) => /^(?:id|\w*name|timestamp|\w*Id)$/.test(name)
      const check = ([name, value]: [string, unknown]): void => {
        if (isText(name) && typeof value !== 'string') throw new TypeError(`${name} is a text`)
        if (typeof value === 'object' && value !== null) Object.entries(value).forEach(check)
      }
      parseWholeLine(line).records.flatMap(Object.entries).forEach(check)
      return reader.read(line, offset)
    },
  }),
  'trusts that a line is JSON': () => (reader) => ({
    read: (line, offset) => {
      JSON.parse(line.toString())
      return reader.read(line, offset)
    },
  }),
  'gives up at the first line that is none': () => (reader) => ({
    read: (line, offset) => {
      const found = reader.read(line, offset)
      return reader.invalidLines > 0 ? [] : found
    },
  }),
  'takes the end of a file for an error': () => (reader) => {
    let last: Draft | undefined
    return {
      read: (line, offset) => {
        const found = reader.read(line, offset)
        last = found.at(-1) ?? last
        return found
      },
      flush: () => [
        ...reader.flush(),
        ...(last ? [{ ...last, fact: { type: 'error', category: 'api' } as const }] : []),
      ],
    }
  },
  'remembers what it said of other files': remembering,
  'tells a time that is none': () => ofDrafts((draft) => ({ ...draft, at: NaN })),
}

/** An adapter with one mistake. */
export interface Mutant {
  name: string
  of: (real: Adapter) => Adapter
}

/** Every one must be found out. */
export const MUTANTS: readonly Mutant[] = Object.entries(CHANGES).map(([name, change]) => ({
  name,
  of: (real) => withReader(real, change()),
}))
