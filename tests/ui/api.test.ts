import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Api, ApiError, takeCode } from '../../ui/lib/api.ts'
import { FakeApi } from './support.ts'

let node: FakeApi
let api: Api
let locked: number
afterEach(() => {
  localStorage.clear()
  history.replaceState(null, '', '/')
})
beforeEach(() => {
  node = new FakeApi()
  api = new Api({ fetch: node.fetch, storage: localStorage })
  locked = 0
  api.onLocked = () => locked++
})

const refused = (status: number, body: string) =>
  new Api({ fetch: () => Promise.resolve(new Response(body, { status })), storage: localStorage })

describe('a call', () => {
  it('carries the token in a header, and only the parameters that say something', async () => {
    localStorage.setItem('vibetea.token', 'secret')
    await api.get('events', { limit: 500, type: '', from: undefined, q: 'a b' })
    const [call] = node.asked
    expect(call!.authorization).toBe('Bearer secret')
    expect([...call!.params]).toEqual([
      ['limit', '500'],
      ['q', 'a b'],
    ])
  })

  it('that the node refuses says why in its words', async () => {
    const call = refused(400, '{"error":"invalid_request","message":"\\"limit\\" is 0"}').get('events')
    await expect(call).rejects.toEqual(new ApiError(400, 'invalid_request', '"limit" is 0'))
  })

  it('that something else answers is an error all the same', async () => {
    await expect(refused(502, '<html>').get('status')).rejects.toMatchObject({ status: 502, code: 'unknown' })
  })

  it('to an absent node has no status', async () => {
    node.isAway = true
    await expect(api.get('status')).rejects.toMatchObject({ status: 0, code: 'unreachable' })
    expect(locked).toBe(0)
  })

  it('with a token that the node does not know locks the page', async () => {
    node.isLocked = true
    await expect(api.get('status')).rejects.toMatchObject({ status: 401 })
    expect(locked).toBe(1)
  })
})

describe('a code', () => {
  it('becomes the token of this and later tabs', async () => {
    await api.redeem('one-time')
    expect(node.asked[0]).toMatchObject({ path: 'session', body: '{"code":"one-time"}' })
    expect(localStorage.getItem('vibetea.token')).toBe('page-token')
  })

  it('that is too old leaves a good token alone', async () => {
    localStorage.setItem('vibetea.token', 'good')
    const old = refused(401, '{"error":"invalid_code","message":"This code is too old"}')
    old.onLocked = () => locked++
    await expect(old.redeem('old')).rejects.toMatchObject({ code: 'invalid_code' })
    expect(old.token).toBe('good')
    expect(locked).toBe(0)
  })

  it('is taken out of the address, and nothing else is taken for one', () => {
    history.replaceState(null, '', '/#code=abc-_1')
    expect(takeCode(location, history)).toBe('abc-_1')
    expect(location.hash).toBe('')
    history.replaceState(null, '', '/#/live?q=code=1')
    expect(takeCode(location, history)).toBeNull()
    expect(location.hash).toBe('#/live?q=code=1')
  })
})
