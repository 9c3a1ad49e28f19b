import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Event } from '../../core/events.ts'
import { ClaudeSession } from '../support/claude-session.ts'
import { startNode, until } from '../support/cli.ts'
import { temporaryDirectory } from '../support/directory.ts'

// A small disk of its own can be had without privileges on Linux only, in a mount namespace.
if (process.platform === 'linux') {
  test('a node whose disk is full records everything once there is room again', async () => {
    const directory = temporaryDirectory()
    const home = join(directory, 'disk')
    mkdirSync(home)
    const session = new ClaudeSession(
      join(directory, 'claude'),
      randomUUID(),
      '/code/web-app',
      Date.now() - 60_000,
    )
    session.prompt('first')
    const node = await startNode(
      { VIBETEA_HOME: home, VIBETEA_CLAUDE_DIR: join(directory, 'claude'), HOME: directory },
      { tmpfs: '40m' },
    )
    const prompts = async () => {
      const { events } = await node.get<{ events: Event[] }>('/api/events?type=activity&limit=1000')
      return events.length
    }
    expect(await until(prompts, (count) => count === 1)).toBe(1)
    const fill = join(node.home, 'fill')
    try {
      for (let i = 0; ; i++) writeFileSync(`${fill}-${i}`, Buffer.alloc(64 * 1024))
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' })
    }
    for (let i = 0; i < 50; i++) session.prompt(`meanwhile ${i}`)
    await until(
      async () => node.log(),
      (log) => log.includes('No space left'),
    )
    expect(node.log()).toMatch(/log cannot be written.*Nothing is lost/)
    for (let i = 0; ; i++) {
      const piece = `${fill}-${i}`
      try {
        rmSync(piece)
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOENT' })
        break
      }
    }
    expect(await until(prompts, (count) => count === 51)).toBe(51)
    expect((await node.end('SIGTERM')).code).toBe(0)
  })
}
