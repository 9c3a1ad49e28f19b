import { describe, expect, test } from 'vitest'
import { publicKeyOf, sign, verify } from '../../../core/identity.ts'
import { PrivateLog } from '../../../node/log/private-log.ts'
import { temporaryDirectory } from '../../support/directory.ts'
import { promptAt, SOURCE, toolAt } from '../../support/events.ts'

const secret = new Uint8Array(32).fill(3)
const publicKey = publicKeyOf(secret)

function open(directory: string, key = publicKey) {
  return PrivateLog.open({
    directory,
    source: SOURCE,
    sign: (message) => sign(message, secret),
    verify: (signature, message) => verify(signature, message, key),
  })
}

describe('The private log', () => {
  test('gives back what was appended, in order, after it is opened again', async () => {
    const directory = temporaryDirectory()
    const first = await open(directory)
    const name = first.core
    await first.append([[promptAt(1), toolAt(2)], [promptAt(3)]])
    await first.append([[toolAt(4, 'failed')]])
    await first.close()
    const again = await open(directory)
    const blocks = await again.read(0, 10)
    expect(again.core).toBe(name)
    expect(blocks.map(({ seq, events }) => [seq, events])).toEqual([
      [0, [promptAt(1), toolAt(2)]],
      [1, [promptAt(3)]],
      [2, [toolAt(4, 'failed')]],
    ])
    await again.close()
  })

  test('says when something was appended, until it is asked to stop', async () => {
    const log = await open(temporaryDirectory())
    let appends = 0
    const stop = log.onAppend(() => appends++)
    await log.append([[promptAt(1)]])
    stop()
    await log.append([[promptAt(2)]])
    expect(appends).toBe(1)
    await log.close()
  })

  test('counts a block that another key signed as invalid and goes on', async () => {
    const directory = temporaryDirectory()
    const log = await open(directory, publicKeyOf(new Uint8Array(32).fill(4)))
    await log.append([[promptAt(1)]])
    expect(await log.read(0, 10)).toEqual([{ core: log.core, seq: 0, events: [], invalid: 1 }])
    await log.close()
  })

  test('clears old blocks for good and keeps the rest', async () => {
    const directory = temporaryDirectory()
    const log = await open(directory)
    await log.append([[promptAt(1)], [promptAt(2)], [promptAt(3)]])
    await log.clearBefore(2)
    await log.close()
    const again = await open(directory)
    expect(again.floor).toBe(2)
    expect(again.length).toBe(3)
    expect((await again.read(0, 10)).map(({ events }) => events.length)).toEqual([0, 0, 1])
    await again.close()
  })

  test('is refused to a second opener with a sentence', async () => {
    const directory = temporaryDirectory()
    const log = await open(directory)
    await expect(open(directory)).rejects.toMatchObject({ code: 'log_unusable' })
    await log.close()
  })
})
