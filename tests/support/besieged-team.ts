import { readFileSync } from 'node:fs'
import { platform } from 'node:os'
import { expect } from 'vitest'
import type { MembersAnswer, SessionsAnswer, StatusAnswer } from '../../core/api.ts'
import { secretsOf } from '../../core/secrets.ts'
import { formatTeamKey, parseTeamKey } from '../../core/team-key.ts'
import { until } from './cli.ts'
import { HostilePeer, type HostileOptions } from './hostile-peer.ts'
import { createTeam, Laptop, startBootstrap } from './team.ts'

/** No attack may take a node's memory beyond this, in MiB; it has some 130 at rest. */
const MAX_MEMORY_MIB = 450

/** A team of two laptops that peers attack: Ada's is the one that they meet. */
export class BesiegedTeam {
  readonly ada: Laptop
  readonly bruno: Laptop
  readonly memberKey: string
  readonly readerKey: string
  readonly mirrorKey: string
  readonly #network: { VIBETEA_BOOTSTRAP: string }
  #peakMiB = 0

  private constructor(
    network: { VIBETEA_BOOTSTRAP: string },
    [ada, bruno]: [Laptop, Laptop],
    keys: { teamKey: string; readOnlyKey: string },
  ) {
    this.ada = ada
    this.bruno = bruno
    this.#network = network
    this.memberKey = keys.teamKey
    this.readerKey = keys.readOnlyKey
    const { teamId, secret } = parseTeamKey(keys.teamKey)
    this.mirrorKey = formatTeamKey({
      kind: 'mirror',
      teamId,
      secret: secretsOf(teamId, 'member', secret).mirror,
    })
  }

  static async found(): Promise<BesiegedTeam> {
    const network = await startBootstrap()
    const [ada, bruno] = ['Ada', 'Bruno'].map((name) => new Laptop(name, network)) as [Laptop, Laptop]
    const keys = await createTeam(ada, '--name', 'Ada')
    await ada.start()
    await bruno.start('join', keys.teamKey, '--share', 'all', '--name', 'Bruno')
    const team = new BesiegedTeam(network, [ada, bruno], keys)
    await team.status(({ peers }) => peers.some(({ connection }) => connection === 'direct'))
    return team
  }

  /** A peer with one of the team's keys. */
  peer(key: string, options: HostileOptions = {}): HostilePeer {
    return new HostilePeer(key, this.#network, options)
  }

  /** What Ada's node says of itself once it is so, within 20 s; its memory is looked at on the way. */
  async status(isSo: (status: StatusAnswer) => boolean = () => true): Promise<StatusAnswer> {
    const end = performance.now() + 20_000
    for (;;) {
      this.#sample()
      const status = await this.ada.status()
      if (isSo(status)) return status
      if (performance.now() > end)
        throw new Error(`not so in the end: ${String(isSo)} ${JSON.stringify(status)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Ada's node is up, has all that Bruno does, answers as ever, took little memory and wrote no stack trace. */
  async isUnharmed(): Promise<void> {
    const before = await this.ada.ids()
    this.bruno.session().prompt('still here')
    await until(
      () => this.ada.ids(),
      (ids) => ids.filter((id) => id.startsWith('bruno-') && !before.includes(id)).length >= 2,
    )
    const came = (await this.ada.ids()).filter((id) => id.startsWith('bruno-') && !before.includes(id))
    expect(came.length).toBeGreaterThanOrEqual(2)
    const { node } = this.ada
    const { members } = await node.get<MembersAnswer>('/api/members')
    expect(members.find(({ name }) => name === 'Bruno')).toMatchObject({
      role: 'member',
      connection: 'direct',
    })
    await node.get<SessionsAnswer>('/api/sessions')
    await node.get('/api/overlaps')
    this.#sample()
    expect(node.process.exitCode).toBeNull()
    expect(node.log()).not.toMatch(/\n\s+at |"frames"/)
    expect(this.#peakMiB).toBeLessThan(MAX_MEMORY_MIB)
  }

  /** Only Linux tells another process's memory in a file. */
  #sample(): void {
    if (platform() !== 'linux') return
    const status = readFileSync(`/proc/${this.ada.node.process.pid}/status`, 'utf8')
    this.#peakMiB = Math.max(this.#peakMiB, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
  }
}
