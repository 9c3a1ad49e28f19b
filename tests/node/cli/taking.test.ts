import { describe, expect, test } from 'vitest'
import type { LogStatus, PeerStatus } from '../../../core/api.ts'
import { Taking, type Picture, type Taken } from '../../../node/cli/taking.ts'
import { peerStatus } from './support.ts'

const STEP_MS = 200

const log = (key: string): LogStatus => ({ key, source: key, kind: 'team', blocks: 1, bytes: 1, behind: 0 })
const peer = (name: string, fields: Partial<PeerStatus> = {}) => peerStatus(name, name, fields)

/** Looks at what `at` shows each moment (ms since the start) until it is done; what came of it, and when. */
function take(at: (ms: number) => Picture): Taken & { ms: number } {
  const taking = new Taking(0)
  for (let ms = 0; ms < 1_000_000; ms += STEP_MS) {
    const taken = taking.look(at(ms), ms)
    if (taken) return { ...taken, ms }
  }
  throw new Error('it never ends')
}

describe('taking what teammates have', () => {
  test('ends soon after all of it is here', () => {
    const picture = (ms: number): Picture => {
      if (ms < 1000) return { peers: [peer('ada', { connection: 'connecting' })], logs: [] }
      if (ms < 1600) return { peers: [peer('ada')], logs: [log('a')] }
      return { peers: [peer('ada', { behind: Math.max(0, 9000 - ms) })], logs: [log('a')] }
    }
    expect(take(picture)).toEqual({ hasMet: true, missing: 0, ms: 10_800 })
  })

  test('goes on with what is here where nobody is met for 20 seconds', () => {
    const alone = () => ({ peers: [peer('ada', { connection: 'offline' })], logs: [log('a')] })
    expect(take(alone)).toEqual({ hasMet: false, missing: 0, ms: 20_000 })
  })

  test('waits for who is being called, but not for long once somebody is met', () => {
    const peers = (second: PeerStatus['connection']) => [peer('ada'), peer('bo', { connection: second })]
    const met = (ms: number) => ({ peers: peers(ms < 5000 ? 'connecting' : 'direct'), logs: [] })
    expect(take(met).ms).toBe(7000)
    const never = () => ({ peers: peers('connecting'), logs: [] })
    expect(take(never).ms).toBe(11_800)
  })

  test('ends while teammates are at work and write something new all the time', () => {
    let blocks = 0
    const busy = (ms: number) => {
      blocks += 5
      return { peers: [peer('ada', { behind: ms % 600 === 0 ? 1 : 0 })], logs: [{ ...log('a'), blocks }] }
    }
    expect(take(busy)).toMatchObject({ hasMet: true, ms: 2000 })
  })

  test('a log that nobody has to the end holds up nothing, and is told of', () => {
    const stuck = (ms: number) => {
      const ada = peer('ada', { connection: 'offline', behind: 12 })
      return { peers: [ada, peer('bo', { behind: Math.max(0, 30_000 - ms) })], logs: [] }
    }
    expect(take(stuck)).toEqual({ hasMet: true, missing: 12, ms: 31_800 })
  })
})
