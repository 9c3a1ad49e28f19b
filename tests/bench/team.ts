import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { WebSocket } from 'ws'
import type { ServerMessage, StatusAnswer } from '../../core/api.ts'
import { bareTimes, linesAt, RATES, writeLines } from './latency.ts'
import type { Marks, NodeReady, NodeTask, Place } from './marked-node.ts'
import { machineIn, run, startBootstrap, until } from './processes.ts'
import { promptLine } from './prompt-line.ts'
import type { Figure } from './table.ts'
import { quantile } from './table.ts'

/** ms of the system's monotonic clock, as the nodes' processes have it. */
const clock = (): number => Number(process.hrtime.bigint() / 1000n) / 1000

/** Times of one line, ms of that clock. */
type Hop = 'written' | Place | 'received'

const HOPS: [what: string, from: Hop, to: Hop][] = [
  ['noticed, read, parsed', 'written', 'read'],
  ['in the own log', 'read', 'stored'],
  ['in the own log of the team', 'stored', 'shared'],
  ["at the teammate's", 'shared', 'came'],
  ['opened and verified', 'came', 'opened'],
  ["in the teammate's index", 'opened', 'indexed'],
  ['sent and received', 'indexed', 'received'],
]

interface RunningNode extends NodeReady {
  child: ChildProcess
}

/** Line written → event on a teammate's `/ws`, two nodes in processes of their own, p50 / p99 in ms, in all and by hop. */
export async function benchTeam(): Promise<Figure[]> {
  const bare = await bareTimes()
  const directory = mkdtempSync(join(tmpdir(), 'vibetea-team-'))
  const { network, stop } = await startBootstrap()
  const children: ChildProcess[] = []
  try {
    const [ada, bo] = ['ada', 'bo'].map((name) => machineIn(join(directory, name), name, network))
    for (const { HOME } of [ada!, bo!]) mkdirSync(HOME, { recursive: true })
    const made = await run(['create', 'bench', '--share', 'all', '--name', 'Ada', '--json'], ada!)
    const { teamKey } = JSON.parse(made) as { teamKey: string }
    await run(['join', teamKey, '--share', 'all', '--name', 'Bo', '--no-start'], bo!)
    const startedAt = Date.now()
    const session = randomUUID()
    const path = join(ada!.VIBETEA_CLAUDE_DIR, 'projects', '-code-web-app', `${session}.jsonl`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, '')
    const author = await startMarked({ machine: ada!, startedAt }, children)
    const teammate = await startMarked({ machine: bo!, startedAt }, children)
    await until(() => isConnected(teammate), 'the connection')
    const times = await measure({ path, session, startedAt, author, teammate })
    return [...times].flatMap(([rate, lines]) => figuresOf(rate, lines, bare.get(rate)!))
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function startMarked(task: NodeTask, children: ChildProcess[]): Promise<RunningNode> {
  const child = fork(new URL('./marked-node.js', import.meta.url), [JSON.stringify(task)])
  children.push(child)
  const [ready] = (await once(child, 'message')) as [NodeReady]
  return { ...ready, child }
}

async function isConnected({ url, token }: NodeReady): Promise<boolean> {
  const answer = await fetch(`${url}/api/status`, { headers: { authorization: `Bearer ${token}` } })
  const { peers } = (await answer.json()) as StatusAnswer
  return peers.some(({ connection }) => connection === 'direct')
}

interface Parts {
  path: string
  session: string
  startedAt: number
  author: RunningNode
  teammate: RunningNode
}

type Times = Partial<Record<Hop, number>>

async function measure({ path, session, startedAt, author, teammate }: Parts): Promise<Map<number, Times[]>> {
  const times = new Map<number, Times>()
  const address = `${teammate.url.replace('http', 'ws')}/ws?type=activity&interval=10`
  const socket = new WebSocket(address, ['vibetea.v1', `bearer.${teammate.token}`])
  await once(socket, 'message')
  socket.on('message', (data: Buffer) => {
    const at = clock()
    const message = JSON.parse(data.toString()) as ServerMessage
    if (message.type !== 'events') return
    for (const { timestamp } of message.events) {
      const known = times.get(Date.parse(timestamp) - startedAt)
      if (known) known.received ??= at
    }
  })
  const byRate = new Map<number, Times[]>()
  let first = 1
  for (const rate of RATES) {
    const count = linesAt(rate)
    const numbers = Array.from({ length: count }, (_, i) => first + i)
    await writeLines(
      { path, line: (n) => promptLine(session, n, startedAt), first, count, rate },
      (n) => times.set(n, { written: clock() }),
      () => numbers.filter((n) => times.get(n)?.received === undefined).length,
    )
    byRate.set(
      rate,
      numbers.map((n) => times.get(n)!),
    )
    first += count
  }
  socket.close()
  const [ours, theirs] = await Promise.all([marksOf(author.child), marksOf(teammate.child)])
  for (const [n, line] of times) {
    const { read, stored, shared } = ours.get(n) ?? {}
    const { came, opened, indexed } = theirs.get(n) ?? {}
    Object.assign(line, { read, stored, shared, came, opened, indexed })
  }
  return byRate
}

async function marksOf(child: ChildProcess): Promise<Map<number, Marks>> {
  const answer = once(child, 'message')
  child.send('marks')
  const [marks] = (await answer) as [[number, Marks][]]
  return new Map(marks)
}

function figuresOf(rate: number, lines: readonly Times[], bare: readonly number[]): Figure[] {
  const between = (from: Hop, to: Hop) =>
    lines.map((line) => line[to]! - line[from]!).filter((x) => !Number.isNaN(x))
  const pair = (values: readonly number[]) =>
    `${quantile(values, 0.5).toFixed(1)} / ${quantile(values, 0.99).toFixed(1)}`
  const all = between('written', 'received')
  const lost = lines.length - all.length
  return [
    {
      what: `${rate} lines/s, a teammate's /ws?interval=10: p50 / p99 ms${lost > 0 ? ` (${lost} LOST)` : ''}`,
      measured: pair(all),
      bare: pair(bare),
      ratio: (quantile(all, 0.5) / quantile(bare, 0.5)).toFixed(1),
      target: rate === 200 ? '≤ 25 / 50' : '≤ 8 / 30',
    },
    ...HOPS.map(([what, from, to]) => {
      return { what: `– ${what}`, measured: pair(between(from, to)), bare: '', ratio: '', target: '' }
    }),
  ]
}
