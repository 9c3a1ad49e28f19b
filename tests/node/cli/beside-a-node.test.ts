import { describe, expect, test } from 'vitest'
import type { EventRow, MemberRow } from '../../../core/api.ts'
import { members } from '../../../node/cli/members.ts'
import { outbox } from '../../../node/cli/outbox.ts'
import { setSharing } from '../../../node/cli/sharing.ts'
import { status } from '../../../node/cli/status.ts'
import { tail } from '../../../node/cli/tail.ts'
import { who } from '../../../node/cli/who.ts'
import { row, sessionRow } from '../api/support.ts'
import { Desk, memberRow, overlap, peerStatus, runNode, SELF, TEAM } from './support.ts'

const BRUNO = memberRow('Bruno', 'thinkpad-y7d1rt')
const AWAY: MemberRow = { ...BRUNO, presence: 'offline', connection: 'offline' }

/** Bruno's event `n`: a tool that changes a file. */
function edit(n: number): EventRow {
  const event = row(n, { source: BRUNO.source })
  if (event.eventType !== 'tool') throw new Error('not a tool event')
  return { ...event, payload: { ...event.payload, context: 'invite.ts', fileTag: 'ybndrfg8ejkm' } }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('members, who and status', () => {
  test('show people', async () => {
    const desk = new Desk()
    const peers = [peerStatus('Bruno', BRUNO.source, { version: '9.0.0' })]
    const sessions = [sessionRow(1, { source: BRUNO.source })]
    await runNode(desk, { team: TEAM, members: [SELF, BRUNO], peers, sessions, overlaps: [overlap()] })
    await members(desk, {})
    expect(desk.text).toMatch(/Ada \(you\) +member +active/)
    await who(desk, {})
    expect(desk.text).toMatch(/You and Bruno are in the same file: invite\.ts in web-app/)
    expect(desk.text).toMatch(/\nBruno {2}amber-kettle/)
    await status(desk, {})
    expect(desk.text).toMatch(/team +"harbour", \w+ \(member\)/)
    expect(desk.text).toMatch(/peer +Bruno \(thinkpad-y7d1rt\): member, direct, VibeTea 9\.0\.0/)
    expect(desk.text).toContain('Teammates run VibeTea 9.0.0, you 0.1.0')
  })

  test('print with --json what the API answers', async () => {
    const desk = new Desk()
    await runNode(desk, { team: TEAM, members: [SELF, BRUNO] })
    await members(desk, { json: true })
    expect(JSON.parse(desk.text)).toEqual([SELF, BRUNO])
  })

  test('say in no team how to get into one', async () => {
    const desk = new Desk()
    await runNode(desk)
    await members(desk, {})
    expect(desk.text).toMatch(/You are in no team.*vibetea create.*vibetea join/)
  })

  test('say why nobody can be reached', async () => {
    const desk = new Desk()
    const reach = { state: 'unreachable', message: 'There is no network.' } as const
    await runNode(desk, { team: { ...TEAM, reach }, members: [SELF, AWAY] })
    await members(desk, {})
    expect(desk.text).toContain('There is no network.')
  })
})

describe('tail', () => {
  test('names people, tells who comes and goes, and each overlap once', async () => {
    const desk = new Desk()
    const node = await runNode(desk, { team: TEAM, members: [SELF, AWAY] })
    const tailing = tail(desk, {})
    await until(() => node.feed.listeners > 0)
    node.feed.presence(SELF, BRUNO)
    node.clock.pass(1000)
    await until(() => desk.text.includes('Bruno is here (active)'))
    node.known.overlaps.push(overlap())
    node.feed.add(edit(1))
    node.clock.pass(1000)
    await until(() => desk.text.includes('You and Bruno are in the same file'))
    node.feed.add(edit(2))
    node.clock.pass(1000)
    await until(() => desk.text.split('Read invite.ts').length === 3)
    node.feed.presence(SELF, AWAY)
    node.clock.pass(1000)
    await until(() => desk.text.includes('Bruno has gone'))
    desk.interrupt()
    await tailing
    expect(desk.text.split('are in the same file')).toHaveLength(2)
    expect(desk.printed.find((line) => line.includes('Read invite.ts'))).toMatch(/ {2}Bruno {2}web {2}tool/)
  })

  test('with --json prints events and nothing else', async () => {
    const desk = new Desk()
    const node = await runNode(desk, { team: TEAM, members: [SELF, AWAY], overlaps: [overlap()] })
    const tailing = tail(desk, { json: true })
    await until(() => node.feed.listeners > 0)
    node.feed.presence(SELF, BRUNO)
    node.feed.add(edit(1))
    node.clock.pass(1000)
    await until(() => desk.printed.length > 0)
    desk.interrupt()
    await tailing
    expect(desk.printed.map((line) => (JSON.parse(line) as EventRow).id)).toEqual([edit(1).id])
  })
})

describe('share', () => {
  test.each([
    [null, 'web is shared from now on, once you are in a team.'],
    [TEAM, 'web is shared from now on.'],
    [
      { ...TEAM, role: 'reader' as const },
      'web is shared from now on, but not in this team, which you only watch.',
    ],
  ])('knows whether there is a team, and who only watches', async (team, sentence) => {
    const desk = new Desk()
    await runNode(desk, { team })
    await setSharing(desk, 'share', 'web')
    expect(desk.printed).toEqual([sentence])
  })
})

describe('outbox', () => {
  test('without a node and a team says that nothing has left', async () => {
    const desk = new Desk()
    await outbox(desk, { limit: '200' })
    expect(desk.printed).toEqual(['Nothing has left this machine.'])
  })
})
