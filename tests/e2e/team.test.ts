import { expect, test } from 'vitest'
import { until } from '../support/cli.ts'
import { createTeam, Laptop, startBootstrap, untilEqual, untilMeshed } from '../support/team.ts'

test('three laptops see each other live; one is killed, one is away, and all end with the same events', async () => {
  const network = await startBootstrap()
  const [ada, bruno, chiyo] = ['Ada', 'Bruno', 'Chiyo'].map((name) => new Laptop(name, network)) as [
    Laptop,
    Laptop,
    Laptop,
  ]
  const all = [ada, bruno, chiyo]
  const { teamKey } = await createTeam(ada, '--name', 'Ada')
  await ada.start()
  await bruno.start('join', teamKey, '--share', 'all', '--name', 'Bruno')
  await chiyo.start('join', teamKey, '--share', 'all', '--name', 'Chiyo')
  await untilMeshed(all)
  const sessions = all.map((laptop) => laptop.session().prompt('brew').response('Done.'))
  const first = await untilEqual(all, 9)
  expect(first[0]!.length).toBeGreaterThanOrEqual(9)
  expect(first[1]).toEqual(first[0])
  expect(first[2]).toEqual(first[0])

  await bruno.node.end('SIGTERM')
  const writing = setInterval(() => sessions[2]!.prompt('more'), 5)
  await until(
    () => ada.ids(),
    (ids) => ids.length > first[0]!.length + 20,
  )
  await chiyo.node.end('SIGKILL')
  clearInterval(writing)
  sessions[1]!.prompt('while away')
  await chiyo.start()
  await bruno.start()
  sessions[0]!.prompt('back')
  const last = await untilEqual(all, first[0]!.length + 22)
  expect(last[0]!.length).toBeGreaterThanOrEqual(first[0]!.length + 22)
  expect(new Set(last[0]).size).toBe(last[0]!.length)
  expect(last[1]).toEqual(last[0])
  expect(last[2]).toEqual(last[0])
}, 90_000)

test('what a laptop that has gone away has shown to another reaches one that it never met', async () => {
  const network = await startBootstrap()
  const [ada, bruno, chiyo] = ['Ada', 'Bruno', 'Chiyo'].map((name) => new Laptop(name, network)) as [
    Laptop,
    Laptop,
    Laptop,
  ]
  const { teamKey } = await createTeam(ada)
  await ada.start()
  await bruno.start('join', teamKey, '--share', 'none')
  ada.session().prompt('brew').response('Done.')
  await untilEqual([ada, bruno], 3)
  const ids = await ada.ids()
  await ada.node.end('SIGTERM')
  await chiyo.start('join', teamKey, '--share', 'none')
  await until(
    () => chiyo.ids(),
    (got) => got.length >= ids.length,
  )
  expect(await chiyo.ids()).toEqual(await bruno.ids())
}, 60_000)

test('what is not shared stays: private projects, and what happened before the join', async () => {
  const network = await startBootstrap()
  const [ada, bruno] = ['Ada', 'Bruno'].map((name) => new Laptop(name, network)) as [Laptop, Laptop]
  const { teamKey } = await createTeam(ada)
  await ada.start()
  bruno.session('web-app', Date.now() - 3_600_000).prompt('before')
  const secret = bruno.session('acme-merger')
  await bruno.start('join', teamKey, '--share', 'web-app')
  secret.prompt('hush')
  bruno.session('web-app').prompt('after')
  const shared = await until(
    () => ada.ids(),
    (ids) => ids.length >= 2,
  )
  expect(shared).toHaveLength(2)
  expect((await bruno.ids()).length).toBeGreaterThan(3)
  const { stdout } = await bruno.run('outbox', '--json')
  expect(
    (JSON.parse(stdout) as { payload: { project: string } }[]).map(({ payload }) => payload.project),
  ).toEqual(['web-app', 'web-app'])
}, 60_000)
