import { beforeAll, expect, onTestFinished, test } from 'vitest'
import checkBuild from '../support/needs-build.ts'
import { until } from '../support/cli.ts'
import { eventsOf } from '../support/team-checks.ts'
import { createTeam, Laptop, startBootstrap } from '../support/team.ts'
import { stored, wrongHours } from './calls.ts'
import { Stack } from './stack.ts'

beforeAll(checkBuild)

test('vibetea archive --once brings what a laptop did into a real archive, each event once', async () => {
  const network = await startBootstrap()
  const ada = new Laptop('Ada', network)
  const { teamId, readOnlyKey } = await createTeam(ada, '--name', 'Ada', '--backfill', '1d')
  const starting = ada.start()
  const stack = await Stack.start({ secrets: { VIBETEA_TEAM_ID: teamId } })
  onTestFinished(() => stack.stop())
  await starting
  const box = new Laptop('Box', network)
  Object.assign(box.variables, { VIBETEA_SUPABASE_URL: stack.functionsUrl, VIBETEA_TEAM_KEY: readOnlyKey })

  // What is ahead of the clock would be stored as of now.
  const session = ada
    .session('web-app', Date.now() - 60_000)
    .prompt('brew')
    .response('Done.', 20)
    .grow(900)
  session.tool('Edit', { file_path: '/code/web-app/kettle.ts' }, { content: 'ok' }).turnEnds()
  const events = await until(
    () => eventsOf(ada),
    ({ length }) => length >= 7,
  )
  const first = await box.run('archive', '--once')
  expect(first).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Archived \d+ events; 7 of them were new there\.\n$/) as string,
  })
  const held = await stored(stack)
  expect(held.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(events)
  expect(await wrongHours(stack)).toEqual([])
}, 60_000)
