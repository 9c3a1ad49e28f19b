import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import type {
  MemberRow,
  Overlap,
  PeerStatus,
  ProjectStatus,
  SessionRow,
  StatusAnswer,
  TeamStatus,
} from '../../../core/api.ts'
import { formatTeamKey, type KeyKind } from '../../../core/team-key.ts'
import type { Context } from '../../../node/cli/command.ts'
import { ApiToken } from '../../../node/home/api-token.ts'
import { HomeLock } from '../../../node/home/lock.ts'
import { openHome } from '../../../node/home/home.ts'
import { temporaryDirectory } from '../../support/directory.ts'
import { SOURCE, testApi } from '../api/support.ts'

const bytes = (first: number) => Uint8Array.from({ length: 32 }, (_, index) => (first + index) & 255)
export const keyOf = (kind: KeyKind) => formatTeamKey({ kind, teamId: bytes(1), secret: bytes(100) })

export const CTRL_C = '\u0003'
export const CTRL_D = '\u0004'

/** A person at a terminal, or nobody, in front of a home that is not there yet. */
export class Desk implements Context {
  readonly directory = temporaryDirectory()
  readonly home = join(this.directory, 'home')
  readonly env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: this.directory,
    GIT_CONFIG_NOSYSTEM: '1',
    VIBETEA_HOME: this.home,
  }
  readonly homeDirectory = this.directory
  readonly hostname = 'laptop'
  userName = 'ada'
  readonly stdin = new PassThrough()
  readonly questions: Writable
  isInteractive: boolean
  readonly isTerminal = false
  readonly #controller = new AbortController()
  readonly signal = this.#controller.signal
  /** What was printed, a line each. */
  readonly printed: string[] = []
  readonly complained: string[] = []
  /** What stands on the screen in front of the person. */
  screen = ''
  #looked = 0
  readonly #wakes = new Set<() => void>()

  constructor({ isInteractive = true } = {}) {
    this.isInteractive = isInteractive
    this.questions = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.screen += withoutControls(chunk.toString())
        for (const wake of this.#wakes) wake()
        done()
      },
    })
  }

  out = (line: string) => void this.printed.push(...line.split('\n'))
  err = (line: string) => void this.complained.push(...line.split('\n'))
  status = () => undefined

  get text(): string {
    return this.printed.join('\n')
  }

  /** Waits until a question stands there that has not been answered yet, and answers it. */
  async answer(question: string, answer: string): Promise<void> {
    await this.sees(question)
    this.stdin.write(answer)
  }

  async sees(text: string): Promise<void> {
    for (;;) {
      const at = this.screen.indexOf(text, this.#looked)
      if (at >= 0) {
        this.#looked = at + text.length
        return
      }
      await new Promise<void>((resolve) => this.#wakes.add(resolve))
    }
  }

  interrupt(): void {
    this.#controller.abort()
  }
}

// eslint-disable-next-line no-control-regex -- what readline sends to place the cursor
const withoutControls = (text: string) => text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '')

export const AT = Date.now()
const ago = (minutes: number) => new Date(AT - minutes * 60_000 - 1000).toISOString()

export function memberRow(name: string, source: string, fields: Partial<MemberRow> = {}): MemberRow {
  return {
    device: `device of ${source}`,
    source,
    name,
    role: 'member',
    presence: 'active',
    connection: 'direct',
    behind: 0,
    lastSeen: ago(0),
    version: '0.1.0',
    isArchiver: false,
    isSelf: false,
    utcOffsetMinutes: null,
    eventsHeld: 0,
    lastSessionAt: null,
    ...fields,
  }
}

export const SELF = memberRow('Ada', SOURCE, { isSelf: true, connection: null })

export function peerStatus(name: string, source: string, fields: Partial<PeerStatus> = {}): PeerStatus {
  return {
    device: `device of ${source}`,
    source,
    name,
    role: 'member',
    connection: 'direct',
    behind: 0,
    lastSeen: ago(0),
    version: '0.1.0',
    problem: null,
    clockAheadMs: null,
    path: null,
    ...fields,
  }
}

export function overlap(fields: Partial<Overlap> = {}): Overlap {
  return {
    fileTag: 'ybndrfg8ejkm',
    context: 'invite.ts',
    project: 'web-app',
    kind: 'team',
    sessions: [
      { sessionId: 'b', source: 'thinkpad-y7d1rt', handle: 'hazel-otter', lastAt: ago(1), isSelf: false },
      { sessionId: 'a', source: SOURCE, handle: 'amber-kettle', lastAt: ago(2), isSelf: true },
    ],
    ...fields,
  }
}

export const TEAM: TeamStatus = {
  teamId: 'yo'.repeat(26),
  role: 'member',
  name: 'harbour',
  reach: { state: 'connected', message: 'Connected with 2 of 3 teammates.' },
}

export interface Known {
  team?: TeamStatus | null
  members?: MemberRow[]
  peers?: PeerStatus[]
  overlaps?: Overlap[]
  sessions?: SessionRow[]
  projects?: ProjectStatus[]
  /** Projects of the last 30 days. */
  recent?: string[]
}

/** A node runs in the desk's home, and knows what is given; the actions that it is asked for are noted. */
export async function runNode(desk: Desk, known: Known = {}, answers: Record<string, object> = {}) {
  const api = await testApi()
  await openHome(desk.home, () => undefined)
  const lock = await HomeLock.acquire(desk.home, { pid: process.pid, startedAt: ago(60), version: '0.1.0' })
  const token = await ApiToken.write(desk.home, api.tokens.api)
  await lock.update({ url: api.url, tokenPath: token.path })
  onTestFinished(() => lock.release())
  const { team = null, members = [SELF], peers = [], overlaps = [], sessions = [], projects = [] } = known
  const status: StatusAnswer = {
    node: {
      version: '0.1.0',
      source: SOURCE,
      device: 'device',
      home: desk.home,
      startedAt: ago(60),
      pausedUntil: null,
    },
    team,
    peers,
    logs: [],
    sources: [],
    projects,
    newProjects: 'private',
    ignored: [],
    settings: { retentionDays: 30, historyDays: 365, basenameAllowlist: null },
    notices: [],
    archive: null,
    refused: {},
  }
  const acted: { name: string; args: unknown }[] = []
  const total = { events: 1, tools: 0, failures: 0, responses: 0, prompts: 0, errors: 0 }
  const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  Object.assign(api.backend, {
    status: () => Promise.resolve(status),
    members: () => Promise.resolve({ members }),
    overlaps: () => Promise.resolve({ overlaps }),
    sessions: () => Promise.resolve({ sessions }),
    events: () => Promise.resolve({ events: [], next: null, prev: null }),
    stats: () =>
      Promise.resolve({
        by: 'project',
        days: 30,
        rows: (known.recent ?? []).map((key) => ({ key, ...total, tokens })),
      }),
    act: (name: string, args: unknown) => {
      acted.push({ name, args })
      return Promise.resolve(answers[name] ?? {})
    },
  })
  return { ...api, acted, known: { overlaps, members } }
}
