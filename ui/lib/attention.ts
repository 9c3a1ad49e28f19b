import type { SessionRow } from '../../core/api.ts'

/** What of one's own work needs its person: said in the tab's title and icon, for a page that is not looked at. */
export interface Attention {
  /** Own sessions that wait for an answer. */
  answers: number
  /** Own sessions that stopped at an error. */
  errors: number
}

const CALM: Attention = { answers: 0, errors: 0 }

/** What the sessions of a source need; nobody can answer for another. */
export function attentionOf(rows: readonly SessionRow[], own: string | undefined): Attention {
  const attention = { ...CALM }
  for (const { source, needs, state, last } of rows) {
    if (source !== own) continue
    if (needs === 'answer') attention.answers++
    else if (state !== 'ended' && last?.eventType === 'error') attention.errors++
  }
  return attention
}

/** `(2) ▲ VibeTea`; `place` is what else is to be said, '' for nothing. */
export function titleOf({ answers, errors }: Attention, place = ''): string {
  return [answers ? `(${answers})` : '', errors ? '▲' : '', place ? `${place} · VibeTea` : 'VibeTea']
    .filter(Boolean)
    .join(' ')
}

const CUP =
  '<rect width="32" height="32" rx="7" fill="#1c1815"/><path d="M6 13h16v5a7 7 0 0 1-7 7h-2a7 7 0 0 1-7-7z" fill="#d98a3a"/><path d="M22 15h2a3 3 0 0 1 0 6h-2.600" fill="none" stroke="#d98a3a" stroke-width="2"/>'
const STEAM =
  '<path d="M11.500 10.500c0-2 2-2 2-4.500M16 10.500c0-2 2-2 2-4.500" fill="none" stroke="#8fc46c" stroke-width="2" stroke-linecap="round"/>'
const DOT = '<circle cx="24" cy="8" r="7" fill="#ffd39a" stroke="#1c1815" stroke-width="2"/>'
const TRIANGLE =
  '<path d="M24 1l7.500 14h-15z" fill="#f5564a" stroke="#1c1815" stroke-width="2" stroke-linejoin="round"/>'

/** The tab's icon as an address: a cup that steams, one with a dot for an answer, one with a triangle for an error. */
export function iconOf({ answers, errors }: Attention): string {
  const sign = errors ? TRIANGLE : answers ? DOT : STEAM
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${CUP}${sign}</svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}
