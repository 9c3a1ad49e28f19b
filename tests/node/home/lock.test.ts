import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Running } from '../../../node/home/lock.ts'
import { HomeLock, readLock } from '../../../node/home/lock.ts'
import { temporaryDirectory } from '../../support/directory.ts'

const ME = { pid: process.pid, startedAt: '2026-01-01T00:00:00.000Z', version: '1' }
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))
let built = ''

beforeAll(async () => {
  built = mkdtempSync(join(tmpdir(), 'vibetea-lock-'))
  symlinkSync(join(REPOSITORY, 'node_modules'), join(built, 'node_modules'), 'junction')
  writeFileSync(join(built, 'package.json'), '{"type":"module"}')
  await build({
    configFile: false,
    root: REPOSITORY,
    logLevel: 'silent',
    build: { ssr: fileURLToPath(new URL('./lock-holder.ts', import.meta.url)), outDir: join(built, 'dist') },
  })
})
afterAll(() => rmSync(built, { recursive: true, force: true }))

async function starter(): Promise<ChildProcess> {
  const child = fork(join(built, 'dist', 'lock-holder.js'), { execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}

async function start(child: ChildProcess, home: string): Promise<string> {
  const answer = once(child, 'message') as Promise<[string]>
  child.send(home)
  return (await answer)[0]
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

function writeRunning(home: string, running: Partial<Running>): void {
  writeFileSync(join(home, 'running.json'), JSON.stringify({ ...ME, url: null, tokenPath: null, ...running }))
}

describe('one node a home', () => {
  test('of twenty that start at once exactly one holds it, and after its death one of the others', async () => {
    const home = temporaryDirectory()
    const children = await Promise.all(Array.from({ length: 20 }, starter))
    const answers = await Promise.all(children.map((child) => start(child, home)))
    expect(answers.filter((answer) => answer === 'holds')).toHaveLength(1)
    expect(answers.filter((answer) => answer === 'already_running')).toHaveLength(19)

    await kill(children[answers.indexOf('holds')]!)
    const again = await Promise.all(Array.from({ length: 5 }, starter))
    const answersNow = await Promise.all(again.map((child) => start(child, home)))
    expect(answersNow.filter((answer) => answer === 'holds')).toHaveLength(1)
  }, 60_000)

  test('who comes second is told the address of the first', async () => {
    const home = temporaryDirectory()
    const first = await starter()
    expect(await start(first, home)).toBe('holds')
    const url = `http://127.0.0.1:${first.pid!}`
    await expect(HomeLock.acquire(home, ME)).rejects.toMatchObject({
      code: 'already_running',
      url,
      message: `VibeTea already runs in ${home} (process ${first.pid!}): ${url}.`,
    })
    expect(await readLock(home)).toMatchObject({ pid: first.pid, url, tokenPath: null })
  })

  test('a node that was killed holds nothing, even where its number has gone to another process', async () => {
    const home = temporaryDirectory()
    const child = await starter()
    expect(await start(child, home)).toBe('holds')
    await kill(child)
    writeRunning(home, { pid: process.pid, url: 'http://127.0.0.1:1' })
    expect(await readLock(home)).toBeNull()
    const lock = await HomeLock.acquire(home, ME)
    expect(readdirSync(home).sort()).toEqual(['lock', 'running.json'])
    expect(await readLock(home)).toEqual({ ...ME, url: null, tokenPath: null })
    await lock.release()
  })

  test('what a node says of itself can be read while it runs, and by its owner alone', async () => {
    const home = temporaryDirectory()
    expect(await readLock(home)).toBeNull()
    const lock = await HomeLock.acquire(home, ME)
    await Promise.all([
      lock.update({ url: 'http://127.0.0.1:8832' }),
      lock.update({ tokenPath: join(home, 'api-token') }),
    ])
    const running = { ...ME, url: 'http://127.0.0.1:8832', tokenPath: join(home, 'api-token') }
    expect(await readLock(home)).toEqual(running)
    expect(JSON.parse(readFileSync(join(home, 'running.json'), 'utf8'))).toEqual(running)
    if (process.platform !== 'win32') expect(statSync(join(home, 'running.json')).mode & 0o777).toBe(0o600)
    await lock.release()
    expect(await readLock(home)).toBeNull()
    await (await HomeLock.acquire(home, ME)).release()
  })

  test('a running.json that is damaged does not hide that a node runs', async () => {
    const home = temporaryDirectory()
    const lock = await HomeLock.acquire(home, ME)
    writeFileSync(join(home, 'running.json'), '{')
    await expect(HomeLock.acquire(home, ME)).rejects.toMatchObject({ code: 'already_running', url: null })
    await lock.release()
  })

  test('commands that look while a node starts do not keep it from starting', async () => {
    const home = temporaryDirectory()
    await (await HomeLock.acquire(home, ME)).release()
    const looks = Array.from({ length: 20 }, () => readLock(home))
    const lock = await HomeLock.acquire(home, ME)
    await Promise.all(looks)
    await lock.release()
  })

  test('a home that does not exist has no node, and a directory in place of the lock is named', async () => {
    const home = temporaryDirectory()
    expect(await readLock(join(home, 'nowhere'))).toBeNull()
    mkdirSync(join(home, 'lock'))
    await expect(HomeLock.acquire(home, ME)).rejects.toMatchObject({
      code: 'no_permission',
      message: expect.stringContaining(join(home, 'lock')) as string,
    })
  })
})
