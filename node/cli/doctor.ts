import { statfs } from 'node:fs/promises'
import process from 'node:process'
import { VibeTeaError } from '../../core/errors.ts'
import { printable } from '../../core/printable.ts'
import { VERSION } from '../version.ts'
import { loadDevice } from '../device.ts'
import { openHome } from '../home/home.ts'
import type { Settings } from '../home/settings.ts'
import { SharingDecisions } from '../home/sharing.ts'
import { readTeam } from '../home/team-file.ts'
import { describeSessions } from '../sources/describe.ts'
import { findNode } from './client.ts'
import type { Context } from './command.ts'
import { nameOfTeam } from './enter-team.ts'
import { table } from './output.ts'
import { settingsOf } from './settings.ts'

interface Finding {
  name: string
  isWell: boolean
  says: string
}

/** Less free space than this and a log may soon not be written. */
const LOW_DISK_BYTES = 200 * 1024 * 1024

/** `vibetea doctor`: checks what VibeTea needs of this machine, one line each; 1 where something is to be mended. */
export async function doctor(context: Context, flags: { json?: boolean }): Promise<number> {
  const findings = await examine(context)
  if (flags.json) context.out(JSON.stringify(findings, null, 2))
  else {
    const rows = findings.map(({ name, isWell, says }) => [isWell ? 'ok' : 'MEND', name, says])
    for (const line of table(rows)) context.out(printable(line))
  }
  return findings.every(({ isWell }) => isWell) ? 0 : 1
}

async function examine(context: Context): Promise<Finding[]> {
  const findings: Finding[] = []
  const check = async (name: string, look: () => Promise<string>): Promise<boolean> => {
    try {
      findings.push({ name, isWell: true, says: await look() })
      return true
    } catch (error) {
      if (!(error instanceof VibeTeaError)) throw error
      findings.push({ name, isWell: false, says: error.sentence })
      return false
    }
  }
  await check('program', async () => `VibeTea ${VERSION}, Node ${process.versions.node}, ${process.platform}`)
  let settings: Settings | undefined
  await check('settings', async () => {
    settings = await settingsOf(context)
    const { unknownVariables } = settings
    if (unknownVariables.length === 0) return 'are in order'
    throw new VibeTeaError(
      'unknown_variable',
      `${unknownVariables.join(', ')}: no such setting.`,
      'The README lists them.',
    )
  })
  if (!settings) return findings
  const known = settings
  const warn = context.err
  await check('home', async () => {
    await openHome(known.home, warn)
    return known.home
  })
  await check('disk', () => freeSpace(known.home))
  await check('device key', async () => (await loadDevice(known, warn)).source)
  await check('sharing', async () => {
    const decisions = (await SharingDecisions.open(known.home)).projects().length
    return decisions === 0 ? 'every project is private' : `${decisions} decisions`
  })
  await check('team', async () => {
    const team = await readTeam(known.home)
    return team ? `in ${nameOfTeam(team, 'a team')} as ${team.role}, ${team.name}` : 'in none'
  })
  await check(
    'node',
    async () => (await findNode(known.home))?.url ?? 'not running; start it with: vibetea start',
  )
  for (const { assistant, look } of describeSessions(known.directories, context)) await check(assistant, look)
  return findings
}

async function freeSpace(home: string): Promise<string> {
  const { bavail, bsize } = await statfs(home)
  const bytes = bavail * bsize
  const says = `${Math.floor(bytes / 1024 / 1024)} MB free`
  if (bytes >= LOW_DISK_BYTES) return says
  throw new VibeTeaError(
    'disk_low',
    `Only ${says} at ${home}.`,
    'Make room, or set VIBETEA_HOME to another disk.',
  )
}
