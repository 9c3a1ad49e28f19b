import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startNode, until } from '../support/cli.ts'
import { createTeam, Laptop, startBootstrap, untilMeshed } from '../support/team.ts'
import { untilSame } from '../support/team-checks.ts'

// A small disk of its own can be had without privileges on Linux only, in a mount namespace.
if (process.platform === 'linux') {
  test('a laptop whose disk is full while others write has it all once there is room again', async () => {
    const network = await startBootstrap()
    const [ada, bruno] = [new Laptop('Ada', network), new Laptop('Bruno', network)]
    const { teamKey } = await createTeam(ada, '--name', 'Ada')
    await ada.start()
    mkdirSync(bruno.variables.VIBETEA_HOME)
    const args = ['join', teamKey, '--share', 'all', '--name', 'Bruno']
    bruno.node = await startNode(bruno.variables, { tmpfs: '60m', args })
    await untilMeshed([ada, bruno])
    const sessions = [ada, bruno].map((laptop) => laptop.session().prompt('brew'))
    await untilSame([ada, bruno], 4)
    const fill = () => {
      try {
        for (let i = 0; ; i++)
          writeFileSync(join(bruno.node.home, `fill-${Date.now()}-${i}`), Buffer.alloc(65_536))
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' })
      }
    }
    fill()
    for (let i = 0; i < 300; i++) for (const session of sessions) session.prompt(`meanwhile ${i}`)
    await until(
      async () => bruno.node.log(),
      (log) => {
        fill()
        return /team's logs cannot be written/.test(log) && /The log cannot be written/.test(log)
      },
    )
    expect(bruno.node.log()).toContain('No space left')
    for (const name of readdirSync(bruno.node.home))
      if (name.startsWith('fill-')) rmSync(join(bruno.node.home, name))
    const again = () => untilSame([ada, bruno], 604)
    const lists = await until(again, ([atAda, atBruno]) => atAda!.length === 604 && atBruno!.length === 604)
    expect(lists[0]).toHaveLength(604)
    expect(lists[1]).toEqual(lists[0])
    expect((await bruno.node.end('SIGTERM')).code).toBe(0)
  }, 90_000)
}
