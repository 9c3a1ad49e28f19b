import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTeam, Laptop, startBootstrap, untilMeshed } from '../support/team.ts'
import { eventsOf, ofLaptop, outboxOf, previewOf, untilSame } from '../support/team-checks.ts'
import { until } from '../support/cli.ts'

const ROUNDS = 4

test('nodes that are killed at any moment lose nothing, and tell nothing twice', async () => {
  const [seed] = fc.sample(fc.nat(), 1)
  const moments = fc.sample(fc.integer({ min: 0, max: 800 }), { seed: seed!, numRuns: ROUNDS })
  const network = await startBootstrap()
  const [ada, bruno] = [new Laptop('Ada', network), new Laptop('Bruno', network)]
  const both = [ada, bruno]
  const { teamKey } = await createTeam(ada, '--name', 'Ada')
  await ada.start()
  await bruno.start('join', teamKey, '--share', 'all', '--name', 'Bruno')
  await untilMeshed(both)
  const sessions = both.map((laptop) => laptop.session())
  let written = 0
  const writing = setInterval(() => {
    for (const session of sessions) {
      session.prompt(`brew ${++written}`)
      // One message in two records: the second says what it used in the end.
      if (written % 4 < 2) session.response('Done.', 20).grow(20 + written)
      else session.tool('Edit', { file_path: '/code/web-app/kettle.ts' }, { content: 'ok' })
    }
  }, 30)
  for (const [round, moment] of moments.entries()) {
    await new Promise((resolve) => setTimeout(resolve, moment))
    const laptop = both[round % 2]!
    await laptop.node.end('SIGKILL')
    await laptop.start()
  }
  clearInterval(writing)
  const previews = await Promise.all(both.map(previewOf))
  const expected = previews.flat().length
  const lists = await untilSame(both, expected)
  expect(lists[1], `seed ${seed}`).toEqual(lists[0])
  for (const [i, laptop] of both.entries()) {
    expect(await ofLaptop(lists[0]!, laptop), `seed ${seed}`).toEqual(previews[i])
    const left = (await outboxOf(laptop)).map((event) => JSON.stringify(event))
    expect(new Set(left).size, `seed ${seed}`).toBe(left.length)
  }
}, 90_000)

test('a response that grows after it was told ends with its last counts everywhere', async () => {
  const network = await startBootstrap()
  const [ada, bruno] = [new Laptop('Ada', network), new Laptop('Bruno', network)]
  const { teamKey } = await createTeam(ada, '--name', 'Ada')
  await ada.start()
  await bruno.start('join', teamKey, '--share', 'all', '--name', 'Bruno')
  await untilMeshed([ada, bruno])
  const session = bruno.session().prompt('brew').response('Done.', 20)
  const outputOf = async (laptop: Laptop) =>
    (await eventsOf(laptop)).flatMap(({ payload }) =>
      'kind' in payload && payload.kind === 'response' ? payload.tokens.output : [],
    )
  expect(
    await until(
      () => outputOf(ada),
      (outputs) => outputs.length > 0,
    ),
  ).toEqual([20])
  await bruno.node.end('SIGKILL')
  session.grow(900)
  await bruno.start()
  for (const laptop of [ada, bruno])
    expect(
      await until(
        () => outputOf(laptop),
        ([output]) => output === 900,
      ),
    ).toEqual([900])
}, 60_000)
