import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createTeam, Laptop, startBootstrap, untilMeshed } from '../support/team.ts'
import { ofLaptop, previewOf, restore, untilSame } from '../support/team-checks.ts'

test.each([
  ['a backup from before is put back', null],
  ['state.db is lost', ['state.db']],
  ["the team's logs are lost", ['teams']],
  ['its own log is lost', ['private']],
  ["the team's logs and state.db are lost", ['teams', 'state.db']],
])(
  'where %s nothing is lost or told twice, and both go on',
  async (_what, lost) => {
    const network = await startBootstrap()
    const [ada, bruno] = [new Laptop('Ada', network), new Laptop('Bruno', network)]
    const both = [ada, bruno]
    const home = bruno.variables.VIBETEA_HOME
    const { teamKey } = await createTeam(ada, '--name', 'Ada')
    await ada.start()
    await bruno.start('join', teamKey, '--share', 'all', '--name', 'Bruno')
    await untilMeshed(both)
    const session = bruno.session().prompt('brew').response('Done.')
    await untilSame(both, 3)
    await bruno.node.end('SIGTERM')
    const backup = join(bruno.directory, 'backup')
    if (!lost) cpSync(home, backup, { recursive: true })
    await bruno.start()
    session.prompt('more').response('Done.')
    await untilSame(both, 5)
    await bruno.node.end('SIGTERM')

    if (!lost) restore(backup, home)
    for (const name of lost ?? []) rmSync(join(home, name), { recursive: true })
    session.prompt('meanwhile')
    await bruno.start()
    session.prompt('after')
    await untilSame(both, 7)
    ada.session().prompt('Ada goes on')
    session.prompt('so does Bruno')
    const lists = await untilSame(both, 10)
    expect(lists[0]).toHaveLength(10)
    expect(lists[1]).toEqual(lists[0])
    expect(await ofLaptop(lists[0]!, bruno)).toEqual(await previewOf(bruno))
  },
  60_000,
)

test('where sharing.json is lost nothing is shared until it is said again', async () => {
  const network = await startBootstrap()
  const [ada, bruno] = [new Laptop('Ada', network), new Laptop('Bruno', network)]
  const { teamKey } = await createTeam(ada, '--name', 'Ada')
  await ada.start()
  await bruno.start('join', teamKey, '--share', 'all', '--name', 'Bruno')
  const session = bruno.session().prompt('brew')
  await untilSame([ada, bruno], 2)
  await bruno.node.end('SIGTERM')
  rmSync(join(bruno.variables.VIBETEA_HOME, 'sharing.json'))
  session.prompt('unseen')
  await bruno.start()
  await untilSame([bruno], 3)
  await bruno.run('share', 'web-app')
  session.wait(300).prompt('seen')
  const [seen] = await untilSame([ada], 3)
  expect(seen).toHaveLength(3)
  expect((await untilSame([bruno], 4))[0]).toHaveLength(4)
}, 60_000)
