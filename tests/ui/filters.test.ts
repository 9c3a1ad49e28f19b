import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ASSISTANTS, EVENT_TYPES } from '../../core/events.ts'
import { handleOf } from '../../core/handle.ts'
import { isProjectKey } from '../../core/project-key.ts'
import { isSessionId, isSource } from '../../core/shapes.ts'
import {
  type Filters,
  isEmpty,
  matches,
  NO_FILTERS,
  readFilters,
  withFilters,
  writeFilters,
} from '../../ui/lib/filters.ts'
import { formatHash, parseHash } from '../../ui/lib/router.svelte.ts'
import { promptAt, SESSION, toolAt } from '../support/events.ts'
import { NOW, rowOf } from './support.ts'

const project = fc.stringMatching(/^[A-Za-z0-9_@+()[\]-]{1,20}(~[ybndrfg8ejkm]{12})?$/)
const source = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}-[ybndrfg8ejkm]{6}$/)
const time = fc.option(fc.integer({ min: 0, max: 2e12 }))
const anyFilters: fc.Arbitrary<Filters> = fc.record({
  type: fc.subarray([...EVENT_TYPES]),
  project: fc.uniqueArray(project, { maxLength: 3 }),
  source: fc.uniqueArray(source, { maxLength: 3 }),
  assistant: fc.subarray([...ASSISTANTS]),
  session: fc.constantFrom('', SESSION),
  q: fc.string({ maxLength: 50 }).map((q) => (q.trim() ? q : '')),
  from: time,
  to: fc.option(fc.integer({ min: 2e12 + 1, max: 4e12 })),
})

const edit = rowOf(toolAt(NOW, 'completed', { tool: 'Edit', context: 'Feed.svelte', project: 'web-app' }))

describe('filters in the address', () => {
  it('are the same after being written and read, whatever they are', () => {
    fc.assert(
      fc.property(anyFilters, (filters) => {
        const hash = formatHash('live', '', writeFilters(filters))
        expect(readFilters(parseHash(hash).params)).toEqual(filters)
      }),
    )
  })

  it('leave alone what else is in the address, and take the place of other filters', () => {
    const given = new URLSearchParams('kiosk=1&type=error&q=old&from=2026-11-20T08:00:00.000Z')
    fc.assert(
      fc.property(anyFilters, (filters) => {
        const params = withFilters(given, filters)
        expect(params.get('kiosk')).toBe('1')
        expect(readFilters(params)).toEqual(filters)
        expect(params.size).toBe(writeFilters(filters).size + 1)
      }),
    )
  })

  it('read well', () => {
    const hash = formatHash('live', '', writeFilters({ ...NO_FILTERS, type: ['tool', 'error'], from: NOW }))
    expect(hash).toBe('#/live?type=tool,error&from=2026-11-20T08:00:00.000Z')
  })

  it('that make no sense are left out', () => {
    const filters = readFilters(
      new URLSearchParams(`type=tool,nothing&from=yesterday&project=${'x'.repeat(999)}`),
    )
    expect(filters).toEqual({ ...NO_FILTERS, type: ['tool'] })
  })

  it('never are what the node refuses, whatever somebody wrote into the address', () => {
    const any = fc.oneof(
      fc.string(),
      fc.constantFrom('-1', 'NaN', '+275760-09-13T00:00:00Z', '-000001-01-01T00:00:00Z', ' ', '../..', 'a b'),
      fc.date({ noInvalidDate: true }).map((date) => date.toJSON()),
      fc.array(fc.string(), { minLength: 101, maxLength: 120 }).map((names) => names.join(',')),
    )
    const given = fc.record({
      type: any,
      project: any,
      source: any,
      session: any,
      q: any,
      from: any,
      to: any,
    })
    fc.assert(
      fc.property(given, (params) => {
        const { project, source, session, q, from, to } = readFilters(new URLSearchParams(params))
        expect(project.every(isProjectKey) && source.every(isSource)).toBe(true)
        expect(Math.max(project.length, source.length)).toBeLessThanOrEqual(100)
        expect(session === '' || isSessionId(session)).toBe(true)
        expect(q === '' || (q.trim() !== '' && q.length <= 200)).toBe(true)
        for (const time of [from, to])
          if (time !== null) expect(new Date(time).toISOString()).toHaveLength(24)
        expect(from === null || to === null || from < to).toBe(true)
      }),
    )
  })

  it('of an address without any let everything through', () => {
    expect(isEmpty(readFilters(new URLSearchParams('')))).toBe(true)
    expect(matches(NO_FILTERS, edit)).toBe(true)
  })
})

describe('a row passes', () => {
  const passes = (change: Partial<Filters>) => matches({ ...NO_FILTERS, ...change }, edit)

  it('by what happened, project, person, assistant, session', () => {
    expect(passes({ type: ['tool'], project: ['web-app'], source: [edit.source], session: SESSION })).toBe(
      true,
    )
    expect(passes({ assistant: ['claude'] })).toBe(true)
    expect(passes({ assistant: ['gemini', 'codex'] })).toBe(false)
    expect(passes({ type: ['error'] })).toBe(false)
    expect(passes({ project: ['infra'] })).toBe(false)
    expect(passes({ source: ['other-ybndrf'] })).toBe(false)
    expect(passes({ session: 'another' })).toBe(false)
  })

  it('by the tag of a project that has a twin', () => {
    const twin = rowOf(promptAt(NOW))
    twin.payload.projectTag = 'ybndrfg8ejkm'
    expect(matches({ ...NO_FILTERS, project: ['web-app~ybndrfg8ejkm'] }, twin)).toBe(true)
    expect(matches({ ...NO_FILTERS, project: ['web-app~other'] }, twin)).toBe(false)
  })

  it('by its time, the end excluded', () => {
    expect(passes({ from: NOW, to: NOW + 1 })).toBe(true)
    expect(passes({ from: NOW + 1 })).toBe(false)
    expect(passes({ to: NOW })).toBe(false)
  })

  it('by words that begin a name, in any case, all of them', () => {
    for (const q of ['feed', 'EDIT web', handleOf(SESSION), 'laptop', ' ']) expect(passes({ q })).toBe(true)
    for (const q of ['svelte', 'edit infra', 'completed']) expect(passes({ q })).toBe(false)
  })
})

describe('places', () => {
  it('that do not exist are the live feed', () => {
    for (const hash of ['', '#', '#/', '#/nowhere', '#/session', '#/session/', '#code=x']) {
      expect(parseHash(hash).screen).toBe('live')
    }
    expect(parseHash('#/session/abc?x=1')).toMatchObject({ screen: 'session', id: 'abc' })
  })
})
