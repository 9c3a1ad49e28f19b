import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../support/directory.ts'
import { startFunction } from './edge-function.ts'
import { Gateway } from './gateway.ts'
import { STACK, SUPABASE } from './packages.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FUNCTIONS = join(SUPABASE, 'functions')

interface Lock {
  packages: Record<string, { version: string }>
}
const lock = (directory: string) =>
  (JSON.parse(readFileSync(join(directory, 'package-lock.json'), 'utf8')) as Lock).packages

test('what the functions have of core is today’s core', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/bundle-core.js', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
})

test.each(['ingest', 'query'])('%s imports what the node does, in the same versions', (name) => {
  const { imports } = JSON.parse(readFileSync(join(FUNCTIONS, name, 'deno.json'), 'utf8')) as {
    imports: Record<string, string>
  }
  const version = (name: string) => (lock(ROOT)[name] ?? lock(STACK)[name])?.version
  for (const [from, to] of Object.entries(imports)) {
    const name = from.replace(/\/$/, '')
    expect(to).toMatch(new RegExp(`^npm:/?${name}@${version(`node_modules/${name}`)}/?$`))
  }
})

test('the functions import nothing from outside their folder', () => {
  const files = readdirSync(FUNCTIONS, { recursive: true, encoding: 'utf8' })
  const sources = files.filter((name) => /\.(ts|js)$/.test(name) && !name.endsWith('.d.ts'))
  expect(sources.length).toBeGreaterThan(10)
  for (const name of sources) {
    const text = readFileSync(join(FUNCTIONS, name), 'utf8')
    for (const [, from] of text.matchAll(/^(?:import|export)[^'"]*?from\s*['"]([^'"]+)['"]/gm)) {
      if (from!.startsWith('.')) expect(join(FUNCTIONS, name, '..', from!).startsWith(FUNCTIONS)).toBe(true)
      else expect(from).toMatch(/^@(noble|supabase)\//)
    }
  }
})

test('a copy of the folder alone runs', async () => {
  const copy = join(temporaryDirectory(), 'elsewhere')
  cpSync(SUPABASE, copy, { recursive: true })
  const gateway = await Gateway.start()
  onTestFinished(() => gateway.stop())
  const secrets = {
    SUPABASE_URL: gateway.url,
    SUPABASE_SERVICE_ROLE_KEY: 'key',
    VIBETEA_SUBSCRIBER_TOKEN: 'token',
  }
  await Promise.all(
    (['ingest', 'query'] as const).map(async (name) => {
      const program = await startFunction(name, secrets, gateway, copy)
      onTestFinished(() => program.stop())
      const method = name === 'ingest' ? 'POST' : 'GET'
      const response = await fetch(`${gateway.url}/functions/v1/${name}`, { method })
      expect([response.status, await response.json()]).toMatchObject([401, { error: 'missing_auth' }])
    }),
  )
})
