import type { StatusAnswer } from '../../core/api.ts'
import { printable } from '../../core/printable.ts'
import { archiveProblems, archiveRows } from './archive-status.ts'
import { requireNode } from './client.ts'
import type { Context } from './command.ts'
import { span, table } from './output.ts'
import { settingsOf } from './settings.ts'
import { teamProblems, teamRows } from './team-status.ts'

/** `vibetea status` */
export async function status(context: Context, flags: { json?: boolean }): Promise<void> {
  const { home } = await settingsOf(context)
  const client = await requireNode(home)
  const answer = await client.get<StatusAnswer>('/api/status')
  if (flags.json) return context.out(JSON.stringify({ ...answer, url: client.url }, null, 2))
  const { node, sources, logs, projects, archive, refused } = answer
  const lines = [
    ['dashboard', client.url],
    ['version', node.version],
    ['source', node.source],
    ['running', span(Date.now() - Date.parse(node.startedAt))],
    ...teamRows(answer, Date.now()),
    ...archiveRows(archive, Date.now()),
    ['recording', recordingWords(answer)],
    ...logs.map((log) => [
      'log',
      `${log.kind}, ${log.blocks} blocks, ${log.bytes} bytes, ${log.behind} not yet indexed`,
    ]),
  ]
  for (const source of sources) {
    const reading = source.backfill ? `, reading ${source.backfill.done} of ${source.backfill.total}` : ''
    const watching = source.watching === 'none' ? 'not found' : `watched by ${source.watching}`
    lines.push([
      source.assistant,
      `${source.files} files, ${watching}${reading}: ${source.directories.join(', ')}`,
    ])
  }
  for (const { project, sharing } of projects) if (sharing !== 'private') lines.push([sharing, project])
  for (const [reason, count] of Object.entries(refused)) lines.push(['refused', `${reason}: ${count}`])
  for (const line of table(lines)) context.out(printable(line))
  for (const line of [...teamProblems(answer), ...archiveProblems(archive)]) context.out(printable(line))
  for (const { message, remedy } of sources.flatMap((source) => source.problems)) {
    context.out(printable(`problem: ${message} ${remedy ?? ''}`.trimEnd()))
  }
}

function recordingWords({ node: { pausedUntil }, sources }: Pick<StatusAnswer, 'node' | 'sources'>): string {
  if (sources.length === 0) return 'no, it watches no sessions here'
  if (pausedUntil === null) return 'yes'
  return `paused until ${pausedUntil === 'resume' ? 'vibetea resume' : pausedUntil}`
}
