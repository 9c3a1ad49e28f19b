import type { ArchiveStatus } from '../../core/api.ts'
import { span } from './output.ts'

const number = new Intl.NumberFormat('en')

/** What `vibetea status` says of the archive, as rows of its table; none where the node archives nothing. */
export function archiveRows(archive: ArchiveStatus | null, now: number): string[][] {
  if (!archive) return []
  const { url, behind, sent, inserted, rejected, lastSuccessAt } = archive
  const last =
    lastSuccessAt === null ? 'has taken nothing yet' : `last took events ${ago(lastSuccessAt, now)}`
  const leftOut = Object.entries(rejected).map(([error, count]) => `${number.format(count)} ${error}`)
  const rows = [
    ['archive', url],
    ['', `${stateWords(archive, now)}, ${number.format(behind)} blocks behind, ${last}`],
    ['', `${number.format(sent)} events sent since the start, ${number.format(inserted)} of them new there`],
  ]
  if (leftOut.length > 0) rows.push(['', `left out there: ${leftOut.join(', ')}`])
  return rows
}

/** What is wrong with it. */
export function archiveProblems(archive: ArchiveStatus | null): string[] {
  if (!archive) return []
  const problems = [archive.problem, ...archive.held.map(({ problem }) => problem)]
  return problems.filter((problem) => problem !== null).map((problem) => `problem: ${problem}`)
}

function stateWords({ state, retryAt, behind }: ArchiveStatus, now: number): string {
  const again = retryAt === null ? 'tried again now' : `tried again in ${span(Date.parse(retryAt) - now)}`
  switch (state) {
    case 'idle':
      return behind === 0 ? 'up to date' : 'waiting for its turn'
    case 'sending':
      return 'sending'
    case 'retrying':
      return `failing, ${again}`
    case 'refused':
      return `refusing, ${again}`
  }
}

const ago = (at: string, now: number): string => `${span(now - Date.parse(at))} ago`
