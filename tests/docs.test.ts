import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { ArchiveStatus } from '../core/api.ts'
import { emptyTotals, noTokens } from '../core/totals.ts'
import type { Context } from '../node/cli/command.ts'
import { CSV_HEADER } from '../node/cli/csv.ts'
import { commands } from '../node/cli/program.ts'
import { CONFIG_KEYS, OTHER_VARIABLES, variableOf } from '../node/home/settings.ts'
import { prometheus } from '../node/metrics.ts'
import { ADAPTERS } from '../node/sources/adapters.ts'
import { ASSISTANT_NAMES } from '../ui/lib/describe.ts'
import { FakeBackend } from './support/fake-backend.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DOCS = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** The rows of the table under a heading, each its cells; without the head. */
function tableOf(path: string, heading: string): string[][] {
  const section = read(path)
    .split(/^## /m)
    .find((text) => text.startsWith(`${heading}\n`))
  const lines = section?.split('\n').filter((line) => line.startsWith('|')) ?? []
  return lines.slice(2).map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
}

/** What stands between backticks. */
const codes = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)

/** Each command with its long options, in the order of the alphabet. */
function described(): Record<string, string[]> {
  const found: Record<string, string[]> = {}
  for (const [command = '', does = ''] of tableOf('README.md', 'Commands')) {
    const names = codes(command).map((code) => code.replace(/^vibetea ?/, '').split(' ')[0]!)
    const options = codes(command + does).flatMap((code) => code.match(/--[a-z-]+/g) ?? [])
    for (const name of names) if (name !== '') found[name] = options.sort()
  }
  return found
}

function existing(): Record<string, string[]> {
  const context: Context = {
    env: {},
    homeDirectory: '',
    hostname: '',
    userName: '',
    stdin: new PassThrough(),
    questions: new PassThrough(),
    isInteractive: false,
    signal: new AbortController().signal,
    isTerminal: false,
    status: () => undefined,
    out: () => undefined,
    err: () => undefined,
  }
  const program = commands(context, () => undefined)
  return Object.fromEntries(
    program.commands.map((command) => [command.name(), command.options.map(({ long }) => long!).sort()]),
  )
}

describe('the documents', () => {
  test.each(DOCS)('%s links to what exists', (path) => {
    const targets = [...read(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
    const files = targets.filter((target) => !/^(https?:|mailto:|#)/.test(target))
    const missing = files.filter((file) => !existsSync(join(ROOT, dirname(path), file.split('#')[0]!)))
    expect(missing).toEqual([])
  })

  test('the README has every command with its options, and no others', () => {
    expect(described()).toEqual(existing())
  })

  test('every setting of the README exists', () => {
    const settings = tableOf('README.md', 'Settings').flatMap(([variable = '']) => codes(variable))
    expect(settings).toContain('VIBETEA_PORT')
    const known = [...OTHER_VARIABLES, ...CONFIG_KEYS.map(variableOf)]
    expect(settings.filter((name) => !known.includes(name))).toEqual([])
  })

  test('the README and assistants.md have every assistant, where it is looked for', () => {
    const homeDirectory = join(ROOT, 'home')
    const elsewhere = join(ROOT, 'elsewhere')
    const rows = tableOf('docs/assistants.md', 'Where they are looked for')
    const found = rows.map(([name = '', variable = '', , byDefault = '']) =>
      [name.trim(), ...codes(variable), ...codes(byDefault)].join(' '),
    )
    const where = ADAPTERS.map((adapter) => {
      const [directory] = adapter.defaultDirectories({ env: {}, homeDirectory })
      const path = ['~', ...relative(homeDirectory, directory!).split(sep)].join('/')
      return [ASSISTANT_NAMES[adapter.assistant], adapter.variable, path].join(' ')
    })
    expect(found.sort()).toEqual(where.sort())
    for (const [, variable = '', own = ''] of rows) {
      const adapter = ADAPTERS.find((each) => codes(variable).includes(each.variable))!
      for (const name of codes(own))
        expect(adapter.defaultDirectories({ env: { [name]: elsewhere }, homeDirectory })[0]).toContain(
          elsewhere,
        )
    }
    const known = tableOf('docs/assistants.md', 'What is known of each').map(([name = '']) => name.trim())
    expect(known.sort()).toEqual(Object.values(ASSISTANT_NAMES).sort())
    const settings = tableOf('README.md', 'Settings').flatMap(([variable = '']) => codes(variable))
    expect(settings).toEqual(expect.arrayContaining(ADAPTERS.map(({ variable }) => variable)))
  })

  test('privacy.md has every field that an event can have, and no others', () => {
    const fields = tableOf('docs/privacy.md', 'Every field').flatMap(([field = '']) => codes(field))
    const counts = new Set(Object.keys({ ...emptyTotals(), ...noTokens() }))
    const columns = CSV_HEADER.split(',').filter((column) => !counts.has(column))
    expect(fields.sort()).toEqual([...columns, 'tokens', 'totals'].sort())
  })

  test('archive.md, its unit and its container file name settings and metrics that exist, and files that are there', async () => {
    const files = ['docs/archive.md', 'archive/vibetea-archive.service', 'archive/Containerfile'].map(read)
    const [document = '', , container = ''] = files
    const secrets = ['VIBETEA_TEAM_ID', 'VIBETEA_PUBLIC_KEYS']
    const known = [...OTHER_VARIABLES, ...CONFIG_KEYS.map(variableOf), ...secrets]
    const named = files.flatMap((text) => text.match(/VIBETEA_[A-Z_]+/g) ?? [])
    expect(named).toContain('VIBETEA_TEAM_KEY_FILE')
    expect(named.filter((name) => !known.includes(name))).toEqual([])

    const archive: ArchiveStatus = {
      state: 'idle',
      url: '',
      behind: 0,
      sent: 1,
      inserted: 1,
      rejected: { too_old: 1 },
      lastSuccessAt: '2026-11-20T12:00:00Z',
      retryAt: null,
      problem: null,
      held: [],
    }
    const metrics = prometheus({ ...(await new FakeBackend({ now: Date.now }).status()), archive }, [])
    const metricsOf = (text: string) => new Set(text.match(/\bvibetea_archive_[a-z_]+/g))
    expect(metricsOf(document)).toEqual(metricsOf(metrics))

    const { include } = JSON.parse(read('tsconfig.build.json')) as { include: string[] }
    const copied = [...container.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from]) =>
      from!.split(' '),
    )
    expect(copied).toEqual(expect.arrayContaining([...include, 'ui', 'scripts', 'package-lock.json']))
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })
})
