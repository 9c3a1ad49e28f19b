import { VibeTeaError } from '../../core/errors.ts'
import { printable } from '../../core/printable.ts'
import { loadDevice, recordingOf, tagKeysOf } from '../device.ts'
import { openHome } from '../home/home.ts'
import { SharingDecisions } from '../home/sharing.ts'
import { readTeam } from '../home/team-file.ts'
import { ADAPTERS, sessionDirectories } from '../sources/adapters.ts'
import { keepNewSpaceSmall } from '../sources/batch-memory.ts'
import { readBatch } from '../sources/batch.ts'
import type { Context } from './command.ts'
import { bareEvent, eventLine } from './output.ts'
import { settingsOf } from './settings.ts'

/** `vibetea preview [path…]`: the very same adapters and rule as the node's, and nothing is kept or sent. */
export async function preview(
  context: Context,
  paths: readonly string[],
  flags: { json?: boolean },
): Promise<number> {
  const settings = await settingsOf(context)
  await openHome(settings.home, context.err)
  const device = await loadDevice(settings, context.err)
  const sharing = await SharingDecisions.view(settings.home)
  const tagKeys = tagKeysOf(device, await readTeam(settings.home))
  const { homeDirectory } = context
  const say = (sentence: string) => context.err(printable(sentence))
  const recording = recordingOf({ device, settings, sharing, tagKeys, homeDirectory, now: Date.now, say })
  const own = sessionDirectories(settings.directories, context)
  let code = 0
  keepNewSpaceSmall()
  const events = readBatch(paths.length > 0 ? paths : own, {
    adapters: ADAPTERS,
    ...recording,
    now: Date.now(),
    onProblem: (path, message) => {
      // Some sentences name the file themselves.
      context.err(printable(message.startsWith(`${path} `) ? `${message}.` : `${path}: ${message}`))
      code = 1
    },
  })
  for await (const event of events) {
    if (context.signal.aborted) throw new VibeTeaError('interrupted', 'Interrupted.')
    context.out(flags.json ? JSON.stringify(bareEvent(event)) : eventLine(event))
  }
  return code
}
