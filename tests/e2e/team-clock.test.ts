import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { createTeam, Laptop, startBootstrap, untilMeshed } from '../support/team.ts'
import { untilSame } from '../support/team-checks.ts'

const HOUR_MS = 3_600_000

test.each([
  ['fast', 2],
  ['slow', -2],
])(
  'a clock that is two hours %s loses nothing, and is told of',
  async (_how, hours) => {
    const network = await startBootstrap()
    const [ada, bruno] = [new Laptop('Ada', network), new Laptop('Bruno', network)]
    const { teamKey } = await createTeam(ada, '--name', 'Ada')
    await ada.start()
    const shift = join(bruno.directory, 'shift.mjs')
    writeFileSync(
      shift,
      `const { now } = Date
     globalThis.Date = class extends Date {
       constructor(...parts) { super(...(parts.length > 0 ? parts : [now() + ${hours * HOUR_MS}])) }
       static now() { return now() + ${hours * HOUR_MS} }
     }`,
    )
    Object.assign(bruno.variables, { NODE_OPTIONS: `--import=${pathToFileURL(shift).href}` })
    await bruno.start('join', teamKey, '--share', 'all', '--name', 'Bruno')
    await untilMeshed([ada, bruno])
    ada.session().prompt('brew')
    bruno.session('web-app', Date.now() + hours * HOUR_MS).prompt('brew')
    const lists = await untilSame([ada, bruno], 4)
    expect(lists[0]).toHaveLength(4)
    expect(lists[1]).toEqual(lists[0])
    for (const laptop of [ada, bruno])
      expect((await laptop.status()).peers).toMatchObject([{ connection: 'direct' }])
    const way = hours > 0 ? ['ahead of', 'behind'] : ['behind', 'ahead of']
    expect((await ada.run('status')).stdout).toContain(`Bruno's clock is 2 h ${way[0]} this machine's`)
    expect((await bruno.run('status')).stdout).toContain(`Ada's clock is 2 h ${way[1]} this machine's`)
  },
  60_000,
)
