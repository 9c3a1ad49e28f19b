import type { ActionName, ProjectStatus } from '../../core/api.ts'

/** The three states of a project, in words: what each means, and what a change to it does. */

export type Sharing = ProjectStatus['sharing']

export interface SharingWords {
  sharing: Sharing
  action: Extract<ActionName, 'share' | 'private' | 'exclude'>
  word: string
  /** What it means while it lasts. */
  means: string
}

export const SHARINGS: readonly SharingWords[] = [
  {
    sharing: 'shared',
    action: 'share',
    word: 'Shared',
    means:
      'Recorded, and your team sees it: times, tools, models, file names without folders, tokens, failures, whose turn it is.',
  },
  {
    sharing: 'private',
    action: 'private',
    word: 'Private',
    means: 'Recorded for you alone. Nothing of it leaves.',
  },
  { sharing: 'excluded', action: 'exclude', word: 'Excluded', means: 'Not recorded at all.' },
]

/** What a change does, from now on and to what was before; each a sentence. */
export function consequences(from: Sharing, to: Sharing, hasTeam: boolean): string[] {
  const said: string[] = []
  if (to === 'shared') {
    said.push(
      hasTeam
        ? 'From now on your team sees what happens in it. What happened before stays with you.'
        : 'You have no team, so nothing leaves. It is shared from the moment you join one.',
    )
    if (hasTeam) said.push('What leaves cannot be called back.')
  }
  if (to === 'private') said.push('From now on it is recorded for you alone.')
  if (to === 'excluded') {
    said.push(
      'From now on nothing of it is recorded, and what happens meanwhile never will be, also when you include it again.',
      'What was recorded before stays on this machine.',
    )
  }
  if (from === 'shared' && hasTeam) said.push('Teammates keep what they have.')
  if (from === 'excluded') said.push('What happened while it was excluded stays unrecorded.')
  return said
}
