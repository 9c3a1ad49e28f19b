import { fork } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { ServerMessage, StatusAnswer } from '../../core/api.ts'
import { createLogger } from '../../node/home/logger.ts'
import { readSettings } from '../../node/home/settings.ts'
import { readTeam, teamDirectory } from '../../node/home/team-file.ts'
import { TeamStore } from '../../node/log/team-store.ts'
import type { Closes } from '../../node/stores.ts'
import { closeAll, openStores } from '../../node/stores.ts'
import type { Machine, NodeProcess } from './processes.ts'
import { costsOf, machineIn, run, startBootstrap, startNode, until } from './processes.ts'
import { promptLine } from './prompt-line.ts'
import type { Figure } from './table.ts'
import { quantile } from './table.ts'
import { madeUpBlocks, random, storeOptions } from './team-parts.ts'

const EVENTS = 1000
const PER_BLOCK = 1
const LINES = 100
const LINES_PER_SECOND = 20
/** 20 nodes copy 380,000 events, on two cores. */
const ALL_LOGS_TIMEOUT_MS = 900_000
const SETTLE_MS = 5000
const IDLE_MS = 20_000
/** Commands at a time while homes are made. */
const ABREAST = 4

type Order = 'all at once' | 'one after the other' | 'the founder last'
const ORDERS: Order[] = ['all at once', 'one after the other', 'the founder last']

/** Nodes in processes of their own: how soon they are connected and have each other's logs, and what they cost. */
export async function benchMesh(isFull: boolean): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const size of isFull ? [5, 20] : [5]) figures.push(...(await meshOf(size)))
  return figures
}

async function meshOf(size: number): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'vibetea-mesh-'))
  const { network, stop } = await startBootstrap()
  const nodes: NodeProcess[] = []
  const stopAll = async () => {
    await Promise.all(nodes.splice(0).map((node) => node.stop()))
  }
  try {
    const figures: Figure[] = []
    const bare = await bareMesh(size, network.VIBETEA_BOOTSTRAP!)
    let machines: Machine[] = []
    for (const [i, order] of ORDERS.entries()) {
      machines = await homes(size, join(directory, String(i)), network)
      const { all, last } = await meshed(machines, order, nodes)
      figures.push({
        what: `${size} nodes, ${order}: full mesh`,
        measured: `${all.toFixed(1)} s after the first start, ${last.toFixed(1)} s after the last node was up`,
        bare: order === 'all at once' ? `${bare.toFixed(1)} s, swarms alone, after the first start` : '',
        ratio: order === 'all at once' ? (all / bare).toFixed(1) : '',
        target: '',
      })
      await stopAll()
    }
    for (const machine of machines) await fillLog(machine)
    const from = performance.now()
    const { all } = await meshed(machines, 'all at once', nodes)
    for (const node of nodes) await untilIndexed(node, size)
    const seconds = (performance.now() - from) / 1000
    const copies = size * (size - 1) * EVENTS
    figures.push({
      what: `${size} nodes that know each other, ${EVENTS} events each in blocks of ${PER_BLOCK}: all logs everywhere`,
      measured: `${seconds.toFixed(1)} s after the first start (mesh ${all.toFixed(1)}), ${Math.round(copies / seconds).toLocaleString('en')} events copied a second`,
      bare: '',
      ratio: '',
      target: '',
    })
    figures.push(await live(machines[0]!, nodes))
    figures.push(await idle(nodes))
    return figures
  } finally {
    await stopAll()
    await stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Homes that are in one team; the first is the founder's. */
async function homes(size: number, directory: string, network: Record<string, string>): Promise<Machine[]> {
  const machines = Array.from({ length: size }, (_, i) =>
    machineIn(join(directory, `machine-${i}`), `cup-${i}`, network),
  )
  for (const { HOME } of machines) mkdirSync(HOME, { recursive: true })
  const [founder, ...others] = machines
  const made = await run(['create', 'bench', '--share', 'all', '--name', 'Ada', '--json'], founder!)
  const { teamKey } = JSON.parse(made) as { teamKey: string }
  const waiting = others.map(
    (machine, i) => () =>
      run(['join', teamKey, '--share', 'all', '--name', `Bo ${i}`, '--no-start'], machine),
  )
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next()
  }
  await Promise.all(Array.from({ length: ABREAST }, work))
  return machines
}

/** Starts nodes, and the seconds until each is connected with all. */
async function meshed(machines: readonly Machine[], order: Order, nodes: NodeProcess[]) {
  const from = performance.now()
  const [founder, ...others] = machines
  const begin = async (machine: Machine) => void nodes.push(await startNode(machine))
  if (order === 'one after the other') for (const machine of machines) await begin(machine)
  else if (order === 'all at once') await Promise.all(machines.map(begin))
  else {
    await Promise.all(others.map(begin))
    await begin(founder!)
  }
  const up = performance.now()
  for (const node of nodes) {
    const isFull = async () => {
      const { peers } = await node.get<StatusAnswer>('/api/status')
      return peers.filter(({ connection }) => connection === 'direct').length === machines.length - 1
    }
    await until(isFull, 'the full mesh', { everyMs: 100 })
  }
  const end = performance.now()
  return { all: (end - from) / 1000, last: (end - up) / 1000 }
}

/** The least: as many processes with a swarm each and nothing else. */
async function bareMesh(size: number, bootstrap: string): Promise<number> {
  const topic = randomBytes(32).toString('hex')
  const from = performance.now()
  const swarms = Array.from({ length: size }, () =>
    fork(new URL('./bare-swarm.js', import.meta.url), [bootstrap, topic, String(size)]),
  )
  await Promise.all(swarms.map((swarm) => once(swarm, 'message')))
  const seconds = (performance.now() - from) / 1000
  for (const swarm of swarms) swarm.kill('SIGKILL')
  return seconds
}

/** Appends a home's own log of events in the team, as if its owner had worked for a month. */
async function fillLog(machine: Machine): Promise<void> {
  const settings = readSettings({
    env: machine,
    flags: {},
    configText: null,
    homeDirectory: machine.HOME,
    hostname: hostname(),
    workingDirectory: machine.HOME,
  })
  const closes: Closes = []
  try {
    const log = createLogger('error')
    const { device, state } = await openStores({ settings, log, random, now: Date.now }, closes)
    const team = (await readTeam(settings.home))!
    const own = { key: device.key, incarnation: team.incarnation }
    const directory = teamDirectory(settings.home, team.teamId)
    const { teamId, secret: write } = team
    const store = await TeamStore.open(storeOptions(directory, { teamId, write }, own, state.team.logs))
    closes.push(() => store.close())
    for await (const blocks of madeUpBlocks(device.source, EVENTS, PER_BLOCK))
      await store.events!.append(blocks)
  } finally {
    await closeAll(closes)
  }
}

/** Waits until a node has the logs of all in its index. */
async function untilIndexed(node: NodeProcess, size: number): Promise<void> {
  const isThere = async () => {
    const { logs } = await node.get<StatusAnswer>('/api/status')
    const full = logs.filter(
      ({ kind, blocks, behind }) => kind === 'team' && blocks >= EVENTS / PER_BLOCK && behind === 0,
    )
    return full.length === size
  }
  await until(isThere, 'all logs', { everyMs: 200, timeoutMs: ALL_LOGS_TIMEOUT_MS })
}

/** Lines written in one's session until they are on the WebSocket of each teammate. */
async function live(machine: Machine, nodes: readonly NodeProcess[]): Promise<Figure> {
  const writtenAt = new Map<number, number>()
  const latencies: number[] = []
  const startedAt = Date.now()
  const sockets = nodes.slice(1).map((node) => {
    const address = `${node.url.replace('http', 'ws')}/ws?type=activity&interval=10`
    const socket = new WebSocket(address, ['vibetea.v1', `bearer.${node.token}`])
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as ServerMessage
      if (message.type !== 'events') return
      for (const { timestamp } of message.events) {
        const at = writtenAt.get(Date.parse(timestamp) - startedAt)
        if (at !== undefined) latencies.push(performance.now() - at)
      }
    })
    return socket
  })
  await Promise.all(sockets.map((socket) => once(socket, 'open')))
  const session = randomUUID()
  const path = join(machine.VIBETEA_CLAUDE_DIR, 'projects', '-code-web-app', `${session}.jsonl`)
  mkdirSync(dirname(path), { recursive: true })
  for (let n = 0; n < LINES; n++) {
    writtenAt.set(n, performance.now())
    appendFileSync(path, promptLine(session, n, startedAt))
    await sleep(1000 / LINES_PER_SECOND)
  }
  const expected = LINES * sockets.length
  for (const end = performance.now() + 10_000; latencies.length < expected && performance.now() < end;)
    await sleep(10)
  for (const socket of sockets) socket.close()
  const lost = expected - latencies.length
  return {
    what: `${nodes.length} nodes, ${LINES_PER_SECOND} lines/s of one: line to each teammate's /ws, p50 / p99 ms`,
    measured: `${quantile(latencies, 0.5).toFixed(1)} / ${quantile(latencies, 0.99).toFixed(1)}${lost > 0 ? ` (${lost} LOST)` : ''}`,
    bare: '',
    ratio: '',
    target: '≤ 8 / 30 with 2 nodes',
  }
}

async function idle(nodes: readonly NodeProcess[]): Promise<Figure> {
  await sleep(SETTLE_MS)
  const costs = await costsOf(
    nodes.map(({ pid }) => pid),
    IDLE_MS,
  )
  const cpu = costs.map(({ cpuPercent }) => cpuPercent)
  const memory = costs.map(({ memoryMb }) => memoryMb)
  return {
    what: `${nodes.length} nodes, idle after that: each, median (most)`,
    measured: `${quantile(cpu, 0.5).toFixed(2)} (${Math.max(...cpu).toFixed(2)}) % of a core, ${quantile(memory, 0.5).toFixed(0)} (${Math.max(...memory).toFixed(0)}) MB`,
    bare: '',
    ratio: '',
    target: '',
  }
}
