import { VibeTeaError } from '../../core/errors.ts'

/** What makes archiving impossible, for the commands that are asked for it. */

/** `no_archive`: there is nowhere to archive to. */
export function noArchive(): VibeTeaError {
  return new VibeTeaError(
    'no_archive',
    'VIBETEA_SUPABASE_URL is not set, so there is nowhere to archive to.',
    "Set it to the address of your project's functions, such as https://<project>.supabase.co/functions/v1.",
  )
}

/** Why a mirror archives nothing, and what to do. */
export const MIRROR_ARCHIVES_NOTHING =
  'A mirror holds the logs encrypted and cannot read them, so it cannot archive them. ' +
  'Use a read-only key for that, in a home of its own (VIBETEA_HOME).'
