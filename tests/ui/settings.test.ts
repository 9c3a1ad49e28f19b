import { fireEvent, screen, within } from '@testing-library/svelte'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SourceStatus, StatusAnswer } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import { toolAt } from '../support/events.ts'
import { prompt, TestPage } from './page.ts'
import { memberRow, NOW, rowOf, STATUS } from './support.ts'

let page: TestPage
beforeEach(() => {
  page = new TestPage()
})
afterEach(() => page.close())

const TEAM: StatusAnswer['team'] = {
  teamId: 'team',
  role: 'member',
  name: 'Harbour',
  reach: { state: 'connected', message: 'Connected with everybody.' },
}
const project = (name: string, sharing: 'shared' | 'private' | 'excluded' = 'private') => ({
  project: name,
  sharing,
})

async function open(status: Partial<StatusAnswer> = {}, hash = '#/settings'): Promise<void> {
  page.api.answers.status = { ...STATUS, ...status }
  await page.open([prompt(1)])
  await page.go(hash)
}
const press = async (name: string | RegExp, within_: HTMLElement = document.body) => {
  await fireEvent.click(within(within_).getByRole('button', { name }))
  await page.settle()
}
const region = (name: string) => screen.getByRole('region', { name })

describe('what leaves this machine', () => {
  it.each<[string, Partial<StatusAnswer>, string]>([
    ['there is no team', {}, 'Nothing leaves this machine: you have no team.'],
    [
      'one only watches',
      { team: { ...TEAM, role: 'reader' }, projects: [project('web', 'shared')] },
      'Nothing of your sessions leaves this machine: you only watch.',
    ],
    [
      'no project is shared',
      { team: TEAM, projects: [project('web')] },
      'Nothing of your sessions leaves this machine: no project is shared.',
    ],
    [
      'recording is paused',
      { team: TEAM, projects: [project('web', 'shared')], node: { ...STATUS.node, pausedUntil: 'resume' } },
      'Nothing is recorded, so nothing leaves: paused until you resume.',
    ],
    [
      'some are shared',
      { team: TEAM, projects: [project('web', 'shared'), project('api')] },
      '1 project of 2 is shared with Harbour.',
    ],
  ])('is said in one sentence where %s', async (_when, status, sentence) => {
    await open(status)
    expect(screen.getByText(sentence)).toBeTruthy()
  })

  it('has what teammates see besides, and who copies it into an archive', async () => {
    page.api.answers.members = { members: [memberRow({ name: 'box-1', role: 'reader', isArchiver: true })] }
    await open({ team: TEAM })
    const privacy = region('What leaves this machine').textContent.replace(/\s+/g, ' ')
    expect(privacy).toContain(
      'Teammates see besides: the name you chose, your machine’s label, how far its clock is ahead of UTC, VibeTea’s version, whether you are there, your IP address.',
    )
    expect(privacy).toMatch(/box-1 keeps the team’s history.*Whoever has access to that archive can read it/)
  })

  it('stops while recording is paused, and goes on', async () => {
    page.api.answers['actions/resume'] = {}
    await open({ node: { ...STATUS.node, pausedUntil: 'resume' } })
    expect(screen.getByText('Paused until you resume.')).toBeTruthy()
    page.api.answers.status = STATUS
    await press('Resume')
    expect(screen.getByText('VibeTea records your sessions as they happen.')).toBeTruthy()
  })

  it('names what ignore files keep out, now and formerly', async () => {
    const times = { from: '2026-11-01T08:00:00Z', to: null }
    await open({
      ignored: [
        { directory: '/home/ada/diary', patterns: [], ...times },
        { directory: '/home/ada/work', patterns: ['acme*', '*.key'], ...times },
        { directory: '/home/ada/gone', patterns: [], from: null, to: '2026-11-09T08:00:00Z' },
      ],
    })
    const kept = region('Ignored folders')
    const lines = within(kept)
      .getAllByRole('listitem')
      .map(({ textContent }) => textContent.replace(/\s+/g, ' ').trim())
    expect(lines.slice(0, 2)).toEqual([
      '/home/ada/diary keeps out everything',
      '/home/ada/work keeps out acme*, *.key',
    ])
    expect(lines[2]).toMatch(/^\/home\/ada\/gone everything, until .*9/)
  })
})

describe('a project', () => {
  it('is shared only after its consequences were read and agreed to', async () => {
    page.api.answers['actions/share'] = {}
    await open({ team: TEAM, projects: [project('web-app')] })
    await press('Shared')
    const wasAsked = () => page.api.asked.some(({ path }) => path === 'actions/share')
    expect(wasAsked()).toBe(false)
    expect(
      screen.getByText(/What happened before stays with you\. What leaves cannot be called back\./),
    ).toBeTruthy()
    expect(document.activeElement?.textContent).toContain('Share it')
    page.api.answers.status = { ...STATUS, team: TEAM, projects: [project('web-app', 'shared')] }
    await press('Share it')
    expect(page.api.asked.find(({ path }) => path === 'actions/share')?.body).toBe('{"project":"web-app"}')
    expect(screen.getByRole('button', { name: 'Shared' }).getAttribute('aria-pressed')).toBe('true')
    expect(screen.queryByText(/cannot be called back/)).toBeNull()
  })

  it.each([
    ['shared', 'Excluded', /nothing of it is recorded.*Teammates keep what they have\./],
    ['shared', 'Private', /recorded for you alone\. Teammates keep what they have\./],
    ['excluded', 'Private', /What happened while it was excluded stays unrecorded\./],
  ] as const)('that is %s says what “%s” does, and can be left as it is', async (sharing, word, said) => {
    await open({ team: TEAM, projects: [project('web-app', sharing)] })
    await press(word)
    expect(screen.getByRole('group', { name: new RegExp(`^${word}: web-app`) }).textContent).toMatch(said)
    await press('Leave it as it is')
    expect(screen.queryByRole('group', { name: new RegExp(`^${word}: web-app`) })).toBeNull()
    expect(page.api.asked.some(({ path }) => path.startsWith('actions/'))).toBe(false)
  })

  it('stays as it is where the node refuses, which says why', async () => {
    page.api.instead['actions/private'] = () =>
      Promise.resolve(
        Response.json(
          { error: 'excluded_by_name', message: 'All projects of that name are excluded.' },
          { status: 400 },
        ),
      )
    await open({ projects: [project('web-app', 'excluded')] })
    await press('Private')
    await press('Make it private')
    expect(screen.getByRole('alert').textContent).toBe('All projects of that name are excluded.')
    expect(screen.getByRole('button', { name: 'Excluded' }).getAttribute('aria-pressed')).toBe('true')
  })

  it('shows before it is shared what would leave: its own events, without what only this machine knows', async () => {
    await open({ projects: [project('web-app')] })
    const row = { ...rowOf(toolAt(NOW, 'completed', { id: 4, tool: 'Edit' }), 4), local: { title: 'SECRET' } }
    page.api.answers.events = { events: [row], next: null, prev: null }
    await press('Preview')
    const { params } = page.api.asked.findLast(({ path }) => path === 'events')!
    expect(Object.fromEntries(params)).toMatchObject({ project: 'web-app', source: 'laptop-ybndrf' })
    const shown = JSON.parse(region('Projects').querySelector('pre')!.textContent) as object
    expect(Object.keys(shown)).toEqual(['id', 'source', 'timestamp', 'eventType', 'payload'])
  })

  it('is found among many by typing', async () => {
    await open({ projects: Array.from({ length: 400 }, (_, i) => project(`service-${i}`)) })
    const list = () => within(region('Projects')).getAllByRole('listitem')
    expect(list()).toHaveLength(100)
    expect(screen.getByText('300 more: type a part of the name.')).toBeTruthy()
    await fireEvent.input(screen.getByRole('searchbox', { name: /Find a project/ }), {
      target: { value: 'service-39' },
    })
    expect(list().map(({ textContent }) => /service-\d+/.exec(textContent)?.[0])).toEqual([
      'service-39',
      ...Array.from({ length: 10 }, (_, i) => `service-39${i}`),
    ])
  })
})

describe('the outbox', () => {
  const sent = (n: number): Event => {
    const { id, source, timestamp, eventType, payload } = prompt(n)
    return { id, source, timestamp, eventType, payload } as Event
  }

  it('shows every field of every event, newest first', async () => {
    page.api.answers.outbox = { events: [sent(1), sent(2)], next: null }
    await open({ team: TEAM })
    const texts = [...region('Outbox').querySelectorAll('pre')].map(({ textContent }) => textContent)
    expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual([sent(2), sent(1)])
  })

  it('goes back page by page to the first, and forward again', async () => {
    page.api.answers.outbox = { events: [sent(2)], next: 'log.4.2' }
    await open({ team: TEAM })
    page.api.answers.outbox = { events: [sent(1)], next: null }
    await press('Earlier')
    expect(page.api.asked.findLast(({ path }) => path === 'outbox')!.params.get('before')).toBe('log.4.2')
    expect(screen.getByText('page 2, the last')).toBeTruthy()
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Earlier' }).disabled).toBe(true)
    await press('Later')
    expect(page.api.asked.findLast(({ path }) => path === 'outbox')!.params.has('before')).toBe(false)
  })

  it('shows one project alone, as its address says', async () => {
    await open({ team: TEAM, projects: [project('web-app'), project('api')] })
    page.api.answers.outbox = { events: [sent(2)], next: null }
    await fireEvent.change(screen.getByRole('combobox', { name: 'Project' }), { target: { value: 'api' } })
    await page.settle()
    expect(location.hash).toBe('#/settings?outbox=api')
    expect(page.api.asked.findLast(({ path }) => path === 'outbox')!.params.get('project')).toBe('api')
  })

  it('is empty without a team, and says so', async () => {
    await open()
    expect(within(region('Outbox')).getByText('Nothing has left this machine.')).toBeTruthy()
    expect(screen.queryByRole('combobox', { name: 'Project' })).toBeNull()
  })
})

describe('the node', () => {
  it('names a file that cannot be read once, and says what to do', async () => {
    const problem = {
      path: '/home/ada/.claude/projects',
      message: 'VibeTea may not read /home/ada/.claude/projects.',
      remedy: 'Give your user the right to read it.',
    }
    const claude: Omit<SourceStatus, 'problems'> = {
      assistant: 'claude',
      directories: [],
      files: 0,
      watching: 'events',
      backfill: null,
    }
    await open({ sources: [{ ...claude, problems: [problem] }] })
    expect(screen.getByText(`▲ ${problem.message} ${problem.remedy}`)).toBeTruthy()
  })

  it('says what it keeps, what it refused and what it said', async () => {
    await open({
      settings: { retentionDays: 14, historyDays: 90, basenameAllowlist: ['rs', 'ts'] },
      refused: { invalid_event: 3 },
      notices: [
        { level: 'error', message: 'The log cannot be written: no space.', at: '2026-11-20T07:00:00Z' },
      ],
    })
    const node = region('Node').textContent.replace(/\s+/g, ' ')
    expect(node).toContain('your own history 90 days, the team’s logs 14 days')
    expect(node).toContain('of .rs, .ts alone')
    expect(node).toContain('events that this version cannot show: 3')
    expect(node).toContain('▲ error The log cannot be written: no space.')
  })
})

describe('the display', () => {
  it('switches single keys off', async () => {
    await open()
    await fireEvent.click(screen.getByRole('checkbox', { name: 'Single-key shortcuts' }))
    await page.go('#/live')
    await fireEvent.keyDown(document.body, { key: ' ' })
    expect(screen.getByRole('button', { name: /Following/ })).toBeTruthy()
  })

  it.each([
    ['Theme', 'Dark', 'theme', 'dark'],
    ['Density', 'Comfortable', 'density', 'comfortable'],
    ['Motion', 'Reduced', 'motion', 'reduced'],
  ])('keeps the chosen %s in this browser', async (group, word, name, value) => {
    await open()
    await press(word, screen.getByRole('group', { name: group }))
    expect(document.documentElement.dataset[name]).toBe(value)
    expect(localStorage.getItem('vibetea.preferences')).toContain(`"${name}":"${value}"`)
  })
})

describe('an address with a section', () => {
  it('leads to it, for eyes and for a screen reader', async () => {
    await open({}, '#/settings?section=outbox')
    expect(document.activeElement).toBe(screen.getByRole('heading', { name: 'Outbox' }))
    expect(screen.getByRole('link', { name: 'Outbox' }).getAttribute('aria-current')).toBe('location')
  })
})
