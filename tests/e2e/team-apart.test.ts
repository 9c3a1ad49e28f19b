import { expect, test } from 'vitest'
import { freeUdpPort } from '../../node/free-port.ts'
import { start, until } from '../support/cli.ts'
import { emptyMachine } from '../support/machine.ts'
import { createTeam, Laptop, startBootstrap, untilMeshed } from '../support/team.ts'
import { untilSame } from '../support/team-checks.ts'

test('where the bootstrap node is gone a node says so, records, and finds its team when it is back', async () => {
  const port = await freeUdpPort('127.0.0.1')
  const network = { VIBETEA_BOOTSTRAP: `127.0.0.1:${port}` }
  const stopping = new AbortController()
  const flags = ['bootstrap', '--host', '127.0.0.1', '--port', String(port)]
  const bootstrap = start(flags, emptyMachine().variables, stopping.signal)
  const [ada, bruno] = [new Laptop('Ada', network), new Laptop('Bruno', network)]
  const both = [ada, bruno]
  const { teamKey } = await createTeam(ada, '--name', 'Ada')
  await ada.start()
  await bruno.start('join', teamKey, '--share', 'all', '--name', 'Bruno')
  await untilMeshed(both)
  stopping.abort()
  await bootstrap.finished
  const sessions = both.map((laptop) => laptop.session().prompt('who is connected stays connected'))
  expect((await untilSame(both, 4))[1]).toHaveLength(4)

  await bruno.node.end('SIGTERM')
  await bruno.start()
  const alone = await until(
    () => bruno.status(),
    ({ team }) => team!.reach.message.includes('does not answer'),
  )
  expect(alone.team!.reach.message).toContain(`127.0.0.1:${port}`)
  for (const session of sessions) session.prompt('apart')
  await until(
    () => bruno.ids(),
    (ids) => ids.length === 5,
  )
  await startBootstrap(port)
  const [atAda, atBruno] = await until(
    () => untilSame(both, 6),
    ([first, second]) => first!.length === 6 && second!.length === 6,
  )
  expect(atAda).toHaveLength(6)
  expect(atBruno).toEqual(atAda)
}, 90_000)

test('laptops that are never open all at once have the same in the end', async () => {
  const network = await startBootstrap()
  const all = ['Ada', 'Bruno', 'Chiyo'].map((name) => new Laptop(name, network)) as [Laptop, Laptop, Laptop]
  const [ada, bruno, chiyo] = all
  const { teamKey } = await createTeam(ada, '--name', 'Ada')
  await bruno.run('join', teamKey, '--share', 'all', '--name', 'Bruno', '--no-start')
  await chiyo.run('join', teamKey, '--share', 'all', '--name', 'Chiyo', '--no-start')
  const sessions = all.map((laptop) => laptop.session())
  // A laptop's first prompt begins its session, and so is two events.
  for (const [one, other, events] of [
    [ada, bruno, 4],
    [bruno, chiyo, 7],
    [chiyo, ada, 9],
  ] as const) {
    await one.start()
    await other.start()
    for (const laptop of [one, other]) sessions[all.indexOf(laptop)]!.prompt('brew')
    const lists = await untilSame([one, other], events)
    expect(lists.map((list) => list.length)).toEqual([events, events])
    expect(lists[1]).toEqual(lists[0])
    await one.node.end('SIGTERM')
    await other.node.end('SIGTERM')
  }
  for (const laptop of all) await laptop.start()
  const lists = await untilSame(all, 9)
  expect(lists[0]).toHaveLength(9)
  expect(lists[1]).toEqual(lists[0])
  expect(lists[2]).toEqual(lists[0])
}, 90_000)
