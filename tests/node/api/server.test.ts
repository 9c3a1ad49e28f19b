import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemTimers } from '../../../node/system-timers.ts'
import { startApi } from '../../../node/api/server.ts'
import { connect, PAGE, pageDirectory, scriptedBackend, testApi, TestFeed } from './support.ts'

describe('the server', () => {
  test('picks a free port for 0 and says its address', async () => {
    const api = await testApi()
    expect(api.port).toBeGreaterThan(0)
    expect(api.url).toBe(`http://127.0.0.1:${api.port}`)
  })

  test('says which port is in use and how to choose another', async () => {
    const { port } = await testApi()
    await expect(testApi({ port })).rejects.toMatchObject({
      code: 'port_in_use',
      sentence:
        `Port ${port} on 127.0.0.1 is in use by another program. ` +
        'Choose another with VIBETEA_PORT or --port; 0 picks one that is free.',
    })
  })

  test('is not there for other machines', async () => {
    const { port } = await testApi()
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal, scopeid }) => !internal && !scopeid)
      .map(({ address }) => address)
    for (const host of [...addresses, '127.0.0.2']) {
      const failed = new Promise<Error>((resolve, reject) => {
        const socket = connectTcp({ host, port })
        socket.once('error', resolve)
        socket.once('connect', () => {
          socket.destroy()
          reject(new Error(`${host} answers`))
        })
      })
      const { code } = (await failed) as NodeJS.ErrnoException
      expect(code).toMatch(/ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH|EHOSTUNREACH/)
    }
  })

  test('says where the dashboard is not built', async () => {
    const directory = pageDirectory()
    await expect(testApi({ uiDirectory: join(directory, 'nothing') })).rejects.toMatchObject({
      code: 'dashboard_missing',
      remedy: 'Run "npm run build".',
    })
    await expect(testApi({ uiDirectory: join(directory, 'assets') })).rejects.toMatchObject({
      code: 'dashboard_missing',
    })
  })

  test('ends listeners and answers under way when it stops', async () => {
    const api = await testApi()
    const client = await connect(api)
    await client.next('hello')
    let asked = () => {}
    const underWay = new Promise<void>((resolve) => (asked = resolve))
    api.backend.status = () => {
      asked()
      return new Promise(() => {})
    }
    const stuck = api.ask('/api/status').catch((error: unknown) => error)
    await underWay

    const closed = api.close()
    expect(await client.closed()).toEqual({ code: 1001 })
    api.clock.pass(250)
    await closed
    expect(await stuck).toMatchObject({ code: 'ECONNRESET' })
    await expect(api.ask('/api/health')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(api.feed.listeners).toBe(0)
  })

  test('does not wait for clients that do not say goodbye', async () => {
    const api = await testApi()
    const client = await connect(api)
    client.socket.pause()
    const closed = api.close()
    api.clock.pass(100)
    await closed
    expect(api.feed.listeners).toBe(0)
  })

  test('stops by the real clock too', async () => {
    const api = await testApi()
    const { backend } = scriptedBackend(new TestFeed())
    const log = { error: () => undefined }
    const options = { backend, port: 0, uiDirectory: pageDirectory(), tokens: api.tokens, version: '1', log }
    const real = await startApi({ ...options, clock: systemTimers })
    const client = await connect({ ...api, ...real })
    client.socket.pause()
    await real.close()
    await expect(connect({ ...api, ...real })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('outlives a client that leaves in the middle of its request', async () => {
    const api = await testApi()
    for (const start of [
      'GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      'POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    ]) {
      await new Promise<void>((resolve) => {
        const socket = connectTcp({ host: '127.0.0.1', port: api.port }, () => {
          socket.write(start)
          socket.resetAndDestroy()
        })
        socket.once('close', () => resolve())
      })
    }
    expect(await api.ask('/api/health')).toMatchObject({ status: 200 })
    expect(api.logged).toEqual([])
  })
})

describe('the dashboard', () => {
  test('is served to anyone on this machine; its files are kept by name where the build named them', async () => {
    const api = await testApi({ uiDirectory: pageDirectory({ 'icon.svg': '<svg/>' }) })
    const open = { token: null }
    expect(await api.ask('/', open)).toMatchObject({
      status: 200,
      text: PAGE,
      headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' },
    })
    expect(await api.ask('/assets/app.js?v=1', open)).toMatchObject({
      status: 200,
      text: 'document.title = "ran"',
      headers: {
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'public, max-age=31536000, immutable',
      },
    })
    expect(await api.ask('/icon.svg', open)).toMatchObject({ headers: { 'content-type': 'image/svg+xml' } })
    expect(await api.ask('/', { ...open, method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
  })

  test('is only what was there at the start: no path leads out of it', async () => {
    const directory = pageDirectory()
    const uiDirectory = join(directory, 'page')
    mkdirSync(uiDirectory)
    writeFileSync(join(uiDirectory, 'index.html'), PAGE)
    writeFileSync(join(uiDirectory, 'notes.txt'), 'secret')
    writeFileSync(join(uiDirectory, '.env'), 'secret')
    writeFileSync(join(directory, 'secret.html'), 'secret')
    symlinkSync(join(directory, 'secret.html'), join(uiDirectory, 'link.html'))
    const api = await testApi({ uiDirectory })
    writeFileSync(join(uiDirectory, 'late.html'), 'secret')
    for (const path of [
      '/../secret.html',
      '/..%2fsecret.html',
      '/%2e%2e/secret.html',
      '/..\\secret.html',
      '//secret.html',
      '/./../secret.html',
      '/index.html/../../secret.html',
      '/%00',
      '/%zz',
      `${directory}/secret.html`,
      '/link.html',
      '/notes.txt',
      '/.env',
      '/late.html',
      '/constructor',
    ]) {
      const answer = await api.ask(path)
      expect([path, answer.json.error]).toEqual([path, path.includes('\\') ? 'invalid_request' : 'not_found'])
      expect(answer.text).not.toContain('secret"')
    }
  })
})
