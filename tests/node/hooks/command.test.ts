import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hookCommand, isOurs, madeWith, readCommand } from '../../../node/hooks/command.ts'
import { SEED } from '../../core/support.ts'
import { until } from '../../support/cli.ts'
import { temporaryDirectory } from '../../support/directory.ts'

const NOTHING = { list: false, hooks: false }

test(`any paths and what came with a hook are read back from its command [seed ${SEED}]`, () => {
  const path = fc.string({ unit: 'binary' }).filter((text) => !/[\0\r\n]/.test(text))
  const paths = fc.record({ node: path, script: path, home: path })
  fc.assert(
    fc.property(paths, fc.record({ list: fc.boolean(), hooks: fc.boolean() }), (paths, made) => {
      const command = hookCommand(paths, made)
      expect(command).not.toContain('\n')
      expect(isOurs(command)).toBe(true)
      expect(readCommand(command)).toEqual({ paths, made })
      expect(madeWith(command)).toEqual(made)
    }),
  )
})

test.each(['vibetea-hook', ': vibetea-hooks; x', 'echo ": vibetea-hook;"', ''])(
  '%j is a command of somebody else',
  (command) => expect(isOurs(command)).toBe(false),
)

test('a command of a version to come is ours, though nobody can read it', () => {
  const command = ': vibetea-hook list more; curl'
  expect(isOurs(command)).toBe(true)
  expect(readCommand(command)).toBeNull()
  expect(madeWith(command)).toEqual({ list: true, hooks: false })
})

describe.skipIf(process.platform === 'win32')('the command, run by a shell', () => {
  /** A program that writes down its input when the file `go` is there, in a place with a difficult name. */
  function receiver() {
    const directory = temporaryDirectory()
    const script = join(directory, `it's $HOME "x" \`y\`.cjs`)
    const home = join(directory, 'a home')
    writeFileSync(
      script,
      `const fs = require('node:fs')
      const wait = setInterval(() => {
        if (!fs.existsSync(${JSON.stringify(join(directory, 'go'))})) return
        clearInterval(wait)
        fs.writeFileSync(process.argv[2], fs.readFileSync(0))
      }, 5)`,
    )
    const go = () => writeFileSync(join(directory, 'go'), '')
    return { script, home, go }
  }

  async function run(command: string, input: string, shell = 'sh') {
    const child = spawn(shell, ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'] })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, out }
  }

  const shells = ['sh', 'bash', 'dash'].filter((name) => existsSync(`/bin/${name}`))
  test.each(shells)(
    'returns in %s while the receiver has not done anything yet, which then has all',
    async (shell) => {
      const { script, home, go } = receiver()
      const command = hookCommand({ node: process.execPath, script, home }, NOTHING)
      expect(await run(command, '{"session_id":"one"}', shell)).toEqual({ code: 0, out: '' })
      expect(existsSync(home)).toBe(false)
      go()
      await until(
        async () => existsSync(home) && readFileSync(home, 'utf8'),
        (text) => text !== false && text !== '',
      )
      expect(readFileSync(home, 'utf8')).toBe('{"session_id":"one"}')
    },
  )

  test.each([
    [process.execPath, '/gone/main.js'],
    ['/gone/node', '/gone/main.js'],
  ])('is silent and well where %s has no %s', async (node, script) => {
    const command = hookCommand({ node, script, home: '/gone' }, NOTHING)
    expect(await run(command, '{}')).toEqual({ code: 0, out: '' })
  })

  test('does nothing at all where it has no input', async () => {
    const command = hookCommand({ node: '/gone/node', script: '/gone', home: '/gone' }, NOTHING)
    expect(await run(`sh -c ${JSON.stringify(command)} <&-`, '')).toEqual({ code: 0, out: '' })
  })
})
