import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { HeatmapAnswer } from '../../core/api.ts'
import type { QueryAnswer } from '../../core/archive.ts'
import type { HourCount } from '../../core/buckets.ts'
import { freeUdpPort } from '../../node/free-port.ts'
import { cleanEnvironment } from '../support/cli.ts'
import { temporaryDirectory } from '../support/directory.ts'
import checkBuild from '../support/needs-build.ts'
import { stored } from './calls.ts'
import { freePort } from './free-port.ts'
import { Stack } from './stack.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DOCUMENT = readFileSync(join(ROOT, 'docs/archive.md'), 'utf8')
const PATIENCE = { timeout: 30_000, interval: 50 }

/** Commands as they stand in the document, and what it shows of their output. */
interface Block {
  commands: string
  says: RegExp
}

interface Typed {
  pid: number
  /** What it has said so far. */
  text: string
  /** Its exit code. */
  ended: Promise<number | null>
  hasEnded: boolean
}

/**
 * The `sh` blocks of a section, each with the `text` block that follows it, where `…` stands for anything in a line.
 * Numbers of ports are replaced by those given for them.
 */
function blocksOf(heading: string, ports: Record<string, number> = {}): Block[] {
  let section = DOCUMENT.split(/^## /m).find((text) => text.startsWith(`${heading}\n`))!
  for (const [port, free] of Object.entries(ports)) section = section.replaceAll(port, String(free))
  const fences = [...section.matchAll(/^```(sh|text)\n(.*?)^```$/gms)]
  return fences.flatMap(([, kind, commands], i) => {
    if (kind === 'text') return []
    const said = fences[i + 1]?.[1] === 'text' ? fences[i + 1]![2]! : ''
    return [{ commands: commands!, says: patternOf(said) }]
  })
}

function patternOf(said: string): RegExp {
  const lines = said.split('\n').filter((line) => line !== '')
  const escaped = lines.map((line) => line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*'))
  return new RegExp(escaped.join('[^]*'))
}

/** The lines of an output that set a variable. */
const variablesIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/^(VIBETEA_[A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
  )

/** Whoever follows the document: a home, a directory to stand in, and terminals. */
class Reader {
  readonly home = temporaryDirectory()
  readonly #directory: string
  readonly #variables: Record<string, string>
  readonly #running = new Map<string, Typed>()

  constructor(directory: string | null, variables: Record<string, string> = {}) {
    this.#directory = directory ?? this.home
    this.#variables = variables
    onTestFinished(() => this.interrupt(...this.#running.keys()))
  }

  /** Runs a block to its end; what it says. Throws where that is not what the document shows. */
  async run({ commands, says }: Block): Promise<string> {
    const typed = this.#type(commands)
    const code = await typed.ended
    if (code === 0 && says.test(typed.text)) return typed.text
    throw new Error(`${commands}\nended with ${code} and said:\n${typed.text}`)
  }

  /** Runs a block that goes on, in the terminal that its first line names; what it says once that is the document's. */
  async begin({ commands, says }: Block): Promise<string> {
    const typed = this.#type(commands)
    this.#running.set(/^# Terminal: (.+)$/m.exec(commands)![1]!, typed)
    await vi.waitFor(() => {
      if (!says.test(typed.text) && !typed.hasEnded) throw new Error(`${commands}\nsays only:\n${typed.text}`)
    }, PATIENCE)
    if (typed.hasEnded) throw new Error(`${commands}\nended and said:\n${typed.text}`)
    return typed.text
  }

  /** Ctrl-C in terminals; resolves when what ran there has ended. */
  async interrupt(...terminals: string[]): Promise<void> {
    await Promise.all(
      terminals.map(async (terminal) => {
        const { pid, ended, hasEnded } = this.#running.get(terminal)!
        this.#running.delete(terminal)
        if (!hasEnded) process.kill(-pid, 'SIGINT')
        await ended
      }),
    )
  }

  #type(commands: string): Typed {
    const shell = spawn('sh', ['-ec', commands], {
      cwd: this.#directory,
      env: cleanEnvironment({ HOME: this.home, npm_config_update_notifier: 'false', ...this.#variables }),
      // A group of its own, as a terminal gives it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = once(shell, 'close').then(([code]) => {
      typed.hasEnded = true
      return code as number | null
    })
    const typed: Typed = { pid: shell.pid!, text: '', ended, hasEnded: false }
    const listen = (chunk: Buffer) => void (typed.text += chunk.toString())
    shell.stdout.on('data', listen)
    shell.stderr.on('data', listen)
    return typed
  }
}

/** The hours in a dashboard's heat map, once the archive's are in it. */
async function heatMap(home: string, said: string): Promise<string[]> {
  const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)![0]
  const token = readFileSync(join(home, '.vibetea/api-token'), 'utf8').trim()
  const headers = { authorization: `Bearer ${token}` }
  return vi.waitFor(async () => {
    const response = await fetch(`${address}/api/heatmap?days=30&tz=UTC`, { headers })
    const { aggregates, meta } = (await response.json()) as HeatmapAnswer
    expect(meta.history).toMatchObject({ state: 'fresh', fetchedAt: expect.any(String) as string })
    return hours(aggregates)
  }, PATIENCE)
}

/** The hours that can be compared: of the day on which thirty days begin, one begins at midnight, the other now. */
function hours(counts: readonly HourCount[]): string[] {
  const from = new Date(Date.now() - 29 * 86_400_000).toISOString().slice(0, 10)
  const later = counts.filter(({ date }) => date > from)
  return later.map(({ source, date, hour, eventCount }) => `${source} ${date} ${hour}: ${eventCount}`).sort()
}

beforeAll(checkBuild)

test('what archive.md says to try works word for word, and the heat maps have the archived hours', async () => {
  const ports = { 49737: await freeUdpPort('127.0.0.1'), 54321: await freePort() }
  const blocks = blocksOf('Try it on one machine', ports)
  const [
    install,
    settings,
    network,
    ada,
    archive,
    bruno,
    server,
    asking,
    withoutIndex,
    laptop,
    open,
    removal,
  ] = blocks as [Block, Block, Block, Block, Block, Block, Block, Block, Block, Block, Block, Block]
  expect(blocks).toHaveLength(12)
  // It made what runs here.
  expect(install.commands).toBe('npm ci\n')

  const reader = new Reader(ROOT)
  const place = join(reader.home, 'vibetea-try')
  await reader.run(settings)
  await reader.begin(network)
  await reader.begin(ada)
  const { VIBETEA_SUPABASE_URL: url, VIBETEA_SUBSCRIBER_TOKEN: token } = variablesIn(
    await reader.begin(archive),
  )
  await reader.begin(bruno)
  await reader.begin(server)
  await vi.waitFor(() => reader.run(asking), PATIENCE)

  const answer = await fetch(`${url}/query?days=30`, { headers: { authorization: `Bearer ${token}` } })
  const archived = hours(((await answer.json()) as QueryAnswer).aggregates)
  expect(archived.length).toBeGreaterThan(50)

  await reader.interrupt('Bruno')
  const again = await reader.begin(withoutIndex)
  expect(await heatMap(join(place, 'bruno'), again)).toEqual(archived)

  await reader.interrupt('Ada', 'Bruno', 'server')
  const said = await reader.begin(laptop)
  expect(await heatMap(join(place, 'new'), said)).toEqual(archived)
  await reader.run(open)

  await reader.interrupt('new laptop', 'archive', 'network')
  await reader.run(removal)
  expect(existsSync(place)).toBe(false)
}, 120_000)

test('another monitor writes into the archive with what archive.md shows: openssl and curl', async () => {
  const blocks = blocksOf('For other monitors')
  expect(blocks).toHaveLength(2)
  const [making, sending] = blocks as [Block, Block]
  const reader = new Reader(null)
  const stack = await Stack.start({ secrets: variablesIn(await reader.run(making)) })
  onTestFinished(() => stack.stop())
  await new Reader(reader.home, { VIBETEA_SUPABASE_URL: stack.functionsUrl }).run(sending)
  expect(await stored(stack)).toMatchObject([{ source: 'builds-teapot', eventType: 'activity' }])
})
