import { expect, it } from 'vitest'
import { bootstrap } from '../../../node/cli/bootstrap.ts'
import { freeUdpPort } from '../../../node/free-port.ts'
import { eventually, meshOf } from './mesh-world.ts'

function run(flags: { port?: string; host?: string }) {
  const controller = new AbortController()
  const lines: string[] = []
  const context = {
    signal: controller.signal,
    out: (line: string) => void lines.push(line),
    err: () => {},
  }
  return { lines, end: () => controller.abort(), code: bootstrap(context, flags) }
}

it('prints what to set, nodes that set it find each other, and it ends with the signal', async () => {
  const port = await freeUdpPort('127.0.0.1')
  const running = run({ port: String(port) })
  await eventually(() => running.lines.includes(`VIBETEA_BOOTSTRAP=127.0.0.1:${port}`))
  for (const line of running.lines) expect(line).toMatch(/^VIBETEA_BOOTSTRAP=\d+\.\d+\.\d+\.\d+:\d+$/)
  for (const line of running.lines) {
    const [host, text] = line.split('=')[1]!.split(':')
    const endpoints = [{ host: host!, port: Number(text) }]
    const [ada, ben] = await Promise.all(['ada', 'ben'].map((name) => meshOf(name, { bootstrap: endpoints })))
    await eventually(() => ada!.sees(ben!) === 'direct' && ben!.sees(ada!) === 'direct')
    await Promise.all([ada!.mesh.destroy(), ben!.mesh.destroy()])
  }
  running.end()
  expect(await running.code).toBe(0)
})

it('says when the port is taken', async () => {
  const port = String(await freeUdpPort('127.0.0.1'))
  const first = run({ port, host: '127.0.0.1' })
  await eventually(() => first.lines.length === 1)
  await expect(run({ port, host: 'localhost' }).code).rejects.toMatchObject({
    code: 'port_in_use',
    message: `UDP port ${port} is in use on 127.0.0.1.`,
  })
  first.end()
  await first.code
})

it.each([
  [{ port: '0' }, 'invalid_port', /--port is '0'/],
  [{ port: '65536' }, 'invalid_port', /from 1 to 65535/],
  [{ port: 'tea' }, 'invalid_port', /--port is 'tea'/],
  [{ host: 'example.org' }, 'invalid_host', /--host is 'example.org', and must be an IPv4 address/],
  [{ host: '::1' }, 'invalid_host', /must be an IPv4 address/],
])('refuses %o', async (flags, code, message) => {
  const failing = expect(run(flags).code).rejects
  await failing.toMatchObject({ code, message: expect.stringMatching(message) as string })
})
