import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Event } from '../../core/events.ts'
import { until } from '../support/cli.ts'
import { createTeam, Laptop, startBootstrap, untilMeshed } from '../support/team.ts'
import { eventsOf, ofLaptop, outboxOf, previewOf, untilSame } from '../support/team-checks.ts'

const DAY_MS = 86_400_000

const projects = (events: readonly Event[]) => new Set(events.map(({ payload }) => payload.project))

test('a backfill that is killed again and again brings what is shared within its time, once', async () => {
  const network = await startBootstrap()
  const [ada, bruno] = [new Laptop('Ada', network), new Laptop('Bruno', network)]
  const { teamKey } = await createTeam(ada, '--name', 'Ada')
  await ada.start()
  const from = Date.now() - 30 * DAY_MS
  for (let days = 3; days < 44; days += 4) {
    for (const project of ['web-app', 'merger']) {
      const session = bruno.session(project, Date.now() - days * DAY_MS)
      for (let i = 0; i < 60; i++) session.prompt(`brew ${i}`).response('Done.', i)
    }
  }
  const join = ['join', teamKey, '--share', 'web-app', '--backfill', '30d', '--name', 'Bruno', '--no-start']
  expect((await bruno.run(...join)).code).toBe(0)
  for (const blocks of [1, 4]) {
    await bruno.start()
    await until(
      () => bruno.status(),
      ({ logs }) => logs.some((log) => log.kind === 'team' && log.blocks >= blocks),
    )
    await bruno.node.end('SIGKILL')
  }
  await bruno.start()
  const expected = (await previewOf(bruno)).filter(
    ({ payload, timestamp }) => payload.project === 'web-app' && Date.parse(timestamp) >= from,
  )
  const [seen] = await untilSame([ada], expected.length)
  expect(seen).toEqual(expected)
  const left = await outboxOf(bruno)
  expect(new Set(left.map(({ id }) => id)).size).toBe(left.length)
}, 60_000)

test('what is private, excluded or paused reaches nobody, nor when it is read again', async () => {
  const network = await startBootstrap()
  const [ada, bruno] = [new Laptop('Ada', network), new Laptop('Bruno', network)]
  const { teamKey } = await createTeam(ada, '--name', 'Ada')
  await ada.start()
  await bruno.start('join', teamKey, '--share', 'tea,coffee', '--name', 'Bruno')
  await untilMeshed([ada, bruno])
  const [tea, coffee, cake] = ['tea', 'coffee', 'cake'].map((project) => bruno.session(project)) as [
    ReturnType<Laptop['session']>,
    ReturnType<Laptop['session']>,
    ReturnType<Laptop['session']>,
  ]
  tea.prompt('shared')
  coffee.prompt('shared')
  cake.prompt('mine')
  const before = (await untilSame([ada], 4))[0]!
  expect(projects(before)).toEqual(new Set(['tea', 'coffee']))

  await bruno.run('private', 'tea')
  await bruno.run('exclude', 'coffee')
  tea.wait(60).prompt('mine').tool('Edit', { file_path: '/code/tea/leaf.ts' }, { content: 'ok' })
  coffee.wait(60).prompt('nobody’s')
  cake.wait(60).prompt('mine')
  await untilSame([bruno], 8)
  await bruno.node.end('SIGKILL')
  rmSync(join(bruno.variables.VIBETEA_HOME, 'state.db'))
  await bruno.start()
  await bruno.run('pause', '1h')
  await bruno.run('share', 'tea')
  tea.wait(60).prompt('in a pause')
  await bruno.run('resume')
  tea.wait(7200).prompt('shared again')
  const seen = await until(
    () => eventsOf(ada),
    (events) => events.length > before.length,
  )
  const after = seen.filter(({ id }) => !before.some((event) => event.id === id))
  expect(projects(after)).toEqual(new Set(['tea']))
  expect(after.filter(({ payload }) => 'kind' in payload && payload.kind === 'prompt')).toHaveLength(1)
  expect((await outboxOf(bruno)).map(({ id }) => id).sort()).toEqual(seen.map(({ id }) => id).sort())
}, 60_000)

test('of a private project nothing is told: no event, no presence, no file that two are in', async () => {
  const network = await startBootstrap()
  const [ada, bruno] = [new Laptop('Ada', network), new Laptop('Bruno', network)]
  const { teamKey } = await createTeam(ada, '--name', 'Ada')
  await ada.start()
  await bruno.start('join', teamKey, '--share', 'cake', '--name', 'Bruno')
  await untilMeshed([ada, bruno])
  const edit = { file_path: '/code/web-app/kettle.ts' }
  ada.session().prompt('brew').tool('Edit', edit, { content: 'ok' })
  bruno.session().prompt('brew').tool('Edit', edit, { content: 'ok' }).response('Done.').turnEnds()
  await untilSame([bruno], 11)
  // What is told comes in order: after this nothing of the others is under way.
  bruno.session('cake').prompt('shared')
  const seen = await until(
    async () => ofLaptop(await eventsOf(ada), bruno),
    (events) => events.length > 0,
  )
  expect(projects(seen)).toEqual(new Set(['cake']))
  expect(await ada.node.get('/api/overlaps')).toEqual({ overlaps: [] })
  const { stdout } = await ada.run('members', '--json')
  const [row] = (JSON.parse(stdout) as { name: string; presence: string }[]).filter(
    ({ name }) => name === 'Bruno',
  )
  expect(row!.presence).not.toBe('waiting')
}, 60_000)
