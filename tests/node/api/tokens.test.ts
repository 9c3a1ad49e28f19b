import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { OPEN_CODE_MS, START_CODE_MS, Tokens } from '../../../node/api/tokens.ts'
import { TestClock } from './support.ts'

function tokensAt(clock: TestClock): Tokens {
  return new Tokens({ randomBytes, now: () => clock.now() })
}

describe('a launch code', () => {
  test('is swapped for a token once', () => {
    const tokens = tokensAt(new TestClock())
    const code = tokens.launchCode(OPEN_CODE_MS)
    const redeemed = tokens.redeem(code) as { token: string }
    expect(tokens.accepts(redeemed.token)).toBe(true)
    expect(tokens.redeem(code)).toMatchObject({ refused: 'wrong' })
    expect(tokens.accepts(redeemed.token)).toBe(true)
  })

  test('is good for a minute after `open` and ten after `start`, and not a moment longer', () => {
    const clock = new TestClock()
    const tokens = tokensAt(clock)
    const [open, lateOpen] = [tokens.launchCode(OPEN_CODE_MS), tokens.launchCode(OPEN_CODE_MS)]
    const [start, lateStart] = [tokens.launchCode(START_CODE_MS), tokens.launchCode(START_CODE_MS)]
    clock.pass(59_999)
    expect(tokens.redeem(open)).toHaveProperty('token')
    clock.pass(1)
    expect(tokens.redeem(lateOpen)).toMatchObject({ refused: 'wrong' })
    clock.pass(9 * 60_000 - 1)
    expect(tokens.redeem(start)).toHaveProperty('token')
    clock.pass(1)
    expect(tokens.redeem(lateStart)).toMatchObject({ refused: 'wrong' })
  })

  test('opens nothing by itself, and a token is no code', () => {
    const tokens = tokensAt(new TestClock())
    const code = tokens.launchCode(OPEN_CODE_MS)
    expect(tokens.accepts(code)).toBe(false)
    expect(tokens.redeem(tokens.api)).toMatchObject({ refused: 'wrong' })
  })

  test('cannot be guessed in passing: after twenty wrong ones none is looked at for a minute', () => {
    const clock = new TestClock()
    const tokens = tokensAt(clock)
    const code = tokens.launchCode(START_CODE_MS)
    for (let guess = 0; guess < 20; guess++) {
      expect(tokens.redeem(`guess${guess}`)).toMatchObject({ refused: 'wrong' })
    }
    expect(tokens.redeem(code)).toEqual({ refused: 'too-many', retryAfterMs: 60_000 })
    clock.pass(59_999)
    expect(tokens.redeem(code)).toEqual({ refused: 'too-many', retryAfterMs: 1 })
    clock.pass(1)
    expect(tokens.redeem(code)).toHaveProperty('token')
  })
})

describe('tokens', () => {
  test('are 256 bits that go into a header and a subprotocol as they are', () => {
    const tokens = tokensAt(new TestClock())
    const { token } = tokens.redeem(tokens.launchCode(1)) as { token: string }
    for (const secret of [tokens.api, token, tokens.launchCode(1)])
      expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  test('live as long as the node, whatever the time', () => {
    const clock = new TestClock()
    const tokens = tokensAt(clock)
    const { token } = tokens.redeem(tokens.launchCode(1000)) as { token: string }
    clock.pass(365 * 86_400_000)
    expect([tokens.accepts(token), tokens.accepts(tokens.api)]).toEqual([true, true])
    expect(tokensAt(clock).accepts(token)).toBe(false)
  })

  test('nothing like one is accepted', () => {
    const tokens = tokensAt(new TestClock())
    for (const wrong of ['', ' ', tokens.api.slice(1), `${tokens.api}=`, tokens.api.toLowerCase(), 'null']) {
      expect(tokens.accepts(wrong)).toBe(false)
    }
  })
})
