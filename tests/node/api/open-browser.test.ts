import { ChildProcess, type SpawnOptions } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openBrowser, type Desktop } from '../../../node/api/open-browser.ts'
import { TestClock } from './support.ts'

const ADDRESS = 'http://127.0.0.1:8832/#code=abc'

interface Started {
  command: string
  args: readonly string[]
  options: SpawnOptions
}

/** A machine on which these programs exist, and what was started on it. */
function machine(
  platform: NodeJS.Platform,
  programs: string[],
  env: NodeJS.ProcessEnv = {},
  release = '6.1',
) {
  const started: Started[] = []
  const clock = new TestClock()
  const desktop: Desktop = {
    platform,
    release,
    env,
    clock,
    spawn(command, args, options) {
      const child = new ChildProcess()
      child.unref = () => undefined
      const exists = programs.includes(command)
      if (exists) started.push({ command, args, options })
      process.nextTick(() => (exists ? child.emit('spawn') : child.emit('error', new Error('ENOENT'))))
      return child
    },
  }
  return { desktop, started, clock }
}

function folder(): string {
  const root = mkdtempSync(join(tmpdir(), 'vibetea-test-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return join(root, 'open')
}

test('the address travels in a file for this user alone, not as an argument', async () => {
  const directory = folder()
  const { desktop, started } = machine('darwin', ['open'])
  expect(await openBrowser(ADDRESS, { directory, desktop })).toMatchObject({ isOpened: true })
  const file = join(directory, readdirSync(directory)[0]!)
  expect(started).toMatchObject([
    { command: 'open', args: [file], options: { detached: true, stdio: 'ignore' } },
  ])
  expect(JSON.stringify(started)).not.toContain('abc')
  const html = readFileSync(file, 'utf8')
  expect(html).toContain(`<meta http-equiv="refresh" content="0; url=${ADDRESS}">`)
  expect(html).toContain(`<a href="${ADDRESS}">`)
  expect(html).not.toContain('<script')
  if (process.platform !== 'win32') {
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
  }
})

test('the file goes when its code has had its time, or at once when asked', async () => {
  const directory = folder()
  const { desktop, clock } = machine('darwin', ['open'])
  await openBrowser(ADDRESS, { directory, desktop, lifetimeMs: 5000 })
  clock.pass(4999)
  expect(readdirSync(directory)).toHaveLength(1)
  clock.pass(1)
  await expect.poll(() => readdirSync(directory)).toEqual([])

  const opened = await openBrowser(ADDRESS, { directory, desktop })
  await opened.remove()
  expect(readdirSync(directory)).toEqual([])
})

test('files that an earlier run left are removed, and no others', async () => {
  const directory = folder()
  const { desktop } = machine('darwin', ['open'])
  await openBrowser(ADDRESS, { directory, desktop })
  const [left] = readdirSync(directory)
  writeFileSync(join(directory, 'mine.html'), '')
  await openBrowser(ADDRESS, { directory, desktop })
  const names = readdirSync(directory)
  expect(names).toHaveLength(2)
  expect(names).toContain('mine.html')
  expect(names).not.toContain(left)
})

test('without a folder of its own it makes a private one and removes it', async () => {
  const { desktop, started, clock } = machine('darwin', ['open'])
  await openBrowser(ADDRESS, { desktop })
  const made = join(started[0]!.args[0]!, '..')
  expect(statSync(made).isDirectory()).toBe(true)
  clock.pass(60_000)
  await expect.poll(() => existsSync(made)).toBe(false)
})

test('Windows opens it with start, whatever is in the path', async () => {
  const { desktop, started } = machine('win32', ['cmd'])
  await openBrowser(ADDRESS, { directory: folder(), desktop })
  expect(started[0]).toMatchObject({ command: 'cmd', options: { windowsVerbatimArguments: true } })
  expect(started[0]!.args.join(' ')).toMatch(/^\/d \/s \/c "start "" ".*open-[0-9a-f]{16}\.html""$/)
})

test('Linux opens it where there is a desktop', async () => {
  for (const env of [{ DISPLAY: ':0' }, { WAYLAND_DISPLAY: 'wayland-0' }]) {
    const { desktop, started } = machine('linux', ['xdg-open'], env)
    expect(await openBrowser(ADDRESS, { directory: folder(), desktop })).toMatchObject({ isOpened: true })
    expect(started[0]!.command).toBe('xdg-open')
  }
})

test('WSL opens it in Windows, by wslview or else by its own start', async () => {
  const env = { WSL_DISTRO_NAME: 'Debian' }
  const release = '5.15.90.1-microsoft-standard-WSL2'
  const withView = machine('linux', ['wslview', 'cmd.exe'], env, release)
  await openBrowser(ADDRESS, { directory: folder(), desktop: withView.desktop })
  expect(withView.started.map(({ command }) => command)).toEqual(['wslview'])
  const without = machine('linux', ['cmd.exe'], env, release)
  await openBrowser(ADDRESS, { directory: folder(), desktop: without.desktop })
  expect(without.started[0]!.args.at(-1)).toMatch(/^\\\\wsl\$\\Debian\\.*\\open-[0-9a-f]{16}\.html$/)
})

test('where nothing can open it that is said, not thrown, and no file stays', async () => {
  const machines = [
    machine('linux', ['xdg-open']),
    machine('linux', [], { DISPLAY: ':0' }),
    machine('darwin', []),
    machine('win32', []),
  ]
  for (const { desktop, started } of machines) {
    const directory = folder()
    expect(await openBrowser(ADDRESS, { directory, desktop })).toMatchObject({ isOpened: false })
    expect(started).toEqual([])
    expect(readdirSync(directory)).toEqual([])
  }
})

test('an address is text in the file, whatever it holds', async () => {
  const directory = folder()
  const { desktop } = machine('darwin', ['open'])
  await openBrowser(`${ADDRESS}"><script>&'`, { directory, desktop })
  const html = readFileSync(join(directory, readdirSync(directory)[0]!), 'utf8')
  expect(html).not.toContain('<script')
  expect(html).toContain('&#34;&#62;&#60;script&#62;&#38;&#39;')
})
