import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Assistant } from '../../core/events.ts'
import { run, written } from '../support/assistant-files.ts'
import { createTeam, Laptop, startBootstrap } from '../support/team.ts'
import { outboxOf, previewOf, untilSame } from '../support/team-checks.ts'

const DAY_MS = 86_400_000

const FORMS: readonly Assistant[] = ['gemini', 'opencode']

/** What the two have written on a laptop by some days ago, each in a directory for it; the variables that name these. */
async function writtenOn(laptop: Laptop, ...daysAgo: number[]): Promise<Record<string, string>> {
  const variables: [string, string][] = []
  for (const assistant of FORMS) {
    const directories = daysAgo.map((days) => join(laptop.directory, `${assistant} ${days}`))
    for (const [i, directory] of directories.entries()) {
      const each = await written(assistant, directory, Date.now() - daysAgo[i]! * DAY_MS)
      onTestFinished(() => each.close())
      await run([...each.before, ...each.goesOn])
    }
    variables.push([`VIBETEA_${assistant.toUpperCase()}_DIR`, directories.join()])
  }
  return Object.fromEntries(variables)
}

test('who joins shares what documents and databases tell of the time before, as far back as was said', async () => {
  const network = await startBootstrap()
  const [ada, bruno] = [new Laptop('Ada', network), new Laptop('Bruno', network)]
  const { teamKey } = await createTeam(ada, '--name', 'Ada')
  await ada.start()
  mkdirSync(bruno.variables.VIBETEA_CLAUDE_DIR)
  Object.assign(bruno.variables, await writtenOn(bruno, 3, 40))
  const from = Date.now() - 30 * DAY_MS
  const join30d = ['join', teamKey, '--share', 'all', '--backfill', '30d', '--name', 'Bruno', '--no-start']
  expect((await bruno.run(...join30d)).code).toBe(0)
  await bruno.start()
  const all = await previewOf(bruno)
  const expected = all.filter(({ timestamp }) => Date.parse(timestamp) >= from)
  for (const assistant of FORMS) {
    const of = ({ payload }: (typeof all)[number]) => payload.assistant === assistant
    expect(expected.filter(of).length).toBeGreaterThan(10)
    expect(expected.filter(of).length).toBeLessThan(all.filter(of).length)
  }
  const [seen] = await untilSame([ada], expected.length)
  expect(seen).toEqual(expected)
  const left = await outboxOf(bruno)
  expect(new Set(left.map(({ id }) => id)).size).toBe(left.length)
}, 60_000)
