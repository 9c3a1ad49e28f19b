import { expect, onTestFinished, test } from 'vitest'
import { promptAt } from '../support/events.ts'
import { postPlain, stored, wrongHours } from './calls.ts'
import { Stack } from './stack.ts'
import { base64, TestDevice } from './team.ts'

const monitor = new TestDevice('monitor')
const events = (from: number) =>
  Array.from({ length: 200 }, (_, i) =>
    promptAt(Date.now() - i * 60_000, { id: from + i, source: monitor.source }),
  )

test('a database that is killed while events come has all that it acknowledged, and takes the rest again', async () => {
  const secrets = { VIBETEA_PUBLIC_KEYS: `${monitor.source}:${base64(monitor.key)}` }
  const stack = await Stack.start({ secrets, isDurable: true })
  onTestFinished(() => stack.stop())
  const batches = Array.from({ length: 20 }, (_, i) => events(i * 200))
  const killed = new Promise((resolve) => setTimeout(resolve, 60)).then(() => stack.postgres.kill())
  const statuses = await Promise.all(
    batches.map(async (batch) => (await postPlain(stack, monitor, batch)).status),
  )
  await killed
  await stack.postgres.start()
  const ids = new Set((await stored(stack)).map(({ id }) => id))
  batches.forEach((batch, i) => {
    if (statuses[i] === 200) expect(batch.every(({ id }) => ids.has(id))).toBe(true)
    else expect(statuses[i]).toBe(500)
  })
  for (const batch of batches) {
    // The API needs a moment until it has found the database again.
    await expect
      .poll(async () => (await postPlain(stack, monitor, batch)).status, { timeout: 20_000 })
      .toBe(200)
  }
  expect(await stored(stack)).toHaveLength(4000)
  expect(await wrongHours(stack)).toEqual([])
})
