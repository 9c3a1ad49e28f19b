import type { Fields } from '../json-line.ts'
import { isCut, isFields } from '../json-line.ts'

/** What a user record says: what a person asked, that a person stopped the turn, or neither. */
export type Said = { kind: 'prompt'; text: string } | { kind: 'interrupt' } | { kind: 'other' }

const OTHER: Said = { kind: 'other' }
const INTERRUPT = '[Request interrupted by user'

/** What Claude Code itself writes into user records begins with one of these. */
const WRAPPER =
  /^\s*<(?:command-|local-command-|bash-|ide_|task-notification|teammate-message|system-reminder|ci-monitor-event)/

/** Reads a user record. The text of a prompt is cut (see `isCut`) where any of its parts is. */
export function whatWasSaid(fields: Fields, content: unknown): Said {
  if (fields.isSidechain === true || fields.isMeta === true || fields.isCompactSummary === true) return OTHER
  if (isFields(fields.origin) && fields.origin.kind !== undefined && fields.origin.kind !== 'human') {
    return OTHER
  }
  if (typeof content === 'string') return said([content], false)
  if (!Array.isArray(content)) return OTHER
  const texts: string[] = []
  let hasImage = false
  for (const block of content as unknown[]) {
    if (!isFields(block)) continue
    if (block.type === 'tool_result') return OTHER
    if (block.type === 'image' || block.type === 'document') hasImage = true
    if (block.type === 'text' && typeof block.text === 'string') texts.push(block.text)
  }
  return said(texts, hasImage)
}

function said(texts: readonly string[], hasImage: boolean): Said {
  if (texts.some((text) => text.trimStart().startsWith(INTERRUPT))) return { kind: 'interrupt' }
  const own = texts.filter((text) => text.trim() !== '' && !WRAPPER.test(text))
  if (own.length === 0 && !hasImage) return OTHER
  // A cut part in the middle must be noticed as well.
  const cut = texts.find(isCut)
  return { kind: 'prompt', text: cut ?? texts.join('\n') }
}
