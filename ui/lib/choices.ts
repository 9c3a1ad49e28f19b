import type { EventRow, SessionRow } from '../../core/api.ts'
import { nameWords, searchedWords } from '../../core/search.ts'
import type { App } from './app.svelte.ts'
import type { Choice, GroupName } from './commands.ts'
import { ASSISTANT_NAMES, describe, stateWord } from './describe.ts'
import { listOf, NO_FILTERS, writeFilters } from './filters.ts'
import { pausedWords } from './pause.ts'
import { PLACES } from './places.ts'
import { DENSITIES, THEMES } from './preferences.svelte.ts'
import { namesOf } from './projects.ts'
import { formatHash, type ScreenName } from './router.svelte.ts'
import type { Search } from './search.svelte.ts'
import { keyOf } from './sessions.svelte.ts'
import { type Shortcut, SHORTCUT_WORDS } from './shortcuts.ts'
import { roleWords } from './teammates.ts'
import { plain } from './text.ts'
import { duration, shortDate, shortTime } from './time.ts'

/** What the palette offers of what the page knows, and of what the node found. */

const HOUR_MS = 3_600_000
/** More words that a screen is found by. */
const ALSO: Record<(typeof PLACES)[number]['screen'], string> = {
  live: 'now',
  timeline: 'lanes',
  heat: 'hours, days',
  people: 'team, peers, roster',
  usage: 'tokens, costs, models, tools',
  history: 'search, earlier, past',
  settings: 'privacy, sharing, outbox, preferences',
}

/** Shortcuts that a list can offer too, where the page has bound them: not those that walk. */
const OFFERED: readonly Shortcut[] = ['space', '.', 'f', 'm', 'e', 'x', 'c', 'i', '?']

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Everything that can be gone to or done without asking the node; who needs an answer first. */
export function knownChoices(app: App): Choice[] {
  return [
    ...app.sessions.shown
      .filter(({ needs }) => needs === 'answer')
      .map((row) => sessionChoice(app, row, 'Needs an answer')),
    ...places(app),
    ...actions(app),
    ...app.sessions.shown.map((row) => sessionChoice(app, row, 'Sessions')),
    ...people(app),
    ...projects(app),
  ]
}

/** What the node found, with the way to all of it. */
export function foundChoices(app: App, search: Search, words: string): Choice[] {
  const seen = new Set<string>()
  const searched = searchedWords(words) ?? []
  const events = search.events
    .filter((row) => isFoundByItself(row, searched))
    .flatMap((row) => {
      const choice = eventChoice(app, row)
      if (seen.has(choice.id)) return []
      seen.add(choice.id)
      return [choice]
    })
  const everything: Choice = {
    id: 'everything',
    group: 'Found',
    label: `Search the history for “${words}”`,
    does: { href: listOf('history', { q: words }) },
  }
  return [
    ...search.sessions.map((row) => sessionChoice(app, row, 'Sessions')),
    ...events.slice(0, MAX_EVENTS),
    ...(words ? [everything] : []),
  ]
}

const MAX_EVENTS = 7

/** Whether a word begins the name of its tool, file, model or agent: projects, people and sessions are offered themselves. */
function isFoundByItself({ payload }: EventRow, words: readonly string[]): boolean {
  const names = [
    ...('tool' in payload ? [payload.tool, payload.context ?? ''] : []),
    ...('model' in payload ? [payload.model] : []),
    ...('agentType' in payload ? [payload.agentType ?? ''] : []),
  ].flatMap(nameWords)
  return words.some((word) => names.some((name) => name.startsWith(word)))
}

function places(app: App): Choice[] {
  const shown = PLACES.filter(({ screen }) => screen !== 'people' || app.hasTeam)
  return [
    ...shown.map(({ screen, keys }) => goTo(screen, capital(SHORTCUT_WORDS[keys]), ALSO[screen], { keys })),
    goTo('welcome', 'First steps', 'checklist'),
    goTo('live', 'Wall screen', 'kiosk tv', {
      id: 'go wall',
      detail: 'the live feed for all to see',
      does: { href: '#/live?kiosk=1' },
    }),
  ]
}

const goTo = (screen: ScreenName, label: string, also: string, more: Partial<Choice> = {}): Choice => {
  return { id: `go ${screen}`, group: 'Go to', label, also, does: { href: formatHash(screen) }, ...more }
}

function actions(app: App): Choice[] {
  const { preferences, shortcuts } = app
  const { theme, density } = preferences.chosen
  const act = (id: string, label: string, also: string, run: () => void): Choice => {
    return { id: `do ${id}`, group: 'Do', label, also, does: { run } }
  }
  const offered = OFFERED.filter((name) => shortcuts.has(name)).map((name): Choice => {
    const run = () => shortcuts.run(name)
    return { id: `do ${name}`, group: 'Do', label: capital(SHORTCUT_WORDS[name]), keys: name, does: { run } }
  })
  return [
    ...offered,
    ...recording(app, act),
    ...THEMES.filter((name) => name !== theme).map((name) =>
      act(`theme ${name}`, `Theme: ${name === 'system' ? 'as the system' : name}`, 'colours dark light', () =>
        preferences.set('theme', name),
      ),
    ),
    ...DENSITIES.filter((name) => name !== density).map((name) =>
      act(`density ${name}`, `Density: ${name}`, 'rows', () => preferences.set('density', name)),
    ),
  ]
}

function recording(
  app: App,
  act: (id: string, label: string, also: string, run: () => void) => Choice,
): Choice[] {
  const tell = (error: unknown) => app.messages.say('warning', (error as Error).message)
  const pause = (ms: number | null) => () => {
    const until = ms === null ? null : new Date(app.clock.at() + ms).toISOString()
    app.act('pause', { until }).catch(tell)
  }
  if (pausedWords(app.node.status, app.clock.at())) {
    return [act('resume', 'Resume recording', '', () => void app.act('resume', {}).catch(tell))]
  }
  return [
    act('pause 1h', 'Pause recording for an hour', 'privacy', pause(HOUR_MS)),
    act('pause', 'Pause recording until I resume', 'privacy', pause(null)),
  ]
}

function sessionChoice(app: App, row: SessionRow, group: GroupName): Choice {
  const { sessionId, source, handle, project, assistant, local } = row
  const since = duration(app.clock.at() - Date.parse(row.needsSince ?? row.endedAt ?? row.lastEventAt))
  const times = { active: '', waiting: ` · ${since}`, inactive: ` · ${since}`, ended: ` ${since} ago` }
  const state = `${stateWord(row)}${times[row.state]}`
  return {
    id: `session ${keyOf(row)}`,
    group,
    label: plain(handle),
    detail: [plain(project), state, ...(app.isCrowd ? [app.people.name(source)] : [])].join(' · '),
    also: `${ASSISTANT_NAMES[assistant]} ${plain(local?.title ?? '')} ${plain(local?.branch ?? '')}`,
    does: { href: formatHash('session', sessionId) },
  }
}

function people(app: App): Choice[] {
  return app.people.makers.map((person): Choice => {
    const { source, name, isSelf } = person
    return {
      id: `person ${source}`,
      group: 'People',
      label: plain(name),
      detail: isSelf ? 'you' : roleWords(person).join(', '),
      also: source,
      does: { href: listOf('live', { source: [source] }) },
    }
  })
}

function projects(app: App): Choice[] {
  return namesOf([...(app.node.status?.projects ?? []), ...app.sessions.shown]).map((project): Choice => {
    return {
      id: `project ${project}`,
      group: 'Projects',
      label: plain(project),
      does: { href: listOf('live', { project: [project] }) },
    }
  })
}

/** Leads to what happened around it in its session. */
function eventChoice(app: App, row: EventRow): Choice {
  const { main, detail = '' } = describe(row)
  const { sessionId, project } = row.payload
  const at = Date.parse(row.timestamp)
  const day = shortDate(at) === shortDate(app.clock.at()) ? '' : `${shortDate(at)} `
  const params = writeFilters({ ...NO_FILTERS, session: sessionId })
  params.set('at', new Date(at + 1).toISOString())
  return {
    id: `event ${sessionId} ${main} ${detail}`,
    group: 'Found',
    label: plain(`${main} ${detail}`.trim()),
    detail: [
      plain(project),
      ...(app.isCrowd ? [app.people.name(row.source)] : []),
      `${day}${shortTime(at)}`,
    ].join(' · '),
    does: { href: formatHash('history', '', params) },
  }
}
