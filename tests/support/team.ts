import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { EventsAnswer, StatusAnswer } from '../../core/api.ts'
import { freeUdpPort } from '../../node/free-port.ts'
import { ClaudeSession } from './claude-session.ts'
import type { RunningNode } from './cli.ts'
import { start, startNode, until, vibetea } from './cli.ts'
import { emptyMachine } from './machine.ts'

/** A bootstrap node of one's own on this machine, as its variable; on any free port unless one is given. */
export async function startBootstrap(port?: number): Promise<{ VIBETEA_BOOTSTRAP: string }> {
  const stopping = new AbortController()
  const bootstrap = start(
    ['bootstrap', '--host', '127.0.0.1', '--port', String(port ?? (await freeUdpPort('127.0.0.1')))],
    emptyMachine().variables,
    stopping.signal,
  )
  onTestFinished(async () => {
    stopping.abort()
    await bootstrap.finished
  })
  const text = await until(
    async () => bootstrap.stdout(),
    (out) => /127\.0\.0\.1:\d+/.test(out),
  )
  return { VIBETEA_BOOTSTRAP: /127\.0\.0\.1:\d+/.exec(text)![0] }
}

/** A laptop of its own with an assistant, in a network. */
export class Laptop {
  readonly directory: string
  readonly variables: ReturnType<typeof emptyMachine>['variables'] & { VIBETEA_BOOTSTRAP: string }
  readonly name: string
  node!: RunningNode

  constructor(name: string, network: { VIBETEA_BOOTSTRAP: string }) {
    const { directory, variables } = emptyMachine()
    this.name = name
    this.directory = directory
    this.variables = { ...variables, VIBETEA_SOURCE_ID: name.toLowerCase(), ...network }
  }

  run(...args: string[]) {
    return vibetea(args, this.variables)
  }

  /** Runs `start`, or another command that starts the node. */
  async start(...args: string[]): Promise<RunningNode> {
    return (this.node = await startNode(this.variables, args.length > 0 ? { args } : {}))
  }

  session(project = 'web-app', startedAt = Date.now()): ClaudeSession {
    return new ClaudeSession(join(this.directory, 'claude'), randomUUID(), `/code/${project}`, startedAt)
  }

  status(): Promise<StatusAnswer> {
    return this.node.get<StatusAnswer>('/api/status')
  }

  /** The ids of all events that its node has, sorted. */
  async ids(): Promise<string[]> {
    const ids: string[] = []
    let before = ''
    for (;;) {
      const { events, next } = await this.node.get<EventsAnswer>(
        `/api/events?limit=1000${before && `&before=${encodeURIComponent(before)}`}`,
      )
      ids.push(...events.map(({ source, id }) => `${source} ${id}`))
      if (next === null) return ids.sort()
      before = next
    }
  }
}

/** The key of a new team, made at a laptop. */
export async function createTeam(founder: Laptop, ...args: string[]) {
  const { code, stdout, stderr } = await founder.run('create', 'harbour', '--share', 'all', '--json', ...args)
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as { teamId: string; teamKey: string; readOnlyKey: string }
}

/** Waits until every node is connected with every other. */
export async function untilMeshed(laptops: readonly Laptop[]): Promise<void> {
  for (const laptop of laptops) {
    const { peers } = await until(
      () => laptop.status(),
      ({ peers }) => peers.filter(({ connection }) => connection === 'direct').length === laptops.length - 1,
    )
    const direct = peers.filter(({ connection }) => connection === 'direct').length
    if (direct !== laptops.length - 1)
      throw new Error(`${laptop.name} reaches ${direct} of ${laptops.length - 1}`)
  }
}

/** Waits until all have the same events, at least so many; gives what each has. */
export async function untilEqual(laptops: readonly Laptop[], atLeast: number): Promise<string[][]> {
  return until(
    () => Promise.all(laptops.map((laptop) => laptop.ids())),
    (lists) => lists[0]!.length >= atLeast && lists.every((list) => list.join() === lists[0]!.join()),
  )
}
