import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { until } from '../support/cli.ts'
import { createTeam, Laptop, startBootstrap, untilMeshed } from '../support/team.ts'
import { eventsOf, ofLaptop, untilSame } from '../support/team-checks.ts'

const names = async (laptop: Laptop) => (await laptop.status()).peers.map(({ name }) => name)

test('who leaves keeps their own history, is listed no more, and may come back or go elsewhere', async () => {
  const network = await startBootstrap()
  const [ada, bruno, chiyo] = ['Ada', 'Bruno', 'Chiyo'].map((name) => new Laptop(name, network)) as [
    Laptop,
    Laptop,
    Laptop,
  ]
  await ada.start()
  await bruno.start()
  const { teamKey } = await createTeam(ada, '--name', 'Ada')
  const joinAda = ['join', teamKey, '--share', 'all', '--name', 'Bruno']
  expect((await bruno.run(...joinAda)).code).toBe(0)
  expect((await bruno.run(...joinAda)).stderr).toContain('in the team')
  await untilMeshed([ada, bruno])
  const session = bruno.session().prompt('brew')
  ada.session().prompt('brew')
  await untilSame([ada, bruno], 4)

  expect((await bruno.run('leave', '--yes')).code).toBe(0)
  expect(
    await until(
      () => names(ada),
      (list) => list.length === 0,
    ),
  ).toEqual([])
  const own = await eventsOf(bruno)
  expect(own).toEqual(await ofLaptop(own, bruno))
  expect(own).toHaveLength(2)
  const home = bruno.variables.VIBETEA_HOME
  for (const gone of ['team.json', 'teams']) expect(existsSync(join(home, gone))).toBe(false)
  session.wait(5).prompt('alone')
  await untilSame([bruno], 3)

  await bruno.node.end('SIGTERM')
  await bruno.start(...joinAda)
  await untilMeshed([ada, bruno])
  session.wait(600).prompt('again')
  const seen = await until(
    async () => ofLaptop(await eventsOf(ada), bruno),
    (events) => events.length >= 3,
  )
  // What happened between is nobody's, and what came before is counted once.
  expect(seen).toHaveLength(3)

  await bruno.node.end('SIGTERM')
  expect((await bruno.run('leave', '--yes')).code).toBe(0)
  expect(
    await until(
      () => names(ada),
      (list) => list.length === 0,
    ),
  ).toEqual([])
  const other = await createTeam(chiyo, '--name', 'Chiyo')
  await chiyo.start()
  await bruno.start('join', other.teamKey, '--share', 'none', '--name', 'B')
  await untilMeshed([chiyo, bruno])
  session.wait(600).prompt('elsewhere')
  await untilSame([bruno], 5)
  expect(
    await until(
      () => names(chiyo),
      ([name]) => name === 'B',
    ),
  ).toEqual(['B'])
  expect(await eventsOf(chiyo)).toEqual([])
}, 90_000)
