import { basename, dirname } from 'node:path'
import type { Event } from '../../../../core/events.ts'
import type { Draft, Fact } from '../../../../core/rule.ts'
import { Rule } from '../../../../core/rule.ts'
import type { Adapter } from '../../../../node/sources/port.ts'
import { parseWholeLine } from '../../../../node/sources/json-line.ts'
import { ruleOptions } from '../acceptance/reading.ts'
import { placesOf } from './places.ts'
import { withReader } from './with-reader.ts'
import type { Readers } from './privacy.ts'

/** Readers that each let one thing through, in a way that a person could have written by mistake. */

/** A text as one that the rule allows for names. */
const fitted = (text: string): string => text.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 120)
const tool = (name: string, path?: string): Fact => ({
  type: 'tool', tool: name, callId: name, status: 'started', ...(path !== undefined && { path }),
}) // prettier-ignore
const model = (name: string): Fact => ({
  type: 'response', messageId: name, model: name, tokens: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 },
}) // prettier-ignore
const agent = (agentType: string): Fact => ({
  type: 'agent',
  agentId: agentType,
  agentType,
  state: 'started',
})
const inPieces = (text: string): string[] => fitted(text).match(/.{12}/g) ?? []

/** Adds facts made of the texts that stand in some places (see `placesOf`). */
function telling(place: RegExp, factsOf: (text: string) => Fact[], change: Partial<Draft> = {}): Readers {
  return {
    adapter: (real) => reading(real, (line, drafts) => {
      const [like] = drafts
      if (!like) return drafts
      const places = parseWholeLine(line).records.flatMap((record) => placesOf(record))
      const texts = places.flatMap(({ pattern, value }) => (place.test(pattern) && typeof value === 'string' ? value : []))
      return [...drafts, ...texts.flatMap(factsOf).map((fact) => ({ ...like, ...change, fact }))]
    }),
  } // prettier-ignore
}

/** An adapter that makes something else of the lines of a file and what they gave. */
function reading(real: Adapter, change: (line: Buffer, drafts: Draft[], path: string) => Draft[]): Adapter {
  return withReader(real, (reader, { path }) => ({
    read: (line, offset) => change(line, reader.read(line, offset), path),
  }))
}

/** A rule that changes what it made of a draft. */
function ruling(change: (payload: Record<string, unknown>, draft: Draft) => void): Readers {
  class LeakyRule extends Rule {
    override event(...[draft, project, isWanted]: Parameters<Rule['event']>): Event | null {
      const event = super.event(draft, project, isWanted)
      if (event) change(event.payload as unknown as Record<string, unknown>, draft)
      return event
    }
  }
  return { rule: () => new LeakyRule(ruleOptions()) }
}

const OF_TOOL = (draft: Draft) => (draft.fact.type === 'tool' ? draft.fact : null)

export const LEAKS: Readonly<Record<string, Readers>> = {
  'a command as a tool’s name': telling(/input\.command$/, (text) => [tool(fitted(text))]),
  'the last word of a command as a file’s name': telling(/input\.command$/, (text) => [
    tool('Read', text.split(/[\s/]/).at(-1)),
  ]),
  'a search as an agent’s type': telling(/input\.pattern$/, (text) => [agent(fitted(text))]),
  'a branch as the project': {
    adapter: (real) =>
      reading(real, (line, drafts) => {
        const branch = parseWholeLine(line).records[0]?.gitBranch
        return typeof branch === 'string' ? drafts.map((draft) => ({ ...draft, cwd: branch })) : drafts
      }),
  },
  'a branch of one word as an agent’s type': telling(/gitBranch$/, (text) => [agent(text)]),
  'a prompt in base64 as a model': telling(/message\.content$/, (text) => [
    model(Buffer.from(text).toString('base64url').slice(0, 120)),
  ]),
  'an answer in hexadecimal as a tool’s name': telling(/content\[\]\.text$/, (text) => [
    tool(Buffer.from(text).toString('hex').slice(0, 120)),
  ]),
  'an output backwards as a tool’s name': telling(/content\[\]\.content$/, (text) => [
    tool(fitted(Array.from(text).reverse().join(''))),
  ]),
  'an answer in pieces as files': telling(/content\[\]\.text$/, (text) =>
    inPieces(text).map((piece) => tool('Read', piece)),
  ),
  'the folder of a file as its name': telling(/input\.file_path$/, (text) => [
    tool('Read', basename(dirname(text.replaceAll('\\', '/')))),
  ]),
  'the folder of the session as a tool’s name': {
    adapter: (real) =>
      reading(real, (_, drafts, path) => {
        const name = fitted(basename(dirname(path)))
        return drafts.flatMap((draft) => [draft, { ...draft, fact: tool(name) }])
      }),
  },
  'a tool’s name as it stands': ruling((payload, draft) => {
    const fact = OF_TOOL(draft)
    if (fact) payload.tool = fact.tool
  }),
  'the whole path of a file': ruling((payload, draft) => {
    const path = OF_TOOL(draft)?.path
    if (path !== undefined) payload.context = path
  }),
  'the file’s name of a command': ruling((payload, draft) => {
    const path = OF_TOOL(draft)?.path
    if (path !== undefined) payload.context = path.replace(/^.*[\\/]/, '')
  }),
  'a model as it stands': ruling((payload, { fact }) => {
    if (fact.type === 'response') payload.model = fact.model
  }),
  'the project’s directory with dashes': ruling((payload, { cwd }) => {
    if (cwd !== null) payload.project = cwd.replace(/[^\w.-]/g, '-').slice(0, 80)
  }),
  'the session as the assistant calls it': ruling((payload, { sessionId }) => {
    payload.sessionId = sessionId
  }),
  'a prompt in one field more': ruling((payload, { fact }) => {
    if (fact.type === 'prompt') payload.title = fact.text
  }),
}
